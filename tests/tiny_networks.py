"""Networks of transformers of a few kilobytes, stored as the library stores them."""

import torch

from imbtorch.models import build_model
from imbtorch.models.backbones import open_backbone
from imbtorch.models.backbones.hf import _quietly
from imbtorch.models.backbones.hf_config import import_transformers
from tiny_bert import VOCABULARY, tokenizer_folder

TEXTS = ["good oil", "the price of wheat is bad", ""]


def store(folder, network):
    """Store a network of transformers in a folder; return its name."""
    with _quietly(import_transformers()):
        network.save_pretrained(folder)
    return f"hf:{folder}"


def bert(folder, kind="BertModel", **changes):
    """Store a small BERT with its tokenizer; return its name."""
    transformers = import_transformers()
    tokenizer_folder(folder)
    sizes = {"hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2}
    rest = {"intermediate_size": 16, "max_position_embeddings": 32, **changes}
    torch.manual_seed(3)
    config = transformers.BertConfig(vocab_size=len(VOCABULARY), **sizes, **rest)
    return store(folder, getattr(transformers, kind)(config))


def gpt2(folder):
    """Store a small GPT-2, whose head shares its weight with the embeddings of tokens."""
    transformers = import_transformers()
    tokenizer_folder(folder)
    sizes = {"n_embd": 8, "n_layer": 1, "n_head": 2, "n_positions": 32}
    ends = {"bos_token_id": 2, "eos_token_id": 3}
    torch.manual_seed(3)
    config = transformers.GPT2Config(vocab_size=len(VOCABULARY), **sizes, **ends)
    return store(folder, transformers.GPT2LMHeadModel(config))


def vit_config():
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2}
    return import_transformers().ViTConfig(
        **sizes, intermediate_size=16, image_size=16, patch_size=8, num_labels=4
    )


def vit(folder, **processing):
    """Store a small image classifier with four classes and its image processor."""
    transformers = import_transformers()
    values = {"size": {"height": 16, "width": 16}, "image_mean": [0.4, 0.5, 0.6]}
    transformers.ViTImageProcessor(
        **{**values, "image_std": [0.2, 0.25, 0.5], "resample": 3, **processing}
    ).save_pretrained(folder)
    torch.manual_seed(3)
    return store(folder, transformers.ViTForImageClassification(vit_config()))


def opened(name, **options):
    """Return a network for three classes, in evaluation mode, and its texts' tokens."""
    takes = open_backbone(name).takes
    model = build_model(name, (takes.max_length,), 3, **options).eval()
    return model, takes.transform(TEXTS)


def reference(name, text, kind="AutoModel"):
    """Return what transformers itself makes of one text, without any padding."""
    transformers = import_transformers()
    folder = name.removeprefix("hf:")
    network = getattr(transformers, kind).from_pretrained(folder).eval()
    ids = transformers.AutoTokenizer.from_pretrained(folder)(text, return_tensors="pt").input_ids
    return network(input_ids=ids).last_hidden_state[0]
