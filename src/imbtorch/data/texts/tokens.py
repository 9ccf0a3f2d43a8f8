"""Texts as the tokens of a pretrained language model."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from imbtorch.errors import InputError
from imbtorch.extras import extra

PAD = -1
"""What fills the rows of shorter texts; no tokenizer has this number."""
LONGEST = 2**20
"""Tokens of a text at most."""


@dataclass(frozen=True)
class TokenInput:
    """Texts -> numbers of their tokens: int32 (N, L), filled with `PAD` behind the text's end.

    Parameters
    ----------
    tokenizer : str
        The tokenizer as JSON, as the library tokenizers writes it.
    max_length : int
        Tokens of a text, special ones included; what is longer is cut off.
    columns : tuple of str, default=()
        The columns of DATA that were joined, in this order; empty if unknown.

    Notes
    -----
    The tokenizer's own special tokens stand around every text, also where it is cut off. The
    names of special tokens in a text, such as ``[SEP]``, are read as any other characters. A text
    without a token, such as an empty one with a tokenizer that adds none, becomes one special
    token: no row is empty.

    Examples
    --------
    >>> from tokenizers import Tokenizer, models, pre_tokenizers
    >>> words = Tokenizer(models.WordLevel({"so": 0, "it": 1, "goes": 2, "?": 3}, unk_token="?"))
    >>> words.pre_tokenizer = pre_tokenizers.Whitespace()
    >>> TokenInput(words.to_str(), max_length=3).transform(["so it goes on", "goes"]).tolist()
    [[0, 1, 2], [2, -1, -1]]
    """

    tokenizer: str
    max_length: int
    columns: tuple[str, ...] = ()
    kind = "tokens"

    def check(self) -> None:
        """Raise an InputError if the tokenizer cannot be read, or texts have no room."""
        self._loaded()

    def transform(self, rows: Sequence[str]) -> Tensor:
        """Return the texts as an int32 tensor of shape (N, L), L the length of the longest."""
        tokenizer = self._loaded()
        nothing = [_first_special(tokenizer)]
        # one by one: encode_batch keeps much more than the numbers of all texts, and after its
        # threads a fork makes some versions of the library complain
        with _faults():
            encoded = [
                np.array(tokenizer.encode(_valid(text)).ids or nothing, np.int32) for text in rows
            ]
        out = np.full((len(encoded), max(map(len, encoded), default=1)), PAD, np.int32)
        for row, ids in zip(out, encoded, strict=True):
            row[: len(ids)] = ids
        return torch.from_numpy(out)

    def _loaded(self) -> Any:
        with extra("hf", "a language model"):
            from tokenizers import Tokenizer

        with _faults():
            tokenizer = Tokenizer.from_str(self.tokenizer)
        least = tokenizer.num_special_tokens_to_add(is_pair=False) + 1
        if not least <= self.max_length <= LONGEST:
            raise InputError(
                f"max_length is {self.max_length}; with this tokenizer's special tokens, it must "
                f"be from {least} to {LONGEST}"
            )
        tokenizer.no_padding()
        tokenizer.enable_truncation(self.max_length)
        tokenizer.encode_special_tokens = True  # those in a text are no special tokens
        return tokenizer


@contextmanager
def _faults() -> Iterator[None]:
    """Turn what the library raises into an InputError; its panics are no Exceptions."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:
        reason = " ".join(str(error).split())
        raise InputError(f"tokenizer cannot be used: {reason}") from error


def _first_special(tokenizer: Any) -> int:
    added = tokenizer.get_added_tokens_decoder()
    return min((number for number, token in added.items() if token.special), default=0)


def _valid(text: str) -> str:
    """Return the text without halves of surrogate pairs, which are no characters."""
    return text.encode(errors="replace").decode()
