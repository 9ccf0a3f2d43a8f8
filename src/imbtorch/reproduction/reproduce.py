"""Run a paper's table or figure by name."""

from pathlib import Path
from typing import Any

from imbtorch.comparison.checks import check_how
from imbtorch.comparison.precision import settled
from imbtorch.errors import InputError, unknown_name
from imbtorch.option_types import check_whole
from imbtorch.reproduction.paper_figure import PaperFigure, figure_names, load_figure
from imbtorch.reproduction.paper_table import PaperTable, load_table, table_names
from imbtorch.reproduction.quick import EPOCHS
from imbtorch.reproduction.run_column import Options
from imbtorch.reproduction.run_figure import run_figure
from imbtorch.reproduction.run_table import gather_side_by_side, run_table

SCALES = ("full", "quick")


def reproduce(
    table: str,
    root: Path,
    seeds: int | None = None,
    *,
    scale: str = "full",
    jobs: int = 1,
    backend: str = "loky",
    figures: bool = False,
    columns: str | None = None,
    stored: bool = False,
    **options: Any,
) -> int:
    """Run a table and print it next to the published figures, or run a figure and draw it.

    Each run is stored in a folder.

    Parameters
    ----------
    table : str
        See `table_names` and `figure_names`.
    root : Path
        Folder for the results of all tables; the table itself goes to a subfolder of its name.
        Runs stored there are not repeated, whichever table they were made for.
    seeds : int, optional
        Training seeds 0..seeds-1, at least 1; by default the table's number.
    scale : {"full", "quick"}, default="full"
        "quick" takes a few samples of each class and 2 epochs, to check that the table runs, and
        writes to a separate folder.
    jobs : int, default=1
        Number of processes that run the table in parallel.
    backend : str, default="loky"
        joblib's backend for `jobs`.
    figures : bool, default=False
        Whether to write a report with all figures for each column, next to its runs.
    columns : str, optional
        Run only the column with this title, or else those whose titles contain it.
    stored : bool, default=False
        Train nothing: show the runs of a table that are stored.
    **options
        Options of `make_task` that override the table's, such as epochs or precision.

    Returns
    -------
    int
        Number of runs that failed.

    Raises
    ------
    InputError
        If the table or figure, column or scale is unknown, or `seeds` or `jobs` is below 1.
    """
    found = _load(table).only(columns or "")
    seeds = found.seeds if seeds is None else seeds
    check_whole("seeds", seeds, 1)
    check_whole("jobs", jobs, 1)
    if options.get("precision"):
        options["precision"] = settled(options["precision"])
    check_how(options.get("epochs"), 0, options.get("precision") or "32-true")
    if scale not in SCALES:
        raise InputError(f"scale is {scale!r}; it must be one of {', '.join(SCALES)}")
    quick = scale == "quick"
    asked = {k: v for k, v in options.items() if v is not None}
    asked = {"epochs": EPOCHS, **asked} if quick else asked
    how = Options(seeds, asked, quick, figures, columns, stored)
    if stored and (isinstance(found, PaperFigure) or figures):
        raise InputError("stored is set; it shows a table of what is stored, without figures")
    tables = found.tables.values() if isinstance(found, PaperFigure) else [found]
    for part in tables if jobs > 1 and not stored else []:
        gather_side_by_side(part, root, how, jobs=jobs, backend=backend)
    if isinstance(found, PaperFigure):
        return run_figure(found, root, how)
    return run_table(found, root, how)


def _load(name: str) -> PaperTable | PaperFigure:
    if name in figure_names():
        return load_figure(name)
    try:
        return load_table(name)
    except InputError as error:
        raise unknown_name("table", name, [*table_names(), *figure_names()]) from error
