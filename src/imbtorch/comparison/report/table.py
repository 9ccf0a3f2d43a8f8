"""The comparison as a table, on the terminal or in Markdown."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from imbtorch.comparison.report.failures import Failure, all_failed, failure_lines
from imbtorch.comparison.report.summary import (
    COLUMNS,
    Summary,
    best_recipe,
    format_value,
    shown_columns,
)


def print_table(
    summaries: Sequence[Summary],
    title: str,
    baseline: str = "erm",
    console: Console | None = None,
    *,
    failures: Sequence[Failure] = (),
) -> None:
    """Print one row per recipe: metrics in percent, mean±std over seeds, the best in bold.

    Parameters
    ----------
    summaries : sequence of Summary
        At least one.
    title : str
        Printed above the table.
    baseline : str, default="erm"
        Named in the heading of the lead's column.
    console : rich.console.Console, optional
        Where to print, by default the terminal; 160 columns wide if it is not a terminal.
    failures : sequence of (str, int, str)
        Recipe name, seed and reason of each run that failed: listed below the table, and a recipe
        of which every run failed has a row that says so.
    """
    console = console or Console()
    if not console.is_terminal:
        console.width = 160
    table = Table(
        title=escape(title), title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0)
    )
    console.print(_filled(table, summaries, baseline, failures))
    for line in failure_lines(failures):
        console.print(escape(line), soft_wrap=True)


def markdown_table(
    summaries: Sequence[Summary],
    title: str,
    baseline: str = "erm",
    *,
    failures: Sequence[Failure] = (),
) -> str:
    """Return the table of `print_table` as Markdown.

    Parameters
    ----------
    summaries, title, baseline, failures
        As for `print_table`.
    """
    table = _filled(Table(box=box.MARKDOWN), summaries, baseline, failures)
    console = Console(file=io.StringIO(), width=400)
    with console.capture() as captured:
        console.print(table)
    lines = [line.strip() for line in captured.get().splitlines() if line.strip()]
    text = f"# {title}\n\n" + "\n".join(lines) + "\n"
    return text + "".join(f"\n- {line}\n" for line in failure_lines(failures))


def _filled(
    table: Table, summaries: Sequence[Summary], baseline: str, failures: Sequence[Failure]
) -> Table:
    table.add_column("recipe", no_wrap=True)
    columns = shown_columns(summaries)
    for name, heading in columns.items():
        table.add_column(heading, justify="right")
        if name == "balanced_accuracy":
            table.add_column(f"lead over {baseline}", justify="right")
            table.add_column("is it noise?")
    best = {name: best_recipe(summaries, name) for name in columns}
    for summary in summaries:
        cells = [
            f"[bold]{format_value(summary, name)}[/bold]"
            if best[name] == summary.recipe and len(summaries) > 1
            else format_value(summary, name)
            for name in columns
        ]
        lead = summary.lead
        cells[1:1] = [str(lead), lead.verdict] if lead else ["", ""]
        table.add_row(escape(summary.recipe), *cells)
    for name in all_failed(failures, [summary.recipe for summary in summaries]):
        table.add_row(escape(name), "failed")
    return table


def print_classes(
    metrics: Mapping[str, Any],
    classes: Sequence[str],
    class_counts: Sequence[int],
    console: Console | None = None,
) -> None:
    """Print the metrics of one network, and the recall of each class.

    Parameters
    ----------
    metrics : mapping
        As `imbtorch.evaluate` returns them.
    classes : sequence of str
        K class names.
    class_counts : sequence of int
        Class counts of the training set, K numbers.
    console : rich.console.Console, optional
        Where to print, by default the terminal.
    """
    console = console or Console()
    for name, heading in COLUMNS.items():
        if metrics[name] is not None:
            console.print(f"{heading:20} {100 * metrics[name]:5.1f} %")
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("class", "training samples", "recall, %"):
        table.add_column(heading, justify="left" if heading == "class" else "right")
    for name, count, recall in zip(classes, class_counts, metrics["recall"], strict=True):
        table.add_row(escape(name), str(count), f"{100 * recall:.1f}")
    console.print(table)
