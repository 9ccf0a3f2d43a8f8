"""The table of a comparison in all its forms: in the folder, and on the terminal."""

from collections.abc import Sequence
from pathlib import Path

from imbtorch.comparison.report.failures import Failure
from imbtorch.comparison.report.results import ranked
from imbtorch.comparison.report.summary import embedding_line, summarize
from imbtorch.comparison.report.table import markdown_table, print_table
from imbtorch.comparison.report.table_forms import csv_table, latex_table
from imbtorch.comparison.report.words import fewer_line, runs_words
from imbtorch.comparison.result_file import Row
from imbtorch.comparison.verdict.judge import judge
from imbtorch.data.profiles.class_groups import SHOTS
from imbtorch.extras import extra
from imbtorch.files import write_atomically

with extra("cli"):
    from rich.console import Console


def show_tables(
    folder: Path,
    rows: Sequence[Row],
    *,
    shots: tuple[int, int] = SHOTS,
    failures: Sequence[Failure] = (),
    console: Console | None = None,
    wide: bool = False,
    latex: bool = False,
    comma: bool = False,
) -> None:
    """Write ``table.md``, ``table.tex`` and ``table.csv`` into a folder, and print the table.

    Parameters
    ----------
    folder : Path
        Folder of the comparison.
    rows : sequence of mapping
        Result rows as stored; at least one, all of the same task.
    shots, failures, console, wide
        See `summarize` and `print_table`.
    latex, comma : bool, default=False
        Whether to print the table as LaTeX or as CSV instead.
    """
    verdicts = judge(rows, folder=folder)
    summaries, base = summarize(rows, shots=shots, verdicts=verdicts), verdicts.baseline
    if verdicts.measure.decided:  # otherwise they are in the order in which they were named
        summaries = ranked(summaries)
    seeds = len({row["seed"] for row in rows})
    over = "mean" if seeds == 1 else "mean ± std"
    units = "percent; cost per sample" if verdicts.measure.is_cost else "percent"
    title = f"{rows[0]['data']['name']}, {over} over {runs_words(rows)}, {units}"
    said = [*verdicts.sentences, *filter(None, [fewer_line(summaries), embedding_line(rows)])]
    forms = {
        "md": markdown_table(summaries, title, base, failures=failures, sentences=said),
        "tex": latex_table(summaries, title, base, failures=failures, wide=wide),
        "csv": csv_table(summaries, failures=failures),
    }
    for ending, text in forms.items():
        write_atomically(folder / f"table.{ending}", text.encode())
    for ending, wanted in (("tex", latex), ("csv", comma)):
        if wanted:
            print(forms[ending], end="")
    if not latex and not comma:
        print_table(summaries, title, base, console, failures=failures, sentences=said, wide=wide)
