"""What a user reads of a task before training starts: its data, what is trained, and how."""

from collections.abc import Iterable
from typing import Any

from imbtorch.data.arrays import class_counts
from imbtorch.data.load import LoadedData
from imbtorch.data.rows import why_left_out
from imbtorch.training.recipe import Recipe
from imbtorch.training.setup import Setup


def data_lines(data: LoadedData) -> list[str]:
    """Return what the data are taken for, line by line."""
    counts = data.counts
    shown = ", ".join(map(str, counts[:12])) + (", ..." if len(counts) > 12 else "")
    return [
        *data.notes,
        f"{data.name}: {sum(counts)} training samples of {len(counts)} classes "
        f"({data.profile}): {shown}; {len(data.test)} held out; "  # type: ignore[arg-type]
        f"{sum(data.left_out.values())} left out{why_left_out(data.left_out)}",
        *_validation_lines(data),
    ]


def _validation_lines(data: LoadedData) -> list[str]:
    if data.validation is None:
        return []
    counts = class_counts(data.validation, len(data.classes))
    return [
        f"{sum(counts)} more training samples are held out to choose a decision on, {min(counts)} "
        f"of the rarest class"
    ]


def leak_words(leaked: int, tested: int) -> str:
    """Return what a user should know of held-out samples that are also trained on.

    Examples
    --------
    >>> leak_words(3, 100)[:59]
    '3 of 100 held-out samples are also in the training set, byt'
    """
    return (
        f"{leaked} of {tested} held-out samples are also in the training set, byte for byte: "
        "remove them, or the results look better than they are"
    )


TRAINED = {"none": "all of it", "backbone": "the head, on embeddings that are made once"}
"""What is trained, by `Setup.freeze`."""


def trained_words(freeze: str) -> str:
    """Return what of a network from elsewhere is trained.

    Examples
    --------
    >>> trained_words("but:2")
    'the head and the last 2 blocks'
    """
    return TRAINED.get(freeze) or f"the head and the last {freeze.partition(':')[2]} blocks"


def setup_words(setup: Setup) -> str:
    """Return optimizer and schedule as a user should read them.

    Examples
    --------
    >>> setup_words(Setup())
    'batch size 128, sgd, learning rate 0.1, step schedule, warm-up 0.025, weight decay 0.0002'
    >>> setup_words(Setup(ramp="epochs")).split(", ")[4]
    'warm-up 0.025 once an epoch'
    """
    more: dict[str, Any] = {
        "clip": setup.clip,
        "label smoothing": setup.label_smoothing,
        "layer decay": setup.layer_decay if setup.layer_decay != 1 else None,
        "moving average": setup.ema,
    }
    return ", ".join(
        [
            f"batch size {setup.batch_size}",
            f"{setup.optimizer}, learning rate {setup.lr:g}",
            f"{setup.schedule} schedule, warm-up {setup.warmup:g}"
            + " once an epoch" * (setup.ramp == "epochs" and setup.warmup > 0),
            f"weight decay {setup.weight_decay:g}",
            *(f"{name} {value:g}" for name, value in more.items() if value),
        ]
    )


def brought_lines(recipes: Iterable[Recipe]) -> list[str]:
    """Return what recipes bring in place of a task's set-up and augmentation, one a line.

    Examples
    --------
    >>> from imbtorch import make_recipe
    >>> brought_lines([make_recipe("drs+cosine+ema"), make_recipe("erm")])
    ['drs+cosine+ema itself sets: schedule cosine, ema 0.999']
    """
    lines = []
    for recipe in recipes:
        brought = {**recipe.setup} | {"augmentation": recipe.augment}
        words = [f"{name} {value}" for name, value in brought.items() if value is not None]
        if words:
            lines.append(f"{recipe.name} itself sets: {', '.join(words)}")
    return lines
