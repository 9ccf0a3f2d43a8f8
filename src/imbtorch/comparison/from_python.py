"""`imbtorch.compare`: the comparison of the command line, for a program's own data and parts."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from io import StringIO
from os import PathLike
from pathlib import Path
from typing import Any

from imbtorch.comparison.asked_task import asked_task
from imbtorch.comparison.deciding import check_deciding, deciding
from imbtorch.comparison.given_data import Given
from imbtorch.comparison.out_folder import FILES, FOLDERS, check_apart
from imbtorch.comparison.own_recipe import with_code
from imbtorch.comparison.usual_recipes import usual_recipes
from imbtorch.data.profiles.class_groups import shot_bounds
from imbtorch.data.workers import MOST_WORKERS
from imbtorch.errors import InputError
from imbtorch.extras import extra
from imbtorch.models.classifier import Classifier
from imbtorch.option_types import check_whole
from imbtorch.training.recipe import Recipe
from imbtorch.training.recipes import split_list
from imbtorch.training.setup import Setup


@dataclass(frozen=True)
class Comparison:
    """What `compare` returns.

    Attributes
    ----------
    rows : list of dict
        One per run, by recipe, then seed, as in ``results.jsonl``: ``recipe``, ``seed``,
        ``metrics``, ``history``, ``seconds`` and more.
    failures : list of (str, int, str)
        Recipe, seed and reason of each run that failed.
    table : str
        The table in Markdown.
    folder : Path
        Holds ``report.html``, ``table.md``, ``results.jsonl`` and ``checkpoints/``.
    """

    rows: list[dict[str, Any]]
    failures: list[tuple[str, int, str]]
    table: str
    folder: Path


def compare(
    data: str | Given,
    *,
    model: str | Classifier | Callable[[], Classifier] = "auto",
    recipes: Sequence[str | Recipe] | None = None,
    seeds: int = 3,
    out: str | Path,
    epochs: int | None = None,
    setup: Setup | None = None,
    data_seed: int = 0,
    decide: str | None = None,
    cost: str | None = None,
    shots: str = "20,100",
    log: str | None = None,
    num_workers: int = 0,
    progress: bool = True,
    **options: object,
) -> Comparison:
    """Compare recipes on data, as ``imbtorch compare`` does, with parts of your own.

    Parameters
    ----------
    data : str, Dataset, pair (X, y) of arrays, or pair (train, test) of such
        What the command line takes, or data at hand. Of a single set, a quarter of each class is
        held out. Labels of arrays are of any kind, those of a Dataset numbers 0..K-1.
    model : str, Classifier or callable, default="auto"
        Name of a network, see `build_model`; or a function without arguments that makes one, such
        as ``lambda: split_head(MyNet())``, called once a run, with torch's generator seeded by the
        training seed; or a Classifier, of which each run trains a copy from its weights.
    recipes : sequence of str or Recipe, optional
        Names, see `make_recipe`, or recipes with losses, samplers and transforms of your own, each
        with a different name; one that is given twice is taken once. By default the command line's.
    seeds : int, default=3
        Number of training seeds.
    out : str or Path
        Folder for report, table, results and checkpoints. Runs stored there are not repeated: the
        same call goes on where it was interrupted. A recipe whose methods have other code than
        then, or name other functions of yours or constants (numbers, strings, tuples; in capitals
        also lists, dicts and Tensors), is run again; other data are refused.
        Arrays, a TensorDataset and parts of it are told from others by all their values, any other
        Dataset by all labels and 16 samples: choose another folder where other samples of it have
        changed.
    epochs : int, optional
        Epochs of recipes given by name; by default those of the Recipe objects, or else the
        network's usual number.
    setup : Setup, optional
        Optimizer and schedule, by default the network's usual ones.
    data_seed : int, default=0
        Decides what is held out.
    decide, cost : str, optional
        A metric, or a file of costs, for which each run chooses a decision, on a fifth of the
        training set that is held out for it; see ``imbtorch compare --help``.
    shots : str, default="20,100"
        Few-shot classes have fewer samples than the first number, many-shot classes more than the
        second.
    log : str, optional
        Also write each epoch to a tracker: csv, tensorboard, wandb or mlflow, in ``out/logs``.
    num_workers : int, default=0
        Processes that load each Dataset at hand, see `fit`; no figure depends on it.
    progress : bool, default=True
        Whether to show a progress bar.
    **options
        For a `data` of the command line: its other options, with underscores, such as
        ``label="kind"``, ``profile="step"``, ``freeze="backbone"``. What `setup` or a network of
        your own says already cannot be set again.

    Returns
    -------
    Comparison

    Raises
    ------
    InputError
        If data, network or recipes cannot be used, the folder holds another experiment's results,
        or every run failed. A recipe whose epochs differ from the others' is told of in a warning.

    Examples
    --------
    >>> import tempfile
    >>> import torch
    >>> from imbtorch import compare
    >>> x, y = torch.randn(60, 2), torch.tensor([0] * 50 + [1] * 10)
    >>> with tempfile.TemporaryDirectory() as out:
    ...     result = compare(
    ...         (x, y), recipes=["erm", "hgb"], seeds=1, epochs=1, out=out, progress=False
    ...     )
    >>> [row["recipe"]["name"] for row in result.rows]
    ['erm', 'hgb']
    """
    from imbtorch.comparison.compare import compare as run
    from imbtorch.comparison.report.tables import show_tables

    with extra("cli", "compare"):
        from rich.console import Console

    if isinstance(recipes, (str, Recipe)):
        listed = split_list(recipes) if isinstance(recipes, str) else [recipes]
        raise InputError(f"recipes is {recipes!r}; a list is needed: {listed}")
    if recipes is not None and not recipes:
        raise InputError("recipes is empty; name at least one, such as erm, or leave it out")
    check_whole("num_workers", num_workers, 0, MOST_WORKERS)
    data = str(data) if isinstance(data, PathLike) else data
    check_deciding(decide, cost)
    bounds = shot_bounds(shots)
    if isinstance(data, str):
        check_apart(Path(out), data, names=(*FILES, *FOLDERS), option="out")
    epochs = _common_epochs(epochs, recipes or ())
    task = asked_task(data, model, epochs, setup, data_seed, options)
    task = deciding(replace(task, num_workers=num_workers), decide, cost)
    names = recipes or usual_recipes(task)
    names = [with_code(recipe) for recipe in names]
    for recipe in names:
        if isinstance(recipe, Recipe) and recipe.epochs not in (0, task.epochs):
            warnings.warn(
                f"recipe {recipe.name} trains for {recipe.epochs} epochs, those given by name for "
                f"{task.epochs}",
                stacklevel=2,
            )
    folder = Path(out)
    outcome = run(task, names, seeds=seeds, out=folder, shots=bounds, progress=progress, log=log)
    unseen = Console(file=StringIO())  # a program prints what it wants
    show_tables(folder, outcome.rows, shots=bounds, failures=outcome.failures, console=unseen)
    table = (folder / "table.md").read_text(encoding="utf-8")
    return Comparison(outcome.rows, outcome.failures, table, folder)


def _common_epochs(epochs: int | None, recipes: Sequence[str | Recipe]) -> int | None:
    """Return the epochs of recipes by name: those asked for, or those that the others share."""
    others = {r.epochs for r in recipes if isinstance(r, Recipe) and r.epochs}
    return others.pop() if epochs is None and len(others) == 1 else epochs
