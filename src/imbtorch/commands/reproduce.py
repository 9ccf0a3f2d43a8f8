"""``imbtorch reproduce``: run a table of a paper, and show it next to the published figures."""

from pathlib import Path
from typing import Any

from imbtorch.commands.common import SOME_FAILED
from imbtorch.errors import InputError


def add_options(parser: Any) -> None:
    """Add the command's options."""
    from imbtorch.reproduction.paper_table import table_names
    from imbtorch.reproduction.reproduce import SCALES

    add = parser.add_argument
    add("table", type=str, nargs="?", help=f"one of {', '.join(table_names())}")
    add("--list", action="store_true", help="list the tables and the stored results")
    add("--seeds", type=int, default=3, help="number of training seeds")
    add("--out", type=str, default="runs", help="folder for the results of all tables")
    add("--scale", type=str, default="full", help=f"one of {', '.join(SCALES)}")
    add("--jobs", type=int, default=1, help="number of parallel processes")
    add("--backend", type=str, default="loky", help="joblib backend: loky, dask or ray")
    add("--epochs", type=int | None, help="epochs, instead of the table's")
    add("--precision", type=str | None, help="32-true or bf16-mixed")
    add("--figures", action="store_true", help="also write a report of each column")
    add("--columns", type=str | None, help="only this column, or those whose titles contain this")


def run(table: str | None, seeds: int, out: str, list: bool, **options: Any) -> int:
    """Run a table of a paper and print it next to the published figures."""
    if list:
        from imbtorch.reproduction.overview import print_overview

        print_overview(Path(out))
        return 0
    if table is None:
        raise InputError("table is missing; `imbtorch reproduce --list` shows all tables")
    from imbtorch.comparison.out_folder import check_folder
    from imbtorch.reproduction.reproduce import reproduce

    check_folder(Path(out))

    return SOME_FAILED if reproduce(table, Path(out), seeds, **options) else 0
