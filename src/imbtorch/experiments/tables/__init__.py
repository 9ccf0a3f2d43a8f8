"""The papers' tables by name: each is run here and printed beside its published figures."""

import difflib
from importlib import import_module
from pathlib import Path

from imbtorch.errors import InputError

TABLES = {
    "amo-3": "amo_text",
    "aos-1": "aos_images",
    "aos-2": "aos_images",
    "dos-6": "dos_images",
    "eos-embeddings": "eos_embeddings",
}
"""Name of a table -> the module here whose ``reproduce(table, out, seeds)`` runs it."""


def reproduce(table: str, out: Path, seeds: int) -> None:
    """Run a table, store each run in a folder, and print it beside the published figures.

    Parameters
    ----------
    table : str
        One of `TABLES`.
    out : Path
        Folder for the results. Runs stored there are not repeated.
    seeds : int
        Training seeds 0..seeds-1, at least 1.

    Raises
    ------
    InputError
        If there is no such table, or `seeds` is below 1.
    """
    if table not in TABLES:
        near = difflib.get_close_matches(table, TABLES, 1, cutoff=0.4)
        hint = f"did you mean {near[0]}? " if near else ""
        raise InputError(f"table is {table!r}; {hint}known are {', '.join(TABLES)}")
    if seeds < 1:
        raise InputError(f"seeds is {seeds}; at least 1 is needed")
    import_module(f"{__name__}.{TABLES[table]}").reproduce(table, out, seeds)
