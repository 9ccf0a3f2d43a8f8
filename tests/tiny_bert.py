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
