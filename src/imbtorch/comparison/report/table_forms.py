"""The table in forms for other programs: LaTeX and CSV."""

import csv
import io
import re
from collections.abc import Sequence

import numpy as np

from imbtorch.comparison.report.failures import Failure, all_failed
from imbtorch.comparison.report.summary import Summary, best_recipe, format_value, shown_columns
from imbtorch.comparison.report.table import fitting_columns
from imbtorch.printable import in_csv, printable

NARROW = 80
"""Characters of a line of the table whose columns a page has room for."""

LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{c: f"\\{c}" for c in "&%$#_{}"},
}


def in_latex(text: object) -> str:
    r"""Return a text as `printable`, escaped so that LaTeX shows it as it is.

    Examples
    --------
    >>> print(in_latex("a_b & 5 %"))
    a\_b \& 5 \%
    """
    return re.sub(r"[\\~^&%$#_{}]", lambda found: LATEX[found.group()], printable(text))


def latex_table(
    summaries: Sequence[Summary],
    title: str,
    baseline: str = "erm",
    *,
    failures: Sequence[Failure] = (),
    wide: bool = False,
) -> str:
    """Return the table as a LaTeX ``tabular``, for the package booktabs.

    Parameters
    ----------
    summaries, title, baseline, failures, wide
        As for `print_table`; the title is a comment. The columns are those of a terminal of 80
        columns, or all.
    """
    columns = shown_columns(summaries)
    if not wide:
        columns = fitting_columns(summaries, baseline, failures, NARROW)
    best = {name: best_recipe(summaries, name) for name in columns}
    headings = [in_latex(heading) for heading in columns.values()]
    headings[1:1] = [
        in_latex(summaries[0].measure.heading(baseline)),
        "is it noise?",
    ]
    lines = [
        f"% {printable(title)}",
        r"\begin{tabular}{lrrl" + "r" * (len(columns) - 1) + "}",
        r"\toprule",
        " & ".join(["recipe", *headings]) + r" \\",
        r"\midrule",
    ]
    for one in summaries:
        cells = [format_value(one, name).replace("±", r" $\pm$ ") for name in columns]
        cells = [
            rf"\textbf{{{cell}}}" if best[name] == one.recipe and len(summaries) > 1 else cell
            for name, cell in zip(columns, cells, strict=True)
        ]
        lead = f"${one.lead}$".replace("±", r" \pm ") if one.lead else ""
        cells[1:1] = [lead, one.lead.verdict if one.lead else ""]
        lines.append(" & ".join([in_latex(one.recipe), *cells]) + r" \\")
    for name in all_failed(failures, [one.recipe for one in summaries]):
        lines.append(f"{in_latex(name)} & failed" + " &" * (len(columns) + 1) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""])


def csv_table(summaries: Sequence[Summary], *, failures: Sequence[Failure] = ()) -> str:
    """Return the table with all columns as CSV: unrounded numbers, means and deviations apart.

    Shares are in percent, as in the other forms. An undefined cell is empty, as are all but the
    name of a recipe of which every run failed.

    Parameters
    ----------
    summaries, failures
        As for `print_table`.
    """
    columns = shown_columns(summaries)
    lead = ["lead", "lead noise", "lead noise, seeds", "lead noise, test samples", "verdict"]
    head = [f"{in_csv(heading)}{kind}" for heading in columns.values() for kind in ("", " std")]
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["recipe", "seeds", *lead, *head])
    for one in summaries:
        found = one.lead
        noises = (found.mean, found.noise, found.seed_noise, found.test_noise) if found else ()
        about = (
            [*map(_number, (one.measure.scale * v for v in noises)), found.verdict]
            if found
            else [""] * 5
        )
        values = [_number(one.scale(n) * of[n]) for n in columns for of in (one.mean, one.std)]
        writer.writerow([in_csv(one.recipe), one.seeds, *about, *values])
    for name in all_failed(failures, [one.recipe for one in summaries]):
        writer.writerow([in_csv(name), 0, *[""] * (len(lead) + len(head))])
    return file.getvalue()


def _number(value: float) -> str:
    return f"{value:.6g}" if np.isfinite(value) else ""
