"""The papers' tables by name: each is run here and printed beside its published figures."""

import difflib
from importlib import import_module
from pathlib import Path
from typing import Any

from imbtorch.errors import InputError
from imbtorch.experiments.quick import EPOCHS
from imbtorch.experiments.run_table import Options, gather_side_by_side, run_table

TABLES = {
    "amo-1": "amo_images",
    "amo-2": "amo_images",
    "amo-3": "amo_text",
    "amo-4": "amo_images",
    "m2m-ablations": "amo_images",
    "aos-1": "aos",
    "aos-2": "aos",
    "dos-5": "dos",
    "dos-6": "dos",
    "dos-7": "dos",
    "dos-8": "dos",
    "eos-1": "eos",
    "eos-2": "eos",
    "eos-3": "eos",
    "eos-4": "eos",
    "eos-5": "eos",
    "eos-embeddings": "eos_embeddings",
}
"""Name of a table -> the module here that has it in ``TABLES``, or runs it by ``reproduce``."""


SCALES = ("full", "quick")


def reproduce(
    table: str,
    root: Path,
    seeds: int,
    *,
    scale: str = "full",
    jobs: int = 1,
    backend: str = "loky",
    figures: bool = False,
    columns: str | None = None,
    **options: Any,
) -> None:
    """Run a table, store each run in a folder, and print it beside the published figures.

    Parameters
    ----------
    table : str
        One of `TABLES`.
    root : Path
        Folder for the results of all tables: the table itself goes to a folder of its name.
        Runs stored there are not repeated, whichever table they were made for.
    seeds : int
        Training seeds 0..seeds-1, at least 1.
    scale : {"full", "quick"}, default="full"
        quick takes a few samples of each class and 2 epochs, to see that the table runs, and
        writes to a folder of its own.
    jobs : int, default=1
        Processes that run the table side by side.
    backend : str, default="loky"
        Of joblib, for `jobs`.
    figures : bool, default=False
        Whether to write a report with all figures for each column, beside its runs.
    columns : str, optional
        Run the column of this title alone, or else those whose titles contain it.
    **options
        Options of `make_task` in place of the table's, such as epochs or precision.

    Raises
    ------
    InputError
        If there is no such table, column or scale, or `seeds` or `jobs` is below 1.
    """
    if table not in TABLES:
        near = difflib.get_close_matches(table, TABLES, 1, cutoff=0.4)
        hint = f"did you mean {near[0]}? " if near else ""
        raise InputError(f"table is {table!r}; {hint}known are {', '.join(TABLES)}")
    if seeds < 1:
        raise InputError(f"seeds is {seeds}; at least 1 is needed")
    if jobs < 1:
        raise InputError(f"jobs is {jobs}; at least 1 is needed")
    if scale not in SCALES:
        raise InputError(f"scale is {scale!r}; it must be one of {', '.join(SCALES)}")
    quick = scale == "quick"
    asked = {k: v for k, v in options.items() if v is not None}
    module = import_module(f"{__name__}.{TABLES[table]}")
    if hasattr(module, "TABLES"):
        asked = {"epochs": EPOCHS, **asked} if quick else asked
        how = Options(seeds, asked, quick, figures, columns)
        chosen = module.TABLES[table].only(columns or "")
        if jobs > 1:
            gather_side_by_side(chosen, root, how, jobs=jobs, backend=backend)
        run_table(table, chosen, root, how)
    elif asked or jobs > 1 or figures or columns:
        given = {"jobs": jobs > 1, "figures": figures, "columns": columns}
        what = [*asked, *(name for name, value in given.items() if value)]
        raise InputError(f"table {table} has no option {', '.join(what)}: its set-up is fixed")
    else:
        module.reproduce(table, root / (f"{table}-quick" if quick else table), seeds, quick)
