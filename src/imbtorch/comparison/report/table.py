"""The comparison as a table, on the terminal or in Markdown."""

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from imbtorch.comparison.report.failures import Failure, all_failed, failure_lines
from imbtorch.comparison.report.summary import (
    COLUMNS,
    Summary,
    best_recipe,
    format_value,
    shown_columns,
    untested_line,
)
from imbtorch.extras import extra
from imbtorch.metrics.undefined import untested
from imbtorch.printable import in_markdown, printable

with extra("cli"):
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

MOST = 100
"""Number of classes that `print_classes` shows on a terminal."""


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
        title=Text(printable(title), style="table.title"),
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    console.print(_filled(table, summaries, baseline, failures))
    _print_untested(summaries[0].untested, console)
    for line in failure_lines(failures):
        console.print(Text(printable(line)), soft_wrap=True)


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
    table = _filled(Table(box=box.MARKDOWN), summaries, baseline, failures, in_markdown)
    console = Console(file=io.StringIO(), width=400)
    with console.capture() as captured:
        console.print(table)
    lines = [line.strip() for line in captured.get().splitlines() if line.strip()]
    said = [untested_line(summaries[0].untested)] if summaries[0].untested else []
    said += [f"- {line}" for line in failure_lines(failures)]
    return (
        f"# {in_markdown(title)}\n\n"
        + "\n".join(lines)
        + "\n"
        + "".join(f"\n{in_markdown(line)}\n" for line in said)
    )


def _filled(
    table: Table,
    summaries: Sequence[Summary],
    baseline: str,
    failures: Sequence[Failure],
    written: Callable[[str], str] = printable,
) -> Table:
    table.add_column("recipe", no_wrap=True)
    columns = shown_columns(summaries)
    for name, heading in columns.items():
        table.add_column(heading, justify="right")
        if name == "balanced_accuracy":
            table.add_column(Text(f"lead over {written(baseline)}"), justify="right")
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
        table.add_row(Text(written(summary.recipe)), *cells)
    for name in all_failed(failures, [summary.recipe for summary in summaries]):
        table.add_row(Text(written(name)), "failed")
    return table


def print_classes(
    metrics: Mapping[str, Any],
    classes: Sequence[str],
    class_counts: Sequence[int],
    console: Console | None = None,
) -> None:
    """Print the metrics of one network, and the recall of each class.

    Of more than 100 classes, a terminal shows the most and the least frequent ones.

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
    order = list(range(len(classes)))
    left_out = len(classes) - MOST if console.is_terminal else 0
    if left_out > 0:
        by_count = sorted(order, key=lambda k: -class_counts[k])
        order = by_count[: MOST // 2] + by_count[-MOST // 2 :]
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("class", "training samples", "recall, %"):
        table.add_column(heading, justify="left" if heading == "class" else "right")
    for k in order:
        recall = metrics["recall"][k]
        shown = "-" if recall is None else f"{100 * recall:.1f}"
        table.add_row(Text(printable(classes[k])), str(class_counts[k]), shown)
    console.print(table)
    if left_out > 0:
        console.print(
            f"the {MOST // 2} most and the {MOST // 2} least frequent of {len(classes)} classes; "
            "send the output to a file to see all"
        )
    _print_untested(untested(metrics, classes), console)


def _print_untested(names: Sequence[str], console: Console) -> None:
    if names:
        console.print(Text(untested_line(names)))
