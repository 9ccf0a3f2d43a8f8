"""M2m and EOS as Lightning callbacks, for both `pytorch_lightning` and `lightning`."""

from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np
from lightning_fabric import Fabric
from torch import nn
from torch.utils.data import DataLoader

from imbtorch.data.arrays import ArrayDataset, Samples, as_dataset, take
from imbtorch.errors import InputError
from imbtorch.extras import extra
from imbtorch.models.backbones.torchvision import import_torchvision
from imbtorch.models.build import replace_head
from imbtorch.models.classifier import Classifier, head_size
from imbtorch.models.inference import embed
from imbtorch.option_types import check_whole
from imbtorch.places import BatchTransform, OverSampler
from imbtorch.resampling.apply import resample_dataset
from imbtorch.seeding import derive_seed
from imbtorch.training.head import head_epochs
from imbtorch.training.setup import HEAD_SETUP


def _callbacks() -> tuple[type, ...]:
    """Return the class `Callback` of each package: a trainer accepts only its own."""
    with suppress(ImportError):  # Lightning's metrics import it where it is installed
        import_torchvision()
    found = []
    for name in ("pytorch_lightning", "lightning.pytorch"):
        try:
            found.append(import_module(name).Callback)
        except ImportError:
            continue
    with extra("lightning", "imbtorch.lightning"):
        if not found:
            raise ImportError(name="pytorch_lightning")
    return tuple(found)


if TYPE_CHECKING:
    from pytorch_lightning import Callback as _Callback
    from pytorch_lightning import LightningModule, Trainer
else:
    _Callback = type("_Callback", _callbacks(), {})


class M2mCallback(_Callback):
    """Translate the training batches of a Lightning trainer, starting at a given epoch.

    Parameters
    ----------
    m2m : callable
        ``(x, y, model) -> (x, y)``: an `M2m`, whose pretrained network is moved to the module's
        device, or another batch transform, such as `AOS`.
    first_epoch : int, default=0
        First epoch whose batches are translated, counted from 0 like ``trainer.current_epoch``;
        the paper starts after 80 % of the epochs.

    Raises
    ------
    InputError
        If `first_epoch` is no whole number of at least 0; when training starts, if the module does
        not have exactly one attribute that is a `Classifier`; if a batch is not a list ``[x, y]``.

    Notes
    -----
    The ``LightningModule`` must hold its network as a `Classifier`, which the transform receives:
    ``self.network = split_head(my_network, "fc")``. Batches are lists ``[x, y, ...]``, as a
    ``DataLoader`` makes them from a data set of pairs; the callback replaces their first two
    items and writes to no tensor. Give the ``DataLoader`` a `ClassBalancedSampler`: Lightning
    sets its epoch and does not shard it again.

    Differs from the paper, where batches are class-balanced only from the first translated epoch
    on: here the sampler belongs to the data loader and acts in every epoch.

    References
    ----------
    AMO (ICLR 2020 submission), section 2 and Algorithm 1.

    Examples
    --------
    >>> from imbtorch.transforms import M2m
    >>> m2m = M2m(nn.Linear(2, 2), class_counts=[90, 10])
    >>> callback = M2mCallback(m2m, first_epoch=160)  # Trainer(max_epochs=200, callbacks=[...])
    >>> callback.first_epoch
    160
    """

    def __init__(self, m2m: BatchTransform, first_epoch: int = 0) -> None:
        self.m2m, self.first_epoch = m2m, check_whole("first_epoch", first_epoch, 0)

    def on_train_start(self, trainer: "Trainer", pl_module: "LightningModule") -> None:
        """Check the module and move the pretrained network to its device."""
        _network(pl_module)
        pretrained = getattr(self.m2m, "pretrained", None)
        if isinstance(pretrained, nn.Module):
            pretrained.to(pl_module.device)

    def on_train_batch_start(
        self, trainer: "Trainer", pl_module: "LightningModule", batch: object, batch_idx: int
    ) -> None:
        """Put the translated samples and their labels into the batch."""
        if not isinstance(batch, list) or len(batch) < 2:
            raise InputError(
                f"batch is a {type(batch).__name__}; it must be a list [x, y], as a DataLoader "
                "makes from pairs: return one from your collate_fn"
            )
        if trainer.current_epoch >= self.first_epoch:
            batch[0], batch[1] = self.m2m(batch[0], batch[1], _network(pl_module))


