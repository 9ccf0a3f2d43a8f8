"""The `fit` function: train a network on imbalanced data with a recipe."""

from copy import deepcopy
from functools import partial

import torch
from lightning_fabric import Fabric
from torch import nn

from imbtorch.data.arrays import Samples, as_dataset, class_counts
from imbtorch.data.augmentation.augment import Augment
from imbtorch.data.workers import Workers
from imbtorch.errors import InputError
from imbtorch.models.build import fresh_copy, replace_head
from imbtorch.models.classifier import Classifier, CosineHead
from imbtorch.models.inference import check_takes
from imbtorch.option_types import check_whole
from imbtorch.seeding import derive_seed, same_random_state, scoped_seed
from imbtorch.training.ahead import check_phases
from imbtorch.training.branch import add_branch
from imbtorch.training.checks import (
    check_classes,
    check_divided,
    check_precision,
    check_same_data,
    check_smoothing,
)
from imbtorch.training.fit_result import FitResult as FitResult
from imbtorch.training.freeze import frozen, give_frozen
from imbtorch.training.given_back import given_back
from imbtorch.training.movable import check_movable
from imbtorch.training.pretrained import Pretrained
from imbtorch.training.recipe import Recipe
from imbtorch.training.recipes import make_recipe, recipe_of
from imbtorch.training.run import OnEpoch, Run
from imbtorch.training.setup import Setup
from imbtorch.training.snapshots import Snapshots, phases_to_run
from imbtorch.training.takes_rows import check_samples


