"""fit: train a network by a recipe."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.utils.data import Dataset, Subset

from imbtorch.data.arrays import ArrayDataset, as_dataset, class_counts
from imbtorch.data.augment import Augment
from imbtorch.errors import InputError
from imbtorch.models.build import fresh_copy, replace_head
from imbtorch.models.classifier import Classifier, CosineHead, head_size
from imbtorch.models.inference import predict_logits
from imbtorch.seeding import derive_seed, scoped_seed
from imbtorch.training.recipe import Recipe
from imbtorch.training.recipes import make_recipe
from imbtorch.training.run import OnEpoch, Run
from imbtorch.training.setup import Setup
from imbtorch.training.snapshots import Snapshots, phases_to_run


@dataclass(frozen=True)
class FitResult:
    """What `fit` returns.

    Attributes
    ----------
    model : Classifier
        The trained network of the last epoch, on the CPU, in evaluation mode.
    history : list of dict
        One row an epoch: epoch (from 1), phase, loss, lr; balanced_accuracy of `val` where it
        was measured; batch, the statistics of M2m.
    seconds : float
        Time spent training, evaluation left out; a generator is included if it was trained by
        this call, not if it was handed over.
    generator : nn.Module or None
        The generator, where the recipe used one: hand it to the next `fit` on this data.
    examples : dict of str to Tensor
        A few samples before and after translation (seed, moved, k0, k), where a recipe made
        some.
    embedded : ArrayDataset or None
        Embeddings that the head was trained on again, with EOS's points among them, where a
        recipe does so; on the device.
    """

    model: Classifier
    history: list[dict[str, Any]]
    seconds: float
    generator: nn.Module | None
    examples: dict[str, Tensor]
    embedded: ArrayDataset | None = None


def fit(
    recipe: Recipe | str,
    model: Classifier,
    train: Any,
    val: Any = None,
    *,
    epochs: int = 200,
    setup: Setup | None = None,
    augment: Augment | None = None,
    generator: nn.Module | Callable[[], nn.Module] | None = None,
    seed: int = 0,
    fabric: Fabric | None = None,
    eval_every: int = 1,
    on_epoch: OnEpoch | None = None,
    snapshots: Snapshots | None = None,
) -> FitResult:
    """Train a network on imbalanced data by a recipe.

    Parameters
    ----------
    recipe : Recipe or str
        A recipe, or the name of one (see `make_recipe`).
    model : Classifier
        Network with random or pretrained parameters; it is trained in place. Split your own
        with `split_head`.
    train, val : Dataset or pair (x, y)
        Any torch Dataset that yields (x, y) with y in 0..K-1, or arrays. The balanced accuracy
        on `val` is recorded, nothing is chosen by it: the last epoch is returned.
    epochs : int, default=200
        Epochs of a recipe given by name.
    setup : Setup, optional
        Optimiser and learning-rate schedule.
    augment : callable, optional
        Batch-wise augmentation, as `crop_flip`.
    generator : nn.Module or callable, optional
        Trained network for recipes that translate (m2m), or a function that makes one when it
        is needed. By default one of the same form is trained on `train` by plain ERM first.
    seed : int, default=0
        Training seed: order, augmentation, dropout, new heads, methods.
    fabric : Fabric, optional
        Devices and precision, by default the machine's best single device in float32. Under a
        launcher (``torchrun``) hand over a launched one with as many devices.
    eval_every : int, default=1
        Epochs between measurements on `val`; the last one is always measured.
    on_epoch : callable, optional
        Called with each row of the history, those of a snapshot included.
    snapshots : Snapshots, optional
        Where the state is kept, so that an interrupted run goes on. For a single process.

    Returns
    -------
    FitResult

    Raises
    ------
    InputError
        If the data does not fit the network, a class has no sample, or the loss diverges.

    Examples
    --------
    >>> import torch
    >>> from imbtorch import mlp
    >>> x = torch.cat([torch.randn(90, 2), torch.randn(10, 2) + 3])
    >>> y = torch.tensor([0] * 90 + [1] * 10)
    >>> result = fit("drs", mlp((2,), 2), (x, y), (x, y), epochs=5)
    >>> [row["phase"] for row in result.history]
    ['train', 'train', 'train', 'train', 'train']
    """
    recipe = recipe if isinstance(recipe, Recipe) else make_recipe(recipe, epochs)
    for name, value, least in (("seed", seed, 0), ("eval_every", eval_every, 1)):
        if value < least:
            raise InputError(f"{name} is {value}; it must be at least {least}")
    fabric = fabric or Fabric(accelerator="auto", devices=1)
    setup = setup or Setup()
    train, val = as_dataset(train), None if val is None else as_dataset(val)
    _check(model, class_counts(train))
    with scoped_seed(seed):
        _check_fits(model, train)
    if recipe.head is not None and not isinstance(model.head, recipe.head):
        replace_head(model, recipe.head, derive_seed(seed, "head"))
    fabric.to_device(model.to(memory_format=torch.channels_last))  # type: ignore[call-overload]
    made: list[FitResult | nn.Module] = []

    def make_generator() -> nn.Module:
        start = time.perf_counter()
        if not made and isinstance(generator, nn.Module):
            made.append(generator)
        elif not made and generator is not None:
            made.append(generator())
        elif not made:
            made.append(train_generator(model, train, recipe.epochs, setup, augment, seed, fabric))
        run.seconds -= time.perf_counter() - start  # this falls into a phase that is timed
        network = made[0].model if isinstance(made[0], FitResult) else made[0]
        network = fabric.to_device(network)
        return network.eval()

    run = Run(
        model,
        train,
        val,
        setup=setup,
        fabric=fabric,
        seed=seed,
        total_epochs=recipe.epochs,
        augment=augment,
        make_generator=make_generator,
        eval_every=eval_every,
        on_epoch=on_epoch,
    )
    with scoped_seed(derive_seed(seed, "fit")):
        for first, phase, keep in phases_to_run(run, recipe, snapshots):
            run.begin(first, keep)
            phase.run(run)
    return FitResult(
        model.cpu().eval(),
        run.history,
        run.seconds + sum(one.seconds for one in made if isinstance(one, FitResult)),
        make_generator().cpu() if made else None,
        run.examples,
        run.embedded,
    )


def train_generator(
    model: Classifier,
    train: Any,
    epochs: int,
    setup: Setup | None = None,
    augment: Augment | None = None,
    seed: int = 0,
    fabric: Fabric | None = None,
    on_epoch: OnEpoch | None = None,
    snapshots: Snapshots | None = None,
) -> FitResult:
    """Train the network that M2m translates against: ERM on the same data.

    Parameters
    ----------
    model : Classifier
        Gives the form alone; the generator starts from parameters of its own.
    train, epochs, setup, augment, seed, fabric, on_epoch, snapshots
        As for `fit`. No run with the same seed shares the generator's random numbers.

    Returns
    -------
    FitResult
    """
    own_seed = derive_seed(seed, "generator")
    network = fresh_copy(model, own_seed)
    if isinstance(network.head, CosineHead):  # plain cross-entropy needs logits without bounds
        replace_head(network, nn.Linear, own_seed)
    return fit(
        make_recipe("erm", epochs),
        network,
        train,
        setup=setup,
        augment=augment,
        seed=own_seed,
        fabric=fabric,
        on_epoch=on_epoch,
        snapshots=snapshots,
    )


def _check(model: Classifier, counts: list[int]) -> None:
    if not isinstance(model, Classifier):
        raise InputError(
            f"model is a {type(model).__name__}; a Classifier is needed: "
            "split_head(model, name of its last layer) makes one"
        )
    num_classes = head_size(model.head)[1]
    if len(counts) > num_classes:
        raise InputError(f"train has labels up to {len(counts) - 1}; the head has {num_classes}")
    empty = [k for k in range(num_classes) if k >= len(counts) or counts[k] == 0]
    if empty:
        raise InputError(f"train has no sample of class {empty[0]} of 0..{num_classes - 1}")


def _check_fits(model: Classifier, train: Dataset[Any]) -> None:
    """Show the network one sample: what does not fit is said before anything is trained."""
    sample = train[0][0]
    try:
        predict_logits(model, Subset(train, [0]))
    except (RuntimeError, ValueError, IndexError, TypeError) as error:
        described = f"shape {tuple(sample.shape)} and dtype {sample.dtype}"
        raise InputError(f"model cannot take train's samples, of {described}: {error}") from error
