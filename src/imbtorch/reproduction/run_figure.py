"""Run what a published figure needs, and draw it."""

import csv
import io
import re
from pathlib import Path
from typing import Any

from imbtorch.comparison.kept import stored
from imbtorch.comparison.report.canvas import drawable
from imbtorch.comparison.report.failures import failure_lines
from imbtorch.comparison.report.images import save_figure
from imbtorch.errors import InputError
from imbtorch.extras import extra
from imbtorch.files import write_atomically
from imbtorch.printable import in_csv, in_markdown, plural
from imbtorch.reproduction.drawings import DRAWINGS, Panel, drawn_numbers
from imbtorch.reproduction.page import write_page
from imbtorch.reproduction.paper_figure import PaperFigure
from imbtorch.reproduction.paper_table import PaperTable
from imbtorch.reproduction.run_column import Column, Options, task_of
from imbtorch.reproduction.run_table import gather
from imbtorch.reproduction.training_embeddings import KIND

with extra("cli"):
    from rich.console import Console

FEW = 12
"""Most places on the horizontal axis for which the page shows the numbers."""


def run_figure(figure: PaperFigure, root: Path, options: Options) -> int:
    """Run what is not yet stored of a figure's runs, draw it, and write its numbers.

    Parameters
    ----------
    figure : PaperFigure
        Figure to draw; its folder inside `root` has its name (plus -quick at quick scale), with a
        PNG and a CSV file for each picture, and the page that shows them, ``figure.html``.
    root : Path
        Runs go to ``runs/`` inside it, where tables and other figures find them.
    options : Options
        How to run it.

    Returns
    -------
    int
        Number of runs that failed; they are listed below the pictures.

    Raises
    ------
    InputError
        If no column's data is available, or every run failed.
    """
    found: dict[str, Column | InputError] = {}
    for table in figure.tables.values():
        found |= gather(table, root, options) if table.recipes else _described(table, options)
    absent = [one for one in found.values() if isinstance(one, InputError)]
    if len(absent) == len(found):
        raise absent[0]
    columns = {t: one for t, one in found.items() if not isinstance(one, InputError)}
    failures = [failure for one in columns.values() for failure in one.failures]
    if failures and not any(rows for one in columns.values() for rows in one.runs.values()):
        raise InputError(f"every run failed: {failure_lines(failures)[0]}")
    quick = " (quick scale: only to check that it runs)" if options.quick else ""
    changed = ", ".join(f"{name} {value}" for name, value in options.task.items())
    note = f"{figure.note} Changed from the figure's setup: {changed}." if changed else figure.note
    text = f"# {figure.title}{quick}\n\nThe paper: {figure.claim}\n\n{note}\n"
    folder = root / (f"{figure.name}-quick" if options.quick else figure.name)
    said: list[str] = [f"{t}: left out, {e}" for t, e in found.items() if isinstance(e, InputError)]
    for title, column in columns.items():
        for name, labels in figure.panels_of(title).items():
            shown = title if len(figure.panels) == 1 else f"{title}, {name}"
            part, why = _draw(panel_of(figure, column, labels), folder, shown)
            text += f"\n## {in_markdown(shown)}\n\n{part}"
            said += [f"{shown}: {line}" for line in why]
        said += [f"{title}, {line}" for line in failure_lines(column.failures)]
    if said:
        text += "\nNot drawn:\n\n- " + "\n- ".join(map(in_markdown, said)) + "\n"
    Console().print(*said, folder / "figure.html", sep="\n", markup=False, emoji=False)
    write_page(folder, text, f"reproduce {figure.name}{options.words}", "figure")
    return len(failures)


def _described(table: PaperTable, options: Options) -> dict[str, Column | InputError]:
    """Return what is known of the data of a table without runs, or why it is not there."""
    found: dict[str, Column | InputError] = {}
    for title, asked in table.columns.items():
        try:
            data = task_of({**asked, **options.task}).identity()["data"]
            found[title] = Column({}, {}, [], data, Path())
        except InputError as error:
            found[title] = error
    return found


def panel_of(figure: PaperFigure, column: Column, labels: Any) -> Panel:
    """Return what a picture is drawn from: the runs of its recipes, under their labels."""
    classes = [drawable(name) for name in column.data["classes"]]
    data = {**column.data, "classes": classes}
    rows: list[dict[str, Any]] = []
    kinds: dict[str, dict[str, Any]] = {KIND: {}, "examples": {}}
    for label, recipe in labels.items():
        for run in column.runs[recipe]:
            renamed = {**run["recipe"], "name": drawable(label)}
            rows.append({**run, "recipe": renamed, "data": data})
        for kind, arrays in kinds.items():
            name = next((run["recipe"]["name"] for run in column.runs[recipe]), recipe)
            kept = stored(column.folder, [name], kind)
            arrays |= {drawable(label): one for one in kept.values()}
    return Panel(figure, data, rows, kinds[KIND], kinds["examples"])


def _draw(panel: Panel, folder: Path, name: str) -> tuple[str, list[str]]:
    """Draw a picture, store it and its numbers; return its Markdown, and what is missing."""
    labels = {row["recipe"]["name"] for row in panel.rows}
    kept = {"tsne": panel.training, "boundary": panel.training, "examples": panel.examples}
    lost = sorted(labels - set(kept.get(panel.figure.drawing, labels)))
    none = "no translation was accepted, or " if panel.figure.drawing == "examples" else ""
    why = [
        f"{label}: {none}what it is drawn from was not kept with its run; to train it again, "
        "remove its line from results.jsonl and run the command again"
        for label in lost
    ]
    empty = not panel.rows and panel.figure.drawing != "sizes"
    picture = None if empty else DRAWINGS[panel.figure.drawing](panel)
    if picture is None:
        return "Not drawn.\n", why or ["no run has what it is drawn from"]
    folder.mkdir(parents=True, exist_ok=True)
    stem = re.sub(r"\W+", "-", name.lower()).strip("-")
    save_figure(picture, folder / f"{stem}.png")
    seeds = len({row["seed"] for row in panel.rows})
    text = f"![{in_markdown(name)}]({stem}.png)\n"
    text += f"\n{plural(seeds, 'seed')}.\n" if seeds else ""
    if numbers := drawn_numbers(picture):
        write_atomically(folder / f"{stem}.csv", _as_csv(numbers).encode())
        text += f"\n{_as_table(numbers)}" if len({p for _, p, _ in numbers}) <= FEW else ""
        text += f"\nThe numbers: [{stem}.csv]({stem}.csv).\n"
    return text, why


def _as_csv(numbers: list[tuple[str, str, float]]) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["line", "at", "value"])
    writer.writerows([in_csv(name), in_csv(place), f"{v:.6g}"] for name, place, v in numbers)
    return file.getvalue()


def _as_table(numbers: list[tuple[str, str, float]]) -> str:
    """Return numbers as a Markdown table, a line of the picture a row."""
    places = list(dict.fromkeys(place for _, place, _ in numbers))
    names = list(dict.fromkeys(name for name, _, _ in numbers))
    values = {(name, place): f"{value:.4g}" for name, place, value in numbers}
    lines = [" | ".join(["line", *map(in_markdown, places)]), "|".join(["---"] * (len(places) + 1))]
    lines += [
        " | ".join([in_markdown(name), *(values.get((name, place), "") for place in places)])
        for name in names
    ]
    return "\n".join(lines) + "\n"
