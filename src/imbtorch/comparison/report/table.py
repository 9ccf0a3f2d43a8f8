"""The comparison as a table, on the terminal or in Markdown."""

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from imbtorch.comparison.report.failures import Failure, all_failed, failure_lines
from imbtorch.comparison.report.summary import (
    COLUMNS,
    Summary,
    best_recipe,
    format_value,
    shown_columns,
)
from imbtorch.comparison.report.words import untested_line
from imbtorch.extras import extra
from imbtorch.metrics.undefined import untested
from imbtorch.printable import in_markdown, printable

with extra("cli"):
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

OF_A_CLASS = {"recall": "recall, %", "precision": "precision, %", "auprc": "AUPRC, %"}
"""Metrics of each class -> headings of `print_classes`."""
MOST = 100
"""Number of classes that `print_classes` shows on a terminal."""


def print_table(
    summaries: Sequence[Summary],
    title: str,
    baseline: str = "erm",
    console: Console | None = None,
    *,
    failures: Sequence[Failure] = (),
    sentences: Sequence[str] = (),
    wide: bool = False,
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
        Where to print, by default the terminal.
    failures : sequence of (str, int, str)
        Recipe name, seed and reason of each run that failed: listed below the table, and a recipe
        of which every run failed has a row that says so.
    sentences : sequence of str
        The verdict in words, printed below the table.
    wide : bool, default=False
        Whether to print all columns, on lines as long as it takes. By default those that matter
        most and fit; a cell is never cut.
    """
    console = console or Console()
    width = console.width
    columns = (
        shown_columns(summaries) if wide else fitting_columns(summaries, baseline, failures, width)
    )
    table = _filled(_terminal_table(title), summaries, columns, baseline, failures)
    console.width = max(width, _width(table))
    console.print(table)
    console.width = width
    _print_untested(summaries[0].untested, console)
    for line in sentences:
        console.print(Text(printable(line)))
    for line in failure_lines(failures):
        console.print(Text(printable(line)), soft_wrap=True)


def markdown_table(
    summaries: Sequence[Summary],
    title: str,
    baseline: str = "erm",
    *,
    failures: Sequence[Failure] = (),
    sentences: Sequence[str] = (),
) -> str:
    """Return the table of `print_table` as Markdown, with all columns.

    Parameters
    ----------
    summaries, title, baseline, failures, sentences
        As for `print_table`.
    """
    empty = Table(box=box.MARKDOWN)
    columns = shown_columns(summaries)
    table = _filled(empty, summaries, columns, baseline, failures, in_markdown, " ")
    console = Console(file=io.StringIO(), width=_width(table) + 2)
    with console.capture() as captured:
        console.print(table)
    lines = [line.strip() for line in captured.get().splitlines() if line.strip()]
    said = [untested_line(summaries[0].untested)] if summaries[0].untested else []
    said += sentences
    said += [f"- {line}" for line in failure_lines(failures)]
    return (
        f"# {in_markdown(title)}\n\n"
        + "\n".join(lines)
        + "\n"
        + "".join(f"\n{in_markdown(line)}\n" for line in said)
    )


def fitting_columns(
    summaries: Sequence[Summary], baseline: str, failures: Sequence[Failure], width: int
) -> dict[str, str]:
    """Return the columns that matter most, as many as fit into a width, in the table's order."""
    columns = shown_columns(summaries)
    of_two = ("minority_auprc",) if summaries[0].num_classes == 2 else ()
    chosen = {summaries[0].measure.column}
    for name in ("balanced_accuracy", *of_two, "worst_recall", "seconds"):
        wider = {n: h for n, h in columns.items() if n in {*chosen, name}}
        if _width(_filled(_terminal_table(), summaries, wider, baseline, failures)) <= width:
            chosen.add(name)
    return {n: h for n, h in columns.items() if n in chosen}


def _terminal_table(title: str = "") -> Table:
    return Table(
        title=Text(printable(title), style="table.title", overflow="fold") if title else None,
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )


def _width(table: Table) -> int:
    return Console(width=100_000).measure(table).maximum


def _filled(
    table: Table,
    summaries: Sequence[Summary],
    columns: Mapping[str, str],
    baseline: str,
    failures: Sequence[Failure],
    written: Callable[[str], str] = printable,
    space: str = "\n",
) -> Table:
    """Fill a table, in which no cell is cut or wrapped; `space` parts the words of a heading."""

    def add(heading: str, justify: Literal["left", "right"] = "right") -> None:
        table.add_column(Text(heading), justify=justify, no_wrap=True)

    measure = summaries[0].measure
    add("recipe", "left")
    for name, heading in columns.items():
        add(heading.replace(" ", space))
        if name == measure.column:
            add(measure.heading(written(baseline), space))
            add(f"is it{space}noise?", "left")
    best = {name: best_recipe(summaries, name) for name in columns}
    for summary in summaries:
        cells = [
            Text(
                format_value(summary, name),
                "bold" if best[name] == summary.recipe and len(summaries) > 1 else "",
            )
            for name in columns
        ]
        lead = summary.lead
        color = {"better": "green", "worse": "red"}.get(lead.verdict, "") if lead else ""
        cells[1:1] = [Text(str(lead or "")), Text(lead.verdict if lead else "", color)]
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
    """Print the metrics of one network, and those of each class.

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
        if metrics.get(name) is not None:
            console.print(f"{heading:20} {100 * metrics[name]:5.1f} %")
    order = list(range(len(classes)))
    left_out = len(classes) - MOST if console.is_terminal else 0
    if left_out > 0:
        by_count = sorted(order, key=lambda k: -class_counts[k])
        order = by_count[: MOST // 2] + by_count[-MOST // 2 :]
    table = Table(box=box.SIMPLE_HEAD)
    measures = [name for name in OF_A_CLASS if name in metrics]
    for heading in ("class", "training samples", *(OF_A_CLASS[name] for name in measures)):
        table.add_column(heading, justify="left" if heading == "class" else "right")
    for k in order:
        values = [metrics[name][k] for name in measures]
        shown = ["-" if value is None else f"{100 * value:.1f}" for value in values]
        table.add_row(Text(printable(classes[k])), str(class_counts[k]), *shown)
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
