"""Networks of a few thousand parameters in the form in which libraries store them."""

import torch

from imbtorch.models.backbones.hf import import_transformers

WORDS = ["the", "a", "film", "was", "good", "bad", "long", "short", "very", "not", "book", "plot"]


def tokenizer(folder, model_max_length=16):
    """Store a tokenizer of whole words with [CLS] and [SEP]; return it."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from tokenizers.processors import TemplateProcessing

    transformers = import_transformers()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    numbers = {word: i for i, word in enumerate([*special, *WORDS])}
    fast = Tokenizer(WordLevel(numbers, unk_token="[UNK]"))
    fast.pre_tokenizer = Whitespace()
    fast.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    made = transformers.PreTrainedTokenizerFast(
        tokenizer_object=fast,
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        unk_token="[UNK]",
        model_max_length=model_max_length,
    )
    made.save_pretrained(folder)
    return made


def bert_config(**changes):
    return import_transformers().BertConfig(
        **{
            "vocab_size": 4 + len(WORDS),
            "hidden_size": 8,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "intermediate_size": 16,
            "max_position_embeddings": 32,
            **changes,
        }
    )


def store(folder, network):
    """Store a network of transformers in a folder."""
    network.save_pretrained(folder)
    return f"hf:{folder}"


def bert(folder, kind="BertModel", **changes):
    """Store a small BERT with its tokenizer; return its name."""
    tokenizer(folder)
    torch.manual_seed(3)
    return store(folder, getattr(import_transformers(), kind)(bert_config(**changes)))


def vit_config():
    return import_transformers().ViTConfig(
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        image_size=16,
        patch_size=8,
        num_labels=4,
    )


def vit(folder):
    """Store a small image classifier with four classes and its image processor."""
    transformers = import_transformers()
    transformers.ViTImageProcessor(
        size={"height": 16, "width": 16}, image_mean=[0.4, 0.5, 0.6], image_std=[0.2, 0.25, 0.5]
    ).save_pretrained(folder)
    torch.manual_seed(3)
    return store(folder, transformers.ViTForImageClassification(vit_config()))
