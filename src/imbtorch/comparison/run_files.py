"""The files of a run are named by recipe and seed: what another recipe of that name left gives way.

A recipe of one's own may have other parameters or other code than before, under the same name. Its
rows are told apart by all of them; its files are, by the description in the checkpoint.
"""

import hashlib
import json
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from imbtorch.comparison.kept import KINDS, checkpoint_path, file_name
from imbtorch.errors import InputError
from imbtorch.training.checkpoint import header_of
from imbtorch.training.recipe import Recipe


def bring_files(folder: Path, recipe: Recipe, seeds: Iterable[int]) -> None:
    """Make sure that the files under a recipe's name are its own, or of no run.

    Those of another recipe of that name are kept under a name that ends with a hash of its
    description; they come back when that one is compared again.

    Parameters
    ----------
    folder : Path
        Of the results.
    recipe : Recipe
        About to be compared.
    seeds : iterable of int
        Training seeds.
    """
    wanted = json.loads(json.dumps(recipe.describe()))
    for seed in seeds:
        found = _recipe_in(checkpoint_path(folder, recipe.name, seed))
        if found == wanted:
            continue
        if found is not None:
            _move(folder, seed, recipe.name, _aside(found))
        if checkpoint_path(folder, _aside(wanted), seed).exists():
            _move(folder, seed, _aside(wanted), recipe.name)


def _recipe_in(path: Path) -> dict[str, Any] | None:
    """Return the description of the recipe that trained a checkpoint, if that is known."""
    try:
        found: Any = header_of(path).get("recipe")
    except InputError:  # missing or damaged
        return None
    return found if isinstance(found, dict) and found.keys() >= {"name", "phases"} else None


def _aside(described: dict[str, Any]) -> str:
    text = json.dumps(described, sort_keys=True)
    return f"{described['name']}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _move(folder: Path, seed: int, old: str, new: str) -> None:
    for path, place in zip(_files(folder, old, seed), _files(folder, new, seed), strict=True):
        with suppress(FileNotFoundError):
            place.unlink() if place.is_file() else shutil.rmtree(place)
        with suppress(FileNotFoundError):
            path.replace(place)


def _files(folder: Path, name: str, seed: int) -> list[Path]:
    """Return the paths of what is kept of a run."""
    checkpoint, stem = checkpoint_path(folder, name, seed), file_name(name)
    kinds = [f"seed{seed}-outputs", *(() if seed else KINDS)]
    kept = [checkpoint.with_name(f"{stem}-{kind}.npz") for kind in kinds]
    return [checkpoint, *kept, folder / "logs" / f"{stem}-seed{seed}"]
