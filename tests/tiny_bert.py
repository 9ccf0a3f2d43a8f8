"""A language model of a few kilobytes, as a folder that transformers reads."""

import string
from pathlib import Path

from tokenizers import Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import WordPiece
from tokenizers.processors import TemplateProcessing

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
WORDS = ("the", "of", "oil", "price", "wheat", "grain", "bank", "rate", "good", "bad", "é")
LETTERS = [*string.ascii_lowercase, *(f"##{c}" for c in string.ascii_lowercase)]
VOCABULARY = [*SPECIAL, *WORDS, *LETTERS, *".,[]!"]
VOCABULARY += [f"word{i}" for i in range(200 - len(VOCABULARY))]


def tokenizer() -> Tokenizer:
    """Return a tokenizer like BERT's, with a vocabulary of 200."""
    made = Tokenizer(WordPiece({w: i for i, w in enumerate(VOCABULARY)}, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(strip_accents=False)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.add_special_tokens([*SPECIAL])
    ends = [(name, VOCABULARY.index(name)) for name in ("[CLS]", "[SEP]")]
    made.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=ends
    )
    return made


def tokenizer_folder(folder: Path) -> Path:
    """Write the tokenizer as transformers reads it; return the folder."""
    from transformers import PreTrainedTokenizerFast

    named = {f"{name[1:-1].lower()}_token": name for name in SPECIAL}
    made = PreTrainedTokenizerFast(tokenizer_object=tokenizer(), model_max_length=40, **named)
    made.save_pretrained(folder)
    return folder


def bert_folder(folder: Path, seed: int = 0) -> str:
    """Write a BERT of 2 layers and hidden size 32, with its tokenizer; return its name."""
    import torch

    from imbtorch.models.backbones.hf import import_transformers

    transformers = import_transformers()
    config = transformers.BertConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=40,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        transformers.BertModel(config).save_pretrained(folder)
    return f"hf:{tokenizer_folder(folder)}"
