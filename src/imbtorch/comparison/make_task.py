"""Make a task from the options of a command, with defaults for everything left open."""

from collections.abc import Sequence
from typing import Any

from imbtorch.comparison.checks import check_how
from imbtorch.comparison.folded_task import FoldedTask
from imbtorch.comparison.network_options import (
    check_freeze,
    check_optimizer,
    choose_setup,
    open_network,
)
from imbtorch.comparison.origin import Origin
from imbtorch.comparison.precision import settled
from imbtorch.comparison.sized_defaults import BENCHMARKS, sized
from imbtorch.comparison.task import Task
from imbtorch.data.arrays import labels_of
from imbtorch.data.as_float import as_float
from imbtorch.data.augmentation.augment import augment_by_name
from imbtorch.data.folds import load_folds
from imbtorch.data.images.image_input import ImageInput
from imbtorch.data.inputs import IN_WORDS, stored_kind
from imbtorch.data.load import load_data
from imbtorch.errors import InputError
from imbtorch.option_types import check_whole
from imbtorch.training.batch_memory import check_batch_memory
from imbtorch.training.freeze import frozen_part
from imbtorch.training.recipes import make_recipe
from imbtorch.training.setup import Setup

BUILT_IN: dict[str, dict[str, Any]] = {
    "digits": {"ratio": 40.0, "epochs": 100, "batch_size": 32},
}
"""Defaults of built-in data sets, chosen on a validation split of the training set."""
LARGEST_IMAGE = 4096
"""Height and width in pixels to which images can be resized at most."""


