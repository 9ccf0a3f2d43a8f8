"""List the papers' tables and figures: which runs are stored, and how long the rest would take."""

import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from imbtorch.comparison.result_file import read_rows
from imbtorch.data.profiles.profile import Profile
from imbtorch.extras import extra
from imbtorch.files import unseal
from imbtorch.reproduction.paper_figure import figure_names, load_figure
from imbtorch.reproduction.paper_table import PaperTable, load_table
from imbtorch.reproduction.papers import load_papers

with extra("cli"):
    from rich.console import Console
    from rich.table import Table


def print_overview(root: Path) -> None:
    """Print every table and figure of the papers: its title, stored and total runs, and more.

    That is a time estimate for the rest, or why nothing is run for it.
    """
    shown = Table("name", "title", "runs stored", "time for the rest", box=None)
    stored, listed = _stored(root / "runs"), list[str]()
    for paper in load_papers().values():
        for name in paper.names:
            if name not in listed:
                shown.add_row(name, *_row(name, root, stored))
        listed += paper.names
        for number, why in paper.not_run:
            shown.add_row("-", f"{paper.title.split()[0]} {number}: {why}", "-", "")
    Console(width=120).print(shown)
    Console().print(
        "Each one's own number of seeds, one process. The time is that of as many runs as are "
        "missing, at the mean of the stored ones. A table without any says how long it takes when "
        "it starts."
    )


def _row(name: str, root: Path, stored: list[dict[str, Any]]) -> tuple[str, str, str]:
    """Return the title of a table or figure, its stored and total runs, and time for the rest."""
    if name in figure_names():
        figure = load_figure(name)
        title, kind, tables = figure.title, "figure", list(figure.tables.values())
    else:
        title, kind, tables = load_table(name).title, "table", [load_table(name)]
    counted = [t for t in tables if not any("task" in column for column in t.columns.values())]
    cells = [cell for table in counted for cell in _cells(table)]
    if not cells:
        path = root / name / f"{kind}.md"
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        shown = [f"\n## {column}" in text for table in tables for column in table.columns]
        if kind == "table" and not ("not run" not in text and all(shown)):
            return title, "a part" if any(shown) else "-", "minutes"
        return title, *(("all", "") if text else ("-", "minutes"))
    done = [_seconds(stored, *cell) for cell in cells]
    took = [seconds for seconds in done if seconds is not None]
    missing = len(cells) - len(took)
    rest = _words(missing * sum(took) / len(took)) if took and missing else ""
    return title, f"{len(took)} / {len(cells)}", rest


def _words(seconds: float) -> str:
    return f"{seconds / 3600:.1f} h" if seconds > 3600 else f"{seconds / 60:.0f} min"


def _cells(table: PaperTable) -> Iterator[tuple[Mapping[str, Any], str, int, int]]:
    """Yield the options, recipe, training seed and data seed of every run of a table."""
    for options in table.columns.values():
        for name in table.recipes:
            for data_seed, seeds in table.grids(table.seeds):
                for seed in seeds:
                    # the name as results have it, which leaves a plain start out
                    yield options, name.removeprefix("erm+"), seed, data_seed


def _stored(folder: Path) -> list[dict[str, Any]]:
    """Return the experiment and the runs of every task that has stored runs."""
    found = []
    for label in sorted(folder.glob("*/experiment.json")):
        try:
            experiment = unseal(label.read_bytes())
        except ValueError as error:  # the next run of the task writes it again
            warnings.warn(f"{str(label)!r} is damaged and left out: {error}", stacklevel=2)
            continue
        rows = read_rows(label.with_name("results.jsonl"))
        runs = {(row["recipe"]["name"], row["seed"]): row.get("seconds", 0.0) for row in rows}
        found.append({"experiment": experiment, "runs": runs})
    return found


def _seconds(
    stored: list[dict[str, Any]], options: Mapping[str, Any], recipe: str, seed: int, data_seed: int
) -> float | None:
    """Return how long a stored run took, as far as can be told without loading the data.

    None if it is not stored.
    """
    for task in stored:
        experiment = task["experiment"]
        data = experiment["data"]
        profile = Profile.from_json(data["profile"])
        expected = Profile.parse(options["profile"], options.get("ratio", profile.ratio))
        if (
            data["name"] == options["data"]
            and data["data_seed"] == data_seed
            and not data["parts"]
            and (experiment["model"], experiment["epochs"]) == (options["model"], options["epochs"])
            and (experiment["precision"], experiment["augment"]) == ("32-true", options["augment"])
            and profile == expected
            and (recipe, seed) in task["runs"]
        ):
            return float(task["runs"][recipe, seed])
    return None
