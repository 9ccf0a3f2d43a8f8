"""A published table as data: rows, columns and figures, read from a TOML file."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.resources import files
from typing import Any

from imbtorch.errors import InputError, unknown_name
from imbtorch.reproduction.measures import measure

Figure = float | Sequence[float]
"""Published mean, or mean and standard deviation, in percent."""


@dataclass(frozen=True)
class Row:
    """A row of a table: one method, or a group of classes.

    Parameters
    ----------
    recipe : str, optional
        Its recipe, unless its headings name theirs; without one, only the published figures are
        shown.
    other : mapping of str to str
        Measure -> the recipe that this measure is taken from instead.
    tune : mapping of str to sequence
        Option -> candidate values; the best combination is chosen on a validation split.
    classes : str, default=""
        The classes that count, minority, majority or the number of one; by default all.
    column : str, optional
        The column that its runs are taken from, if the table shows the columns together.
    """

    recipe: str | None = None
    other: Mapping[str, str] = field(default_factory=dict)
    tune: Mapping[str, Sequence[float]] = field(default_factory=dict)
    classes: str = ""
    column: str | None = None


@dataclass(frozen=True)
class Heading:
    """A heading of a table: one figure of a run.

    Parameters
    ----------
    figure : str
        Which figure, see `measure`.
    recipe, column : str, optional
        The recipe and the column of the run, unless the row names them.
    """

    figure: str
    recipe: str | None = None
    column: str | None = None

    def __call__(self, run: Mapping[str, Any], classes: str = "") -> float:
        """Return the figure of a result row, of all classes or of these, see `measure`."""
        return measure(f"{classes} {self.figure}".strip())(run)


@dataclass(frozen=True)
class PaperTable:
    """A published table.

    Parameters
    ----------
    name : str
        Name on the command line.
    title : str
        Title, which names the paper and the table.
    note : str
        What a reader should know: how the setup differs from the paper's.
    rows : mapping of str to Row
        The methods.
    columns : mapping of str to mapping
        Title of a data set -> options of `make_task`, or of the task that ``task`` names.
    measures : mapping of str to Heading
        Title -> the heading, which returns a run's figure.
    published : mapping
        Section -> row -> one figure per measure; the last ones can be missing.
    claims : mapping of str to sequence of str
        Row -> the rows that it is above, according to the paper.
    claimed : str
        The measure that the claims refer to.
    data_seeds : bool, default=False
        Whether the data is redrawn for each training seed.
    data_seed : int, default=0
        Data seed, that of training seed 0 if the data is redrawn.
    seeds : int, default=3
        Number of training seeds, unless asked for another.
    together : str, optional
        Title of the one section that shows all columns; by default each column is a section.
    also : sequence of str, default=()
        Recipes to run as well: of a table that shares its runs with this one, and their start.
    """

    name: str
    title: str
    note: str
    rows: Mapping[str, Row]
    columns: Mapping[str, Mapping[str, Any]]
    measures: Mapping[str, Heading]
    published: Mapping[str, Mapping[str, Sequence[Figure]]]
    claims: Mapping[str, Sequence[str]]
    claimed: str
    data_seeds: bool = False
    data_seed: int = 0
    seeds: int = 3
    together: str | None = None
    also: Sequence[str] = ()

    @property
    def sections(self) -> list[str]:
        """The titles of the parts in which the table is shown."""
        return list(self.columns) if self.together is None else [self.together]

    def grids(self, seeds: int) -> list[tuple[int, list[int]]]:
        """Return each data seed with its training seeds.

        Examples
        --------
        >>> load_table("dos-1").grids(2), load_table("dos-3").grids(2)
        ([(24, [0, 1])], [(24, [0]), (25, [1])])
        """
        if self.data_seeds:
            return [(self.data_seed + seed, [seed]) for seed in range(seeds)]
        return [(self.data_seed, list(range(seeds)))]

    @cached_property
    def recipes(self) -> list[str]:
        """All recipes of rows that are not tuned, without duplicates."""
        found = [
            recipe
            for row in self.rows.values()
            for recipe in ([] if row.tune else [row.recipe, *row.other.values()])
        ]
        found += [*(heading.recipe for heading in self.measures.values()), *self.also]
        return list(dict.fromkeys(recipe for recipe in found if recipe is not None))

    def only(self, part: str) -> "PaperTable":
        """Return the table with only the column `part`, or else those whose titles contain it."""
        return replace(self, columns=chosen_columns(self.columns, part))


def chosen_columns(
    columns: Mapping[str, Mapping[str, Any]], part: str
) -> dict[str, Mapping[str, Any]]:
    """Return only the column `part`, or else those whose titles contain it."""
    found = [part] if part in columns else [c for c in columns if part in c]
    if not found:
        raise InputError(
            f"columns is {part!r}, which no title contains; they are {'; '.join(columns)}"
        )
    return {title: columns[title] for title in found}


def table_names() -> list[str]:
    """Return the names of all tables, sorted."""
    folder = files("imbtorch.reproduction") / "tables"
    return sorted(p.name.removesuffix(".toml") for p in folder.iterdir() if ".toml" in p.name)


def load_table(name: str) -> PaperTable:
    """Return a published table by name.

    Raises
    ------
    InputError
        If there is no such table (the nearest name is suggested).

    Examples
    --------
    >>> table = load_table("aos-1")
    >>> table.title, table.recipes
    ('AOS Table 1', ['erm', 'ros', 'aos:epsilon=0.007'])
    """
    if name not in table_names():
        raise unknown_name("table", name, table_names())
    path = files("imbtorch.reproduction") / "tables" / f"{name}.toml"
    values = tomllib.loads(path.read_text())
    rows = {
        title: Row(row) if isinstance(row, str) else Row(**row)
        for title, row in values.pop("rows").items()
    }
    measures = {
        title: Heading(heading) if isinstance(heading, str) else Heading(**heading)
        for title, heading in values.pop("measures").items()
    }
    return PaperTable(name, rows=rows, measures=measures, **values)
