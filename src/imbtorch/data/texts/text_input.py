"""Texts as counts of their words, or of their characters where the script has no spaces."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from imbtorch.errors import InputError

TEXT_NORM = 3.0
"""L2 norm of the texts in DATA; chosen from 1, 3 and 6 on a fifth of Reuters' training set."""
LOOKED_AT = 2_000
"""Texts that are looked at to find out whether their script has spaces."""
NO_SPACES = re.compile(
    "[\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
    "|[\U00020000-\U0003ffff]"
)
"""Thai, Lao, Tibetan, Burmese, Khmer, Japanese and Chinese characters."""
LETTER = re.compile(r"[^\W\d_]")
MARKS = "\u200c\u200d" + "".join(
    chr(code) for code in range(0x300, 0x20000) if unicodedata.category(chr(code)) in ("Mn", "Mc")
)
"""Vowel signs and accents, which belong to the letter before them, and joiners."""
WORD = rf"{NO_SPACES.pattern}|(?:(?!{NO_SPACES.pattern})\w[{MARKS}]*){{2,}}|\w[{MARKS}]+"
"""A word of at least two letters, or one with its vowel sign; of a script without spaces, each
character by itself. In a text without either, the same as scikit-learn's pattern."""
_ANY_WORD = re.compile(rf"[A-Za-z0-9_]{{2,}}(?![\w{MARKS}])|{WORD}")  # most words, sooner
_LATIN_WORD = re.compile(r"\w{2,}")
LONG = 20
"""Mean characters of a word from which on texts of single words are read by characters."""


@dataclass(frozen=True)
class TextInput:
    """Texts -> log-scaled counts of words, normalized per text: float32 (N, words).

    Parameters
    ----------
    vocabulary : tuple of str
        The words (or characters) to count, in column order.
    norm : float, default=1.0
        L2 norm of each text.
    analyzer : str, default="word"
        What is counted: ``word``, or ``char``: single characters and pairs of them.
    columns : tuple of str, default=()
        The columns of DATA that were joined, in this order; empty if unknown.

    References
    ----------
    AMO (ICLR 2020 submission), section 3.3 (Reuters): the 1,000 most frequent words, counts
    normalized. With norm 1, a two-layer network learns too little from them in the paper's 15
    epochs; DATA is read with `TEXT_NORM`.

    Examples
    --------
    >>> TextInput.fit(["so it goes", "goes"]).vocabulary, TextInput.fit(["\u4f60\u597d"]).analyzer
    (('goes',), 'char')
    """

    vocabulary: tuple[str, ...]
    norm: float = 1.0
    analyzer: str = "word"
    columns: tuple[str, ...] = ()
    kind = "text"

    @classmethod
    def fit(
        cls,
        rows: Sequence[str],
        words: int = 1000,
        norm: float = 1.0,
        columns: tuple[str, ...] = (),
    ) -> "TextInput":
        """Take the `words` most frequent words of the texts, without English stop words.

        If at least three in ten letters belong to a script without spaces, or each text is one
        long word, characters and pairs of characters are counted instead.
        """
        from sklearn.feature_extraction.text import CountVectorizer

        step = max(1, len(rows) // LOOKED_AT)
        seen = "".join(rows[i] for i in range(0, len(rows), step))
        spaceless = 10 * len(NO_SPACES.findall(seen)) >= 3 * max(1, len(LETTER.findall(seen)))
        words_seen = [word for i in range(0, len(rows), step) for word in rows[i].split()]
        spaceless |= len(words_seen) <= len(range(0, len(rows), step)) and (
            sum(map(len, words_seen)) >= LONG * max(1, len(words_seen))
        )
        analyzer = "char" if spaceless else "word"
        made = cls((), norm, analyzer, columns)
        counter = CountVectorizer(
            max_features=words, stop_words=None if spaceless else "english", **made._options()
        )
        try:
            counter.fit(map(_composed, rows))
        except ValueError as error:
            raise InputError(f"DATA holds texts without a usable word: {error}") from error
        return cls(tuple(counter.get_feature_names_out()), norm, analyzer, columns)

    def transform(self, rows: Sequence[str]) -> Tensor:
        """Return the texts as a float32 tensor of shape (N, words), each row of L2 norm `norm`."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        counter = TfidfVectorizer(
            vocabulary=self.vocabulary, sublinear_tf=True, use_idf=False, **self._options()
        )
        counts = counter.fit_transform(map(_composed, rows)).toarray().astype(np.float32)
        return torch.from_numpy(np.float32(self.norm) * counts)

    def _options(self) -> dict[str, Any]:
        if self.analyzer == "char":
            return {"analyzer": "char", "ngram_range": (1, 2)}
        return {"tokenizer": words_of, "token_pattern": None}


def words_of(text: str) -> list[str]:
    """Return the words of a text, see `WORD`.

    Examples
    --------
    >>> words_of("So it goes, a \u4f60\u597d")
    ['So', 'it', 'goes', '\u4f60', '\u597d']
    """
    latin = max(text, default="") < "\u0300"  # neither marks nor a script without spaces
    return (_LATIN_WORD if latin else _ANY_WORD).findall(text)


def _composed(text: str) -> str:
    """Return a text with each accented letter as one character, however it was typed."""
    return unicodedata.normalize("NFC", text)