class EOSCallback(_Callback):
    """Give the network of a Lightning module a new head when its training ends.

    EOS's second and third phases: the trained features embed the training set, the embeddings
    are over-sampled, and a new linear head is trained on them with cross-entropy. The features
    do not change.

    Parameters
    ----------
    eos : object with ``fit_resample``
        An `EOS`, or another over-sampler of embeddings (see `make_over_sampler`).
    epochs : int, default=10
        Epochs over the over-sampled embeddings, at least 1.
    train : Dataset or pair (x, y), optional
        The data set to embed. By default the data set of the training
        ``DataLoader``; if that applies random augmentation, pass one without it.
    seed : int, default=0
        Determines the initial parameters and the order of the samples.

    Raises
    ------
    InputError
        If `epochs` is no whole number of at least 1; when training starts, if the module does not
        have exactly one attribute that is a `Classifier`, if `train` is None and there is more
        than one training data loader, or if the data set does not yield pairs (x, y).

    Notes
    -----
    The ``LightningModule`` must hold its network as a `Classifier`:
    ``self.network = split_head(my_network, "fc")``. Checkpoints written during training hold
    the old head; ``trainer.save_checkpoint`` after ``fit`` stores the new one.

    In a distributed run every process embeds the whole training set; all train the same head if
    `eos` has a fixed ``random_state``.

    References
    ----------
    EOS (Dablain et al.), section III-C; optimizer as in `RefitHead`.

    Examples
    --------
    >>> from imbtorch.resampling import EOS
    >>> callback = EOSCallback(EOS(n_neighbors=50, random_state=0))  # Trainer(callbacks=[...])
    >>> callback.epochs
    10
    """

    def __init__(
        self,
        eos: OverSampler,
        *,
        epochs: int = 10,
        train: Samples | None = None,
        seed: int = 0,
    ) -> None:
        self.eos, self.epochs = eos, check_whole("epochs", epochs, 1)
        self.train, self.seed = train, seed

    def on_train_start(self, trainer: "Trainer", pl_module: "LightningModule") -> None:
        """Check the module and the data loader before training starts."""
        network = _network(pl_module)
        head_size(network.head)
        one = take(as_dataset(self._dataset(trainer)), np.arange(1))
        embed(network, one)  # what it does not take is said now, not after all the training

    def on_train_end(self, trainer: "Trainer", pl_module: "LightningModule") -> None:
        """Embed the data, over-sample, and train a new head on the network."""
        network, device = _network(pl_module), pl_module.device
        dtype = next(network.head.parameters()).dtype
        embedded = ArrayDataset(*embed(network, self._dataset(trainer)))
        data = resample_dataset(self.eos, embedded)
        one = 1 if device.index is None else [device.index]
        fabric = Fabric(accelerator=device.type, devices=one)
        replace_head(network, nn.Linear, derive_seed(self.seed, "head"))
        for _ in head_epochs(
            network.head, data, self.epochs, setup=HEAD_SETUP, seed=self.seed, fabric=fabric
        ):
            pass
        network.head.to(dtype)

    def _dataset(self, trainer: "Trainer") -> Samples:
        if self.train is not None:
            return self.train
        loader = trainer.train_dataloader
        if not isinstance(loader, DataLoader):
            raise InputError(
                f"train is None and the training data loader is a {type(loader).__name__}; pass "
                "the data set as train, or use a single DataLoader"
            )
        dataset: Samples = loader.dataset
        return dataset


def _network(module: nn.Module) -> Classifier:
    """Return the network of a Lightning module."""
    found = [child for child in module.children() if isinstance(child, Classifier)]
    if len(found) != 1:
        raise InputError(
            f"{type(module).__name__} has {len(found)} attributes that are a Classifier; it must "
            "have exactly one: self.network = split_head(network)"
        )
    return found[0]
