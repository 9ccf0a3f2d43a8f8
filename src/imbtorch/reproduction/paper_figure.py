"""A published figure as data: runs and how they are drawn, read from a TOML file."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

from imbtorch.errors import unknown_name
from imbtorch.reproduction.paper_table import PaperTable, Row, chosen_columns


@dataclass(frozen=True)
class PaperFigure:
    """A published figure.

    Parameters
    ----------
    name : str
        Name on the command line.
    title : str
        Title, which names the paper and the figure.
    drawing : str
        How it is drawn: a name of `DRAWINGS`.
    claim : str
        What the paper says of it.
    note : str
        What a reader should know: how the setup differs from the paper's.
    panels : mapping of str to mapping of str to str
        Title of a picture -> label -> recipe.
    columns : mapping of str to mapping
        Title of a data set -> options, as of a table; ``panels`` names the pictures that are drawn
        of it, by default all.
    pair : sequence of int, default=()
        The two classes that are shown, of a drawing of two.
    axis : str, default=""
        What the last word of a label counts, of a drawing against a number.
    measures : sequence of str, default=()
        The metrics that are drawn against it.
    seeds : int, default=3
        Number of training seeds, unless asked for another.
    """

    name: str
    title: str
    drawing: str
    claim: str
    note: str
    panels: Mapping[str, Mapping[str, str]]
    columns: Mapping[str, Mapping[str, Any]]
    pair: Sequence[int] = ()
    axis: str = ""
    measures: Sequence[str] = ()
    seeds: int = 3

    def panels_of(self, column: str) -> dict[str, Mapping[str, str]]:
        """Return the pictures that are drawn of a data set: title -> label -> recipe."""
        return {p: self.panels[p] for p in self.columns[column].get("panels", self.panels)}

    @property
    def tables(self) -> dict[str, PaperTable]:
        """The runs of each data set, as a table of one column that has no measures."""
        found = {}
        for title, options in self.columns.items():
            recipes = {r for panel in self.panels_of(title).values() for r in panel.values()}
            rows = {recipe: Row(recipe) for recipe in sorted(recipes)}
            column = {title: {k: v for k, v in options.items() if k != "panels"}}
            found[title] = PaperTable(
                self.name, self.title, self.note, rows, column, {}, {}, {}, "", seeds=self.seeds
            )
        return found

    def only(self, part: str) -> "PaperFigure":
        """Return the figure with only the column `part`, or those whose titles contain it."""
        return replace(self, columns=chosen_columns(self.columns, part))


def figure_names() -> list[str]:
    """Return the names of all figures, sorted."""
    folder = files("imbtorch.reproduction") / "figures"
    return sorted(p.name.removesuffix(".toml") for p in folder.iterdir() if ".toml" in p.name)


def load_figure(name: str) -> PaperFigure:
    """Return a published figure by name.

    Raises
    ------
    InputError
        If there is no such figure (the nearest name is suggested).

    Examples
    --------
    >>> figure = load_figure("m2m-figure-9")
    >>> figure.drawing, figure.panels["methods"]["M2m"]
    ('false_positives', 'm2m')
    """
    if name not in figure_names():
        raise unknown_name("figure", name, figure_names())
    path = files("imbtorch.reproduction") / "figures" / f"{name}.toml"
    return PaperFigure(name, **tomllib.loads(path.read_text()))
