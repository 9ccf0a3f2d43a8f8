"""What a network takes of a table: its images, its texts, or all other columns."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from imbtorch.data.tables.column_roles import TEXT
from imbtorch.data.tables.table_input import ColumnKind, some_of
from imbtorch.errors import InputError

IMAGE = re.compile(
    r"(.*[_ .-])?(image|img|picture|photo|file|filename|path)([_ .-]?(name|path|file|\d+))*",
    re.IGNORECASE,
)
"""Names of the column of images, where there are several."""
PROSE = 6.0
"""Words a text from which on texts are used rather than the few columns beside them."""
MANY = 3
"""Columns of other kinds beside each text from which on these are used, not the texts."""


@dataclass(frozen=True)
class Columns:
    """The input columns of a table.

    Attributes
    ----------
    kind : str
        image, text, features (numbers without gaps) or table.
    used : tuple of str
        Columns that the network takes: one of images, all of texts, or all others.
    dropped : dict
        Every other column -> why it is not used.
    kinds : dict
        Every column of features or of a table -> how it is read.
    """

    kind: str
    used: tuple[str, ...]
    dropped: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, ColumnKind] = field(default_factory=dict)

    def as_table(self) -> "Columns":
        """Return columns of numbers as a table, which may have gaps; lists of numbers unchanged."""
        return replace(self, kind="table") if self.kinds else self

    def notes(self) -> list[str]:
        """Return what is used, how, and what is not, as sentences."""
        how = {
            "image": "images",
            "features": f"columns of numbers ({len(self.used)})",
            "table": f"columns of a table ({len(self.used)})",
            "text": "texts, joined" if len(self.used) > 1 else "texts",
        }[self.kind]
        named = self._by_kind() if self.kind == "table" and self.kinds else some_of(self.used)
        notes = [f"input, {how}: {named}"]
        reasons: dict[str, list[str]] = {}
        for name, reason in self.dropped.items():
            reasons.setdefault(reason, []).append(name)
        return notes + [f"not used: {some_of(names)} ({why})" for why, names in reasons.items()]

    def _by_kind(self) -> str:
        """Return the columns of a table, by what they hold."""
        words = {"number": "numbers", "category": "categories", "date": "dates"}
        names = {k: [n for n in self.used if self.kinds[n].kind == k] for k in words}
        return "; ".join(f"{words[k]}: {some_of(found)}" for k, found in names.items() if found)


def choose_columns(
    table: Any,
    images: list[str],
    texts: list[str],
    kinds: dict[str, ColumnKind],
    dropped: dict[str, str],
    words: Mapping[str, float],
    asked: bool,
) -> Columns:
    """Choose the kind of input from what was found, and say why the other columns are dropped."""
    several = [names for names in (images, texts, [*kinds]) if names]
    if asked and len(several) > 1:
        of = " and ".join(f"{some_of(names)}" for names in several)
        raise InputError(
            f"columns are of several kinds ({of}); images, texts, or numbers, categories and dates "
            "are taken"
        )
    if len(images) > 1:
        named = [name for name in images if IMAGE.fullmatch(name.strip())]
        if len(named) != 1:
            shown = some_of(images)
            raise InputError(
                f"DATA has several columns of images ({shown}): name one with --columns"
            )
        images = [*named, *(name for name in images if name not in named)]
    lists = [n for n in kinds if kinds[n].kind == "number" and _holds_lists(table.features[n])]
    plain = all(_is_plain(table.features[name]) for name in kinds)
    single = [*kinds.values()] == [ColumnKind("category")] and not plain
    used: Sequence[str] = [*kinds]
    if images:
        kind, used = "image", images[:1]
    elif texts and _are_the_matter(texts, kinds, words):
        kind, used = "text", texts
    elif single and not texts:
        kind = "text"
    elif lists:
        kind, used = "features", [n for n in kinds if _is_plain(table.features[n])]
    elif kinds:
        kind = "features" if plain else "table"
    else:
        raise InputError(
            "DATA has no column of images, texts, numbers, categories or dates besides its label"
            + "".join(f"; {name}: {reason}" for name, reason in [*dropped.items()][:8])
            + (": name the ones to use with --columns" if dropped else "")
        )
    beside = {"image": "images", "text": "texts", "features": "numbers", "table": "other columns"}
    rest = dict.fromkeys(images[1:], "a second image")
    for name in (*texts, *kinds):
        rest.setdefault(name, f"beside {'lists of numbers' if lists else beside[kind]}")
    rest = {name: reason for name, reason in rest.items() if name not in used}
    read = {} if lists or kind in ("image", "text") else kinds
    return Columns(kind, tuple(used), {**dropped, **rest}, read)


def _are_the_matter(
    texts: Sequence[str], kinds: Mapping[str, ColumnKind], words: Mapping[str, float]
) -> bool:
    """Whether texts are used rather than the columns beside them.

    So it is if they are prose and have the name of a text; or if few columns are beside them,
    and they are prose or these are categories.
    """
    prose = [name for name in texts if words[name] >= PROSE]
    if any(TEXT.fullmatch(name.strip()) for name in prose):
        return True
    categories = all(kind == ColumnKind("category") for kind in kinds.values())
    counted = texts if categories else prose
    return not kinds or len(kinds) < MANY * len(counted)


def _is_plain(feature: Any) -> bool:
    """Whether a column is stored as numbers or truth values, or lists of them."""
    dtype = str(getattr(feature, "dtype", ""))
    stored = dtype.startswith(("int", "uint", "float", "bool", "decimal"))
    return (stored and not hasattr(feature, "names")) or _holds_lists(feature)


def _holds_lists(feature: Any) -> bool:
    return isinstance(feature, list) or hasattr(feature, "feature")
