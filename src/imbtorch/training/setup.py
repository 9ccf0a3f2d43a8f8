"""The `Setup` class: optimizer settings and the learning-rate schedule."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import nn

from imbtorch.errors import InputError


@dataclass(frozen=True)
class Setup:
    """SGD with momentum, linear warm-up and two decays; the defaults are the papers' for CIFAR.

    Parameters
    ----------
    batch_size : int, default=128
        Samples per batch, B, over all processes.
    lr : float, default=0.1
        Learning rate after warm-up.
    momentum : float, default=0.9
        Momentum.
    weight_decay : float, default=2e-4
        L2 penalty.
    warmup : float, default=0.025
        Fraction of all epochs over which the rate rises linearly from 0 (5 of 200).
    milestones : tuple of float, default=(0.8, 0.9)
        Fractions of all epochs at which the rate is multiplied by `decay` (160, 180 of 200).
    decay : float, default=0.01
        Factor at each milestone.

    References
    ----------
    AMO (ICLR 2020 submission), section 3.1.

    Examples
    --------
    >>> setup = Setup()
    >>> [round(setup.rate(epoch / 200), 6) for epoch in (0, 1, 5, 159, 160, 180)]
    [0.0, 0.02, 0.1, 0.1, 0.001, 1e-05]
    """

    batch_size: int = 128
    lr: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 2e-4
    warmup: float = 0.025
    milestones: tuple[float, ...] = (0.8, 0.9)
    decay: float = 0.01

    def __post_init__(self) -> None:
        for name in ("batch_size", "lr", "decay"):
            if not 0 < getattr(self, name) < float("inf"):
                raise InputError(f"{name} is {getattr(self, name)}; it must be positive and finite")
        for name in ("momentum", "weight_decay", "warmup"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise InputError(f"{name} is {getattr(self, name)}; it must be at least 0")
        if self.batch_size % 1:
            raise InputError(f"batch_size is {self.batch_size}; it must be a whole number")

    def rate(self, progress: float) -> float:
        """Return the learning rate at a fraction of all epochs, 0 <= progress < 1."""
        rate = self.lr * min(1.0, progress / self.warmup) if self.warmup else self.lr
        for milestone in self.milestones:
            if progress >= milestone:
                rate *= self.decay
        return rate

    def schedule(self, epoch: int, steps: int, total_epochs: int) -> Callable[[int], float]:
        """Return step -> learning rate for an epoch, evaluated in the middle of each step."""
        return lambda step: self.rate((epoch + (step + 0.5) / steps) / total_epochs)

    def optimizer(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """Return the optimizer for `parameters`."""
        parameters = list(parameters)
        return torch.optim.SGD(
            parameters,
            self.lr,
            momentum=self.momentum,
            weight_decay=self.weight_decay,
            fused=all(p.device.type in ("cpu", "cuda") for p in parameters),
        )


HEAD_SETUP = Setup(warmup=0.5, milestones=())
"""For a head on embeddings: 10 epochs, 5 of them warm-up, no decay (EOS, section IV-B)."""

SETUPS = {
    "resnet32": (Setup(), 200),
    "resnet56": (Setup(), 200),
    "wide-resnet": (Setup(), 100),  # EOS, section V-E4: it overfits sooner
    "densenet": (Setup(), 200),
    "small-cnn": (Setup(batch_size=64, lr=0.02, decay=0.1), 30),
    "wide-cnn": (Setup(batch_size=64, lr=0.02, decay=0.1), 30),
    "mlp": (Setup(batch_size=64, weight_decay=5e-5, warmup=0.0, milestones=(0.67,), decay=0.1), 15),
}
"""Default setup and number of epochs of each built-in network."""