def make_task(
    data: str,
    *,
    profile: str = "auto",
    ratio: float | None = None,
    model: str = "auto",
    epochs: int | None = None,
    data_seed: int = 0,
    label: str | None = None,
    columns: str | Sequence[str] | None = None,
    train_split: str | None = None,
    test_split: str | None = None,
    image_size: int | None = None,
    augment: str = "auto",
    lr: float | None = None,
    batch_size: int | None = None,
    precision: str = "32-true",
    pretrained: str | None = None,
    from_scratch: bool = False,
    freeze: str = "none",
    optimizer: str | None = None,
    schedule: str | None = None,
    warmup: float | None = None,
    weight_decay: float | None = None,
    clip: float | None = None,
    label_smoothing: float | None = None,
    layer_decay: float | None = None,
    ema: float | None = None,
    folds: int | None = None,
) -> Task:
    """Load DATA and choose defaults for the options left open.

    Parameters
    ----------
    data : str
        digits (built in), a folder or file (images, CSV, Parquet, npz), a hub name, or reuters,
        twitter, mnist, cifar10 or mnist-back-rotation if their folders are in $IMBTORCH_DATA.
    profile : str, default="auto"
        Imbalance to make in the training set: auto, none, exponential, step, step:MU (MU is the
        fraction of minority classes, by default .5), linear, random:P (four classes lose the
        fraction P) or gaussian:P (all classes together lose the fraction P). auto makes a
        balanced benchmark exponential and leaves other data as they are.
    ratio : float, optional
        Largest / smallest class count of the profile, by default 100 (digits: 40).
    model : str, default="auto"
        resnet32, resnet32-m2m (the same, initialized and warmed up as M2m's authors do), resnet56,
        wide-resnet, densenet, small-cnn, wide-cnn, mlp or linear. auto chooses resnet32 for color
        images, small-cnn for gray ones and mlp for texts and features. Networks from elsewhere:
        timm:NAME, hf:NAME-or-folder, torchvision:NAME, path/to/module.py:factory.
    epochs : int, optional
        Epochs of network training, by default the network's usual number; on data of one's own,
        as many as make 1,000 to 20,000 steps, see `imbtorch.comparison.sized_defaults.sized`.
    data_seed : int, default=0
        Decides which samples are kept and which are held out.
    label : str, optional
        Label column, by default the first with a usual name (label, target, class, ...).
    columns : str or sequence of str, optional
        Input columns, a list or separated by commas, by default all that are of use.
    train_split : str, optional
        Name of the training split, by default the usual ones; none if no folder is a split.
    test_split : str, optional
        Name of the held-out split, by default the usual ones; none to hold a quarter out;
        group:COLUMN to divide no group of a column; time:COLUMN[:DATE] to hold out the latest
        quarter, or all from a date on.
    image_size : int, optional
        Height and width in pixels to which images are scaled and cut, by default the network's
        own or, up to 96, what most images have; 64 for larger ones.
    augment : str, default="auto"
        none, crop, crop-flip, cutout, erase, trivial, rand, auto:cifar or auto:imagenet, or
        several joined with +. auto crops and flips color images and only crops gray ones, whose
        digits and letters do not survive a flip; none with a frozen backbone.
    lr : float, optional
        Learning rate, by default the network's usual one.
    batch_size : int, optional
        Samples per batch, by default the network's usual number, but at most a tenth of the
        training set.
    precision : str, default="32-true"
        32-true, or bf16-mixed, which is faster where the processor supports it; auto: bf16-mixed
        where it does, else 32-true; also 16-mixed.
    pretrained : str, optional
        File with the weights that a network from elsewhere starts from, by default those of its
        library.
    from_scratch : bool, default=False
        Whether a network from elsewhere starts from random weights.
    freeze : str, default="none"
        What is not trained: none, backbone (all but the head: each sample is embedded once, and
        all recipes train on the embeddings), or but:N (all but the last N blocks and the head).
    optimizer : str, optional
        sgd or adamw, by default the network's usual one.
    schedule : str, optional
        Of the learning rate: step, cosine or constant, by default the network's usual one.
    warmup : float, optional
        Fraction of the epochs over which the learning rate rises.
    weight_decay : float, optional
        Weight decay, by default the network's usual one.
    clip : float, optional
        Largest norm of the gradients of a step.
    label_smoothing : float, optional
        Share of a label that is spread over all classes.
    layer_decay : float, optional
        Factor of the learning rate from each block to the one before it.
    ema : float, optional
        Decay of the moving average of the weights, by default none.
    folds : int, optional
        Number of folds, each of which is held out in turn, by default none.

    Returns
    -------
    Task

    Raises
    ------
    InputError
        If the data cannot be used (see `load_data`) or an option is unknown.
    """
    precision = settled(precision)
    check_how(epochs, data_seed, precision)
    augment_by_name("none" if augment == "auto" else augment)
    if image_size is not None:
        check_whole("image_size", image_size, 1, LARGEST_IMAGE)
    options: dict[str, Any] = {"lr": lr, "batch_size": batch_size, "optimizer": optimizer}
    options |= {"schedule": schedule, "warmup": warmup, "weight_decay": weight_decay, "clip": clip}
    options |= {"label_smoothing": label_smoothing, "layer_decay": layer_decay, "ema": ema}
    asked = {name: value for name, value in options.items() if value is not None}
    wanted = Setup(**asked, freeze=freeze)  # raises if one of them is out of range
    backbone, start = open_network(model, pretrained, from_scratch)
    check_freeze(model, backbone, wanted, augment)
    check_optimizer(model, start, freeze, asked)
    usual: dict[str, Any] = {"ratio": 100.0, **BUILT_IN.get(data, {})}
    how: dict[str, Any] = {"profile": profile, "data_seed": data_seed, "image_size": image_size}
    how |= {"label": label, "columns": columns, "train_split": train_split}
    how |= {"ratio": usual["ratio"] if ratio is None else ratio, "test_split": test_split}
    how["takes"] = None if backbone is None else backbone.takes
    divided = None if folds is None else load_folds(data, folds, **how)
    loaded = load_data(data, **how) if divided is None else divided.data(0)
    spec = loaded.input
    if augment not in ("auto", "none") and not isinstance(spec, ImageInput):
        raise InputError(
            f"augment is {augment!r}, which changes images; DATA holds "
            f"{IN_WORDS[stored_kind(spec)]}: choose none"
        )
    color = isinstance(spec, ImageInput) and not loaded.gray
    if model == "auto":
        model = "resnet32" if color else "small-cnn" if isinstance(spec, ImageInput) else "mlp"
    if augment == "auto" and freeze != "backbone":
        augment = "crop-flip" if color else "crop" if isinstance(spec, ImageInput) else "none"
    augment = "none" if augment == "auto" else augment
    origin = None
    if backbone is not None:
        origin = Origin.of(backbone, start, loaded.shape, len(loaded.classes))
        usual = {}  # the data's are for built-in networks
    setup, usual_epochs = choose_setup(model, start, freeze, {**usual, **asked})
    if data not in BENCHMARKS:
        trained = backbone is not None and bool(backbone.pretrained)
        samples = len(labels_of(loaded.train))
        setup, usual_epochs = sized(setup, usual_epochs, samples, asked, pretrained=trained)
    whole = usual.get("epochs", usual_epochs) if epochs is None else epochs
    task = Task(loaded, data_seed, model, whole, setup, augment, precision, origin=origin)
    if setup.trained_blocks:
        frozen_part(task.network(0), setup)  # raises if the network has no more blocks than these
    if origin is None:
        network = task.network(0)  # raises if the network is unknown or cannot take this input
        if isinstance(spec, ImageInput) and task.fabric().device.type == "cpu":
            check_batch_memory(network, as_float(loaded.train[0][0]), setup.batch_size)
    make_recipe("erm", task.epochs)
    return task if divided is None else FoldedTask.of(task, divided)
