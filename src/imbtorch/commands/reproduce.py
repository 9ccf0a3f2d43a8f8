"""``imbtorch reproduce``: a table of a paper, beside its published figures."""

from pathlib import Path
from typing import Any

from imbtorch.errors import InputError


def add_options(parser: Any) -> None:
    """Add the command's options."""
    from imbtorch.reproduction.paper_table import table_names
    from imbtorch.reproduction.reproduce import SCALES

    add = parser.add_argument
    add("table", type=str, nargs="?", help=f"one of {', '.join(table_names())}")
    add("--list", action="store_true", help="show the tables and what is stored")
    add("--seeds", type=int, default=3, help="number of training seeds")
    add("--out", type=str, default="runs", help="folder for the results of all tables")
    add("--scale", type=str, default="full", help=f"one of {', '.join(SCALES)}")
    add("--jobs", type=int, default=1, help="processes side by side")
    add("--backend", type=str, default="loky", help="joblib's: loky, dask or ray")
    add("--epochs", type=int | None, help="in place of the table's")
    add("--precision", type=str | None, help="32-true or bf16-mixed")
    add("--figures", action="store_true", help="a report of each column as well")
    add("--columns", type=str | None, help="this one, or those whose titles contain it")


def run(table: str | None, seeds: int, out: str, list: bool, **options: Any) -> None:
    """Run a table of a paper and print it beside the published figures."""
    if list:
        from imbtorch.reproduction.catalogue import print_catalogue

        print_catalogue(Path(out))
        return
    if table is None:
        raise InputError("table is missing; `imbtorch reproduce --list` shows them all")
    from imbtorch.reproduction.reproduce import reproduce

    reproduce(table, Path(out), seeds, **options)
