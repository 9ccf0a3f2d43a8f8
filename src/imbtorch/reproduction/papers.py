"""Every table and figure of the five papers: what makes it here, or why nothing does."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files


@dataclass(frozen=True)
class Entry:
    """A numbered table or figure of a paper.

    Parameters
    ----------
    names : sequence of str
        Names on the command line of what makes it.
    why : str, default=""
        The reason, if there are none.
    """

    names: Sequence[str]
    why: str = ""


@dataclass(frozen=True)
class Paper:
    """A paper and everything in it that has a number.

    Parameters
    ----------
    title : str
        Title, with where it appeared.
    tables, figures : mapping of int to Entry
        Number -> what makes it.
    more : sequence of str, default=()
        Names on the command line of what belongs to it and has no number.
    text : str, default=""
        Name of the file with its text; empty if it is no paper.
    """

    title: str
    tables: Mapping[int, Entry] = field(default_factory=dict)
    figures: Mapping[int, Entry] = field(default_factory=dict)
    more: Sequence[str] = ()
    text: str = ""

    @property
    def names(self) -> list[str]:
        """All names on the command line, each once."""
        entries = [*self.tables.values(), *self.figures.values()]
        return list(dict.fromkeys([*(name for one in entries for name in one.names), *self.more]))

    @property
    def not_run(self) -> list[tuple[str, str]]:
        """What nothing is run for: (name, reason)."""
        kinds = {"Table": self.tables, "Figure": self.figures}
        return [
            (f"{kind} {number}", entry.why)
            for kind, entries in kinds.items()
            for number, entry in entries.items()
            if entry.why
        ]


def load_papers() -> dict[str, Paper]:
    """Return the papers by name; the last, ``own``, is what this library adds.

    Examples
    --------
    >>> papers = load_papers()
    >>> papers["eos"].figures[3].names, papers["dos"].not_run[0]
    (['eos-figure-3'], ('Table 4', 'a list of data sets and networks'))
    """
    text = (files("imbtorch.reproduction") / "papers.toml").read_text()
    papers = {}
    for name, values in tomllib.loads(text).items():
        tables, figures = (_entries(values.pop(kind, {})) for kind in ("tables", "figures"))
        papers[name] = Paper(**values, tables=tables, figures=figures)
    return papers


def _entries(values: Mapping[str, str | list[str] | dict[str, str]]) -> dict[int, Entry]:
    entries = {}
    for number, value in values.items():
        if isinstance(value, dict):
            entries[int(number)] = Entry([], value["why"])
        else:
            entries[int(number)] = Entry([value] if isinstance(value, str) else value)
    return entries
