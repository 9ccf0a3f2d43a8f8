"""``imbtorch reproduce``: run a table or figure of a paper, and show it."""

from pathlib import Path
from typing import Any

from imbtorch.commands.common import SOME_FAILED
from imbtorch.errors import InputError

EXAMPLES = (
    "imbtorch reproduce --list",
    "imbtorch reproduce amo-3 --seeds 3",
)


def add_options(parser: Any) -> None:
    """Add the command's options."""
    from imbtorch.reproduction.paper_figure import figure_names
    from imbtorch.reproduction.paper_table import table_names

    names = ", ".join([*table_names(), *figure_names()])
    parser.add_argument("table", type=str, nargs="?", metavar="[TABLE]", help=f"one of {names}")
    add = parser.add_argument_group("what to run").add_argument
    add("--list", action="store_true", help="list the tables, figures and stored results")
    add("--columns", type=str | None, help="only this column, or those whose titles contain this")
    add("--seeds", type=int | None, help="number of training seeds (default: the table's, often 3)")
    add("--scale", type=str, default="full", help="full, or quick: only to check that it runs")
    add("--epochs", type=int | None, help="epochs, instead of the table's")
    add("--precision", type=str | None, help="32-true, bf16-mixed or auto, see compare")
    add = parser.add_argument_group("how and where").add_argument
    add("--out", type=str, default="runs", help="folder of all tables (default: %(default)s)")
    add("--stored", action="store_true", help="train nothing: show what is stored of a table")
    add("--figures", action="store_true", help="also write a report of each column")
    add("--jobs", type=int, default=1, help="number of parallel processes (default: %(default)s)")
    add("--backend", type=str, default="loky", help="joblib backend: loky, dask or ray")


def run(table: str | None, seeds: int | None, out: str, list: bool, **options: Any) -> int:
    """Run a table of a paper and print it next to the published figures, or draw a figure."""
    if list:
        from imbtorch.reproduction.overview import print_overview

        print_overview(Path(out))
        return 0
    if table is None:
        raise InputError(
            "table is missing; `imbtorch reproduce --list` shows all tables and figures"
        )
    from imbtorch.comparison.out_folder import check_apart, check_folder
    from imbtorch.data.sources import FOLDERS, ON_HUB, data_folder
    from imbtorch.reproduction.reproduce import reproduce

    check_folder(Path(out))
    check_apart(Path(out), *(str(data_folder() / name) for name in (*FOLDERS.values(), *ON_HUB)))
    return SOME_FAILED if reproduce(table, Path(out), seeds, **options) else 0
