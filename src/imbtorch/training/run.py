"""The state that the phases of a training run share: model, data, devices, seeds, history."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import Dataset

from imbtorch.data.arrays import ArrayDataset, first_input, labels_of, take
from imbtorch.data.augmentation.augment import Augment
from imbtorch.data.digests import mark_of
from imbtorch.data.pixels import pixel_range
from imbtorch.data.workers import Workers
from imbtorch.models.build import head_kind
from imbtorch.models.classifier import Classifier, head_size
from imbtorch.models.inference import outputs
from imbtorch.seeding import derive_seed, same_random_state
from imbtorch.training.average import moving_average
from imbtorch.training.held_out import held_out_accuracy
from imbtorch.training.optimizer import make_optimizer
from imbtorch.training.pretrained import Pretrained
from imbtorch.training.setup import Setup

History = list[dict[str, Any]]
"""One row per epoch, JSON-ready."""
OnEpoch = Callable[[dict[str, Any]], None]
"""Called with each row of the history."""
Keep = Callable[[int, bool], None]
"""Called after an epoch with the number of epochs done in the phase, and whether that is all."""


class Run:
    """The state of one training run, which phases read and change.

    Attributes
    ----------
    model : Classifier
        The network, on the device.
    train, val : Dataset
        Training set, and the held-out set whose balanced accuracy is recorded (or None).
    setup : Setup
        Optimizer and schedule.
    fabric : Fabric
        Devices and precision.
    seed : int
        Training seed.
    epoch, total_epochs : int
        Epochs of network training done so far, and planned over all phases.
    phase_first : int
        Value of `epoch` when the current phase began.
    state : dict of str to Tensor
        What the current phase needs in order to resume from here, besides the network.
    history : list of dict
        One row per epoch: epoch, phase, loss, lr, balanced_accuracy if measured, and what a
        phase adds: batch, the statistics of a transform; class_variance and target_variance.
    examples : dict of str to Tensor
        Samples before and after a transform, if it keeps any.
    embedded : ArrayDataset or None
        Embeddings that a phase trained the head on, possibly over-sampled.
    average : AveragedModel or None
        The moving average of the weights, while the network is being trained with one.
    branch : nn.Module or None
        What is learned beside the network and is no part of it, see `imbtorch.places.Branch`.
    pretrained : Pretrained
        Provides the network that M2m uses; `asked_pretrained` says whether a method needed it.
    workers : Workers
        Processes that load what is not in memory.
    seconds : float
        Training time, without evaluation and without waiting for `pretrained`.
    shared_seconds : dict
        Method -> training time of the networks that it shares with other runs.
    """

    def __init__(
        self,
        model: Classifier,
        train: Dataset[Any],
        val: Dataset[Any] | None,
        *,
        setup: Setup,
        fabric: Fabric,
        seed: int,
        total_epochs: int,
        augment: Augment | None,
        pretrained: Pretrained,
        eval_every: int,
        on_epoch: OnEpoch | None,
        workers: Workers | None = None,
    ) -> None:
        self.model, self.train, self.val = model, train, val
        self.setup, self.fabric, self.seed = setup, fabric, seed
        self.epoch, self.total_epochs, self.phase_first = 0, total_epochs, 0
        self.state: dict[str, Tensor] = {}
        self.optimizer_state: dict[str, Any] | None = None
        self.average: AveragedModel | None = None
        self.branch: Any = None
        self.keep: Keep | None = None
        self.augment, self.pretrained, self.asked_pretrained = augment, pretrained, False
        self.eval_every, self.on_epoch = eval_every, on_epoch
        self.history: History = []
        self.examples: dict[str, Tensor] = {}
        self.embedded: ArrayDataset | None = None
        self.workers, self.seconds = workers or Workers(), 0.0
        self.shared_seconds: dict[str, float] = {}
        self.labels = labels_of(train)
        self.counts: list[int] = torch.bincount(self.labels).tolist()
        self._optimized: tuple[nn.Module, Any] | None = None

    @cached_property
    def marks(self) -> dict[str, str]:
        """What tells the data sets from others: train and, if there is one, val -> a hash."""
        held_out = {} if self.val is None else {"val": mark_of(self.val)}
        return {"train": mark_of(self.train, self.labels), **held_out}

    def known(self, purpose: str) -> Mapping[str, Callable[[], Any]]:
        """Return what a phase's methods can request by argument name: name -> function.

        Parameters
        ----------
        purpose : str
            What the seeds are for. The same purpose gives the same seeds in every process.
        """
        smoothing = self.setup.label_smoothing
        return {
            **({"label_smoothing": lambda: smoothing} if smoothing else {}),
            "class_counts": lambda: self.counts,
            "num_classes": lambda: len(self.counts),
            "embedding_size": lambda: head_size(self.model.head)[0],
            "labels": lambda: self.labels,
            "train": lambda: self.train,
            "augment": lambda: self.augment,
            "pretrained": self.pretrained_network,
            "input_range": self._input_range,
            "seed": lambda: derive_seed(self.seed, purpose),
            "random_state": lambda: derive_seed(self.seed, purpose),
            "num_replicas": lambda: self.fabric.world_size,
            "rank": lambda: self.fabric.global_rank,
        }

    def _input_range(self) -> tuple[float, float] | None:
        return pixel_range(self.train) if first_input(self.train).ndim == 3 else None

    def pretrained_network(self) -> nn.Module:
        """Return the pretrained network, on the device and in evaluation mode."""
        self.asked_pretrained = True
        return self.fabric.to_device(self.pretrained()).eval()

    def optimized(self) -> tuple[nn.Module, Any]:
        """Return the network and its optimizer, set up for the devices on first use."""
        if self._optimized is None:
            more = () if self.branch is None else self.branch.parameters()
            optimizer = make_optimizer(self.setup, self.model, self.optimizer_state, more)
            if self.setup.ema:
                average = self.average or moving_average(self.model, self.setup.ema)
                self.average = average
                optimizer.register_step_post_hook(lambda *_: average.update_parameters(self.model))
            self._optimized = self.fabric.setup(self.model, optimizer)
        return self._optimized

    def embed(self, dataset: Dataset[Any]) -> tuple[Tensor, Tensor]:
        """Return the embeddings and labels of a whole data set, the same in every process.

        Each process embeds its share, and the shares are gathered; see `imbtorch.models.embed`.
        """
        processes = self.fabric.world_size
        if processes == 1:
            return outputs(self.model, self.model.embeddings, dataset, workers=self.workers)
        size: int = len(dataset)  # type: ignore[arg-type]
        share = -(-size // processes)  # the last share is padded with the last sample
        mine = torch.arange(share).add(share * self.fabric.global_rank).clamp(max=size - 1)
        part = take(dataset, mine)
        whole = []
        for values in outputs(self.model, self.model.embeddings, part, workers=self.workers):
            parts = [torch.empty_like(values) for _ in range(processes)]
            torch.distributed.all_gather(parts, values)
            whole.append(torch.cat(parts)[:size])
        return whole[0], whole[1]

    def begin(self, first: int, keep: Keep | None, *, trains_network: bool) -> None:
        """Begin or resume a phase; `first` is the epoch at which it begins."""
        if not trains_network:
            self.adopt_average()
        if first == self.epoch:
            self.state = {}
        self.phase_first, self.keep = first, keep

    def change_head(self, head: nn.Module) -> None:
        """Replace the network's head; a later phase starts with a new optimizer."""
        self.model.head = head
        if self.model.spec is not None:
            self.model.spec["head"] = head_kind(head)
        self._optimized = self.optimizer_state = None

    def adopt_average(self) -> None:
        """Give the network the averaged weights, if there are any, for good."""
        if self.average is not None:
            self.model.load_state_dict(self.average.module.state_dict())
            self.average = self._optimized = self.optimizer_state = None

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Count the block's time as training time, except for waiting for `pretrained`."""
        start, waited = time.perf_counter(), self.pretrained.waited
        yield
        if self.fabric.device.type == "cuda":
            torch.cuda.synchronize()
        self.seconds += time.perf_counter() - start - (self.pretrained.waited - waited)

    def record(
        self,
        phase: str,
        loss: float,
        lr: float,
        *,
        last: bool,
        more: Mapping[str, Any] | None = None,
        measured: tuple[nn.Module, Dataset[Any] | None] | None = None,
    ) -> None:
        """Add an epoch to the history, with the held-out accuracy if it is due.

        `more` holds further entries of the row. `measured` is the module to measure and its
        data, by default the network, or its average, and `val`: a phase that trains only a part
        of the network passes that part and its inputs.
        """
        model, val = measured or (self.average.module if self.average else self.model, self.val)
        row: dict[str, Any] = {
            "epoch": len(self.history) + 1,
            "phase": phase,
            "loss": loss,
            "lr": lr,
        }
        row.update(more or {})
        if val is not None and (last or row["epoch"] % self.eval_every == 0):
            with same_random_state():  # a data set may draw: measuring does not change training
                row["balanced_accuracy"] = held_out_accuracy(model, val, self.workers)
        self.history.append(row)
        if self.on_epoch is not None:
            self.on_epoch(row)