@same_random_state()
def fit(
    recipe: Recipe | str,
    model: Classifier,
    train: Samples,
    val: Samples | None = None,
    *,
    epochs: int | None = None,
    setup: Setup | None = None,
    augment: Augment | None = None,
    pretrained: nn.Module | Pretrained | None = None,
    seed: int = 0,
    fabric: Fabric | None = None,
    eval_every: int = 1,
    on_epoch: OnEpoch | None = None,
    snapshots: Snapshots | None = None,
    num_workers: int = 0,
) -> FitResult:
    """Train a network on imbalanced data with a recipe.

    Parameters
    ----------
    recipe : Recipe or str
        A recipe or its name (see `make_recipe`).
    model : Classifier
        Network with random or pretrained parameters; it is trained in place. `split_head` turns
        your own network into one.
    train, val : Dataset or pair (x, y)
        A torch Dataset that yields (x, y) with y in 0..K-1, a Hugging Face Dataset, or arrays;
        in several processes the same whole data set in each. The balanced accuracy on `val` is
        recorded, but nothing is selected by it: the last epoch is returned.
    epochs : int, optional
        Epochs of a recipe given by name, by default 200; the phases of a Recipe have their own.
    setup : Setup, optional
        Optimizer and learning-rate schedule; what is frozen; whether the weights are averaged.
        What the recipe says of these itself comes first, as in "cosine" and "ema".
    augment : callable, optional
        Batch-wise augmentation, such as `crop_flip`, unless the recipe brings its own.
    pretrained : nn.Module or Pretrained, optional
        Trained network for recipes that translate (m2m), or an object that provides one on
        demand. By default, a network of the same form is first trained on `train` by plain ERM,
        with the given `setup` and `augment`, so that it is the same for all recipes.
    seed : int, default=0
        Training seed: order, augmentation, dropout, new heads, methods.
    fabric : Fabric, optional
        Devices and precision (32-true, bf16-mixed or 16-mixed); by default the machine's best
        single device in float32. Under a launcher (``torchrun``), pass a launched Fabric with as
        many devices.
    eval_every : int, default=1
        Epochs between measurements on `val`; the last epoch is always measured, before the phases
        that change the head without epochs.
    on_epoch : callable, optional
        Called with each row of the history, including rows restored from a snapshot.
    snapshots : Snapshots, optional
        Keeps the state on disk so that an interrupted run can resume. Single process only.
    num_workers : int, default=0
        Processes that load each of `train` and `val`, if it is a Dataset whose samples take time to
        make, such as photographs to decode; arrays need none. The figures do not depend on it: see
        `imbtorch.data.workers.Workers`. Not above 0 for a data set that holds an open file (HDF5,
        zip), which processes would share.

    Returns
    -------
    FitResult

    Raises
    ------
    InputError
        If the data does not fit the network or the recipe, a class has no samples, or the loss
        diverges; if `epochs` are not those of a Recipe; if the processes of a distributed run were
        given different data.

    Examples
    --------
    >>> from imbtorch.models import mlp
    >>> x = torch.cat([torch.randn(90, 2), torch.randn(10, 2) + 3])
    >>> y = torch.tensor([0] * 90 + [1] * 10)
    >>> result = fit("drs", mlp((2,), 2), (x, y), (x, y), epochs=5)
    >>> [row["phase"] for row in result.history]
    ['train', 'train', 'train', 'train', 'train']
    """
    recipe = recipe_of(recipe, epochs)
    check_whole("seed", seed, 0, 2**64 - 1)  # the most that torch takes
    check_whole("eval_every", eval_every, 1, 2**63 - 1)
    seed, eval_every = int(seed), int(eval_every)
    workers = Workers(num_workers)
    fabric = fabric or Fabric(accelerator="auto", devices=1)
    check_precision(fabric)
    setup = recipe.trained_with(given := setup or Setup())
    train, val = as_dataset(train), None if val is None else as_dataset(val)
    check_same_data(fabric, train, val)
    check_divided(fabric, recipe)
    check_classes(model, class_counts(train))
    check_smoothing(recipe, setup)
    with scoped_seed(seed):
        check_takes(model, train, "train")
        check_samples(recipe, train)
        check_movable(recipe, train)
    if val is not None:
        with same_random_state():
            check_takes(model, val, "val")
    if recipe.head is not None and not isinstance(model.head, recipe.head):
        replace_head(model, recipe.head, derive_seed(seed, "head"))
        if setup.optimizer == "adamw" and isinstance(model.head, CosineHead):
            model.head.to_unit_length()
    fabric.to_device(model.to(memory_format=torch.channels_last))  # type: ignore[call-overload]
    lent = [pretrained] if isinstance(pretrained, nn.Module) else []
    if pretrained is None:
        asked = any(phase.takes_pretrained for phase in recipe.phases)
        begun = deepcopy(model) if asked else model  # when a phase asks, it will have learned
        how = (train, recipe.epochs, given, augment, seed, fabric)
        make = partial(train_pretrained, begun, *how, snapshots=snapshots, num_workers=num_workers)
        pretrained = Pretrained(make, seed=seed)
    elif isinstance(pretrained, nn.Module):
        pretrained = Pretrained(pretrained, seed=seed)
    elif not isinstance(pretrained, Pretrained):
        raise InputError(
            f"pretrained is a {type(pretrained).__name__}; an nn.Module or a Pretrained is needed"
        )
    run = Run(
        model,
        train,
        val,
        setup=setup,
        fabric=fabric,
        seed=seed,
        total_epochs=recipe.epochs,
        augment=recipe.augmented_by(augment),
        pretrained=pretrained,
        eval_every=eval_every,
        on_epoch=on_epoch,
        workers=workers,
    )
    check_phases(run, recipe)
    add_branch(run, recipe)
    own = scoped_seed(derive_seed(seed, "fit"))
    with own, frozen(model, setup), workers, given_back(fabric, *lent):
        pretrained.check_apart(model)
        try:
            for first, phase, keep in phases_to_run(run, recipe, snapshots):
                run.begin(first, keep, trains_network=phase.trains_network)
                phase.run(run)
            run.adopt_average()
        except KeyboardInterrupt:
            if snapshots is not None:
                snapshots.write_held()
            raise
    # where the run goes on from a state that needed it, it is made here, and its time counts
    second = pretrained() if run.asked_pretrained else None
    if second is not None and not lent:
        second.cpu()
    shared = (0.0 if second is None else pretrained.seconds) + sum(run.shared_seconds.values())
    model.zero_grad()
    return FitResult(
        model.cpu().eval(),
        run.history,
        run.seconds + shared,
        second,
        run.examples,
        run.embedded,
        shared,
    )


def train_pretrained(
    model: Classifier,
    train: Samples,
    epochs: int,
    setup: Setup | None = None,
    augment: Augment | None = None,
    seed: int = 0,
    fabric: Fabric | None = None,
    on_epoch: OnEpoch | None = None,
    snapshots: Snapshots | None = None,
    num_workers: int = 0,
) -> FitResult:
    """Train the network that M2m translates against: ERM on the same data.

    Parameters
    ----------
    model : Classifier
        Only its form and what is not trained of it are used (what `setup` freezes, and parameters
        that require no gradients); the rest starts from parameters of its own.
    train, epochs, setup, augment, seed, fabric, on_epoch, snapshots, num_workers
        As for `fit`. Its random numbers differ from those of any run with the same seed.

    Returns
    -------
    FitResult
    """
    own_seed = derive_seed(seed, "generator")  # stored results depend on this string
    network = fresh_copy(model, own_seed)
    give_frozen(network, model, setup or Setup())
    if isinstance(network.head, CosineHead):  # plain cross-entropy needs unbounded logits
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
        num_workers=num_workers,
    )
