"""The `Setup` class: how a network is trained; its optimizer and learning-rate schedule."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import cos, pi
from typing import ClassVar

from imbtorch.errors import InputError
from imbtorch.option_types import check_whole, is_number


@dataclass(frozen=True)
class Setup:
    r"""Optimizer, learning-rate schedule and what is trained; the defaults are CIFAR's papers'.

    Parameters
    ----------
    batch_size : int, default=128
        Samples per batch, B, over all processes.
    lr : float, default=0.1
        Learning rate after warm-up.
    momentum : float, default=0.9
        Momentum of SGD; of AdamW, the decay of the mean gradient (its first beta).
    weight_decay : float, default=2e-4
        L2 penalty of SGD, on all parameters; decoupled decay of AdamW, not on biases and the
        parameters of norms (those with fewer than two dimensions).
    warmup : float, default=0.025
        Fraction of all epochs, in [0, 1], over which the rate rises linearly from 0 (5 of 200).
    milestones : tuple of float, default=(0.8, 0.9)
        Fractions of all epochs, in (0, 1), at which the step schedule multiplies the rate by
        `decay` (160, 180 of 200).
    decay : float, default=0.01
        Factor at each milestone, in (0, 1].
    optimizer : {"sgd", "adamw"}, default="sgd"
        Stochastic gradient descent with momentum, or AdamW.
    schedule : {"step", "cosine", "constant"}, default="step"
        The rate after warm-up, see the notes.
    clip : float, optional
        Largest norm of all gradients of a step together; larger ones are scaled down to it.
    label_smoothing : float, default=0.0
        Share of a label that is spread over all classes, in [0, 1), for losses with an argument of
        that name; a recipe that sets its own keeps it.
    layer_decay : float, default=1.0
        Factor of the learning rate from each block to the one before it, in (0, 1]: block i of n
        (the first is 0) learns with ``lr * layer_decay ** (n - i)``, the head with ``lr``.
    freeze : str, default="none"
        What keeps its parameters and statistics: "none", "backbone" (all but the head), or "but:N"
        (all but the last N blocks and the head).
    ema : float, default=0.0
        Decay per step of an exponential moving average of the weights, which is then what is
        measured and returned, in [0, 1); 0 for none. See `imbtorch.training.average`.
    ramp : {"steps", "epochs"}, default="steps"
        Whether the rate rises in each step of the warm-up, or once an epoch, see the notes.

    Notes
    -----
    At the fraction p of all epochs, with warm-up w, the rate is lr * p / w while p < w; with the
    ramp "epochs", an epoch of the warm-up has the rate at its end in all its steps. After it,

    - "step": lr * decay ** (number of milestones <= p);
    - "cosine": lr * (1 + cos(pi * (p - w) / (1 - w))) / 2, which falls from lr to 0;
    - "constant": lr.

    References
    ----------
    AMO (ICLR 2020 submission), section 3.1. AdamW: Loshchilov and Hutter, ICLR 2019. Cosine: the
    same, "SGDR", ICLR 2017. Layer decay: ELECTRA (Clark et al., ICLR 2020), with the numbering of
    BEiT (Bao et al., ICLR 2022).

    Examples
    --------
    >>> setup = Setup()
    >>> [round(setup.rate(epoch / 200), 6) for epoch in (0, 1, 5, 159, 160, 180)]
    [0.0, 0.02, 0.1, 0.1, 0.001, 1e-05]
    >>> cosine = Setup(lr=0.2, schedule="cosine", warmup=0.2)
    >>> [round(cosine.rate(p), 6) for p in (0.1, 0.2, 0.6, 1.0)]
    [0.1, 0.2, 0.1, 0.0]
    """

    batch_size: int = 128
    lr: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 2e-4
    warmup: float = 0.025
    milestones: tuple[float, ...] = (0.8, 0.9)
    decay: float = 0.01
    optimizer: str = "sgd"
    schedule: str = "step"
    clip: float | None = None
    label_smoothing: float = 0.0
    layer_decay: float = 1.0
    freeze: str = "none"
    ema: float = 0.0
    ramp: str = "steps"

    # `describe` leaves these out at their default: results of before had none of them
    recorded_if_set: ClassVar = (
        "optimizer",
        "schedule",
        "clip",
        "label_smoothing",
        "layer_decay",
        "freeze",
        "ema",
        "ramp",
    )

    def __post_init__(self) -> None:
        batch_size = check_whole("batch_size", self.batch_size, 1, 2**63 - 1)
        object.__setattr__(self, "batch_size", batch_size)
        for name in ("lr", *(["clip"] if self.clip is not None else [])):
            if not 0 < getattr(self, name) < float("inf"):
                raise InputError(f"{name} is {getattr(self, name)}; it must be positive and finite")
        for name in ("momentum", "weight_decay"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise InputError(f"{name} is {getattr(self, name)}; it must be at least 0")
        if not 0 <= self.warmup <= 1:
            raise InputError(f"warmup is {self.warmup}; a fraction of all epochs is needed, 0..1")
        at = self.milestones
        if not (isinstance(at, Sequence) and all(is_number(p) and 0 < p < 1 for p in at)):
            raise InputError(f"milestones is {at!r}; fractions of all epochs are needed: 160/200")
        for name, names in (("optimizer", OPTIMIZERS), ("schedule", SCHEDULES), ("ramp", RAMPS)):
            if getattr(self, name) not in names:
                raise InputError(
                    f"{name} is {getattr(self, name)!r}; it must be {' or '.join(names)}"
                )
        for name in ("label_smoothing", "ema", *["momentum"] * (self.optimizer == "adamw")):
            if not 0 <= getattr(self, name) < 1:
                raise InputError(f"{name} is {getattr(self, name)}; it must be in [0, 1)")
        for name in ("decay", "layer_decay"):
            if not 0 < getattr(self, name) <= 1:
                raise InputError(f"{name} is {getattr(self, name)}; it must be in (0, 1]")
        last = self.trained_blocks
        if last is not None and last < (self.freeze != "backbone"):
            raise InputError(f"freeze is {self.freeze!r}; at least 1 block must be trained")

    @property
    def trained_blocks(self) -> int | None:
        """The number of last blocks that are trained, as `freeze` says; None for all."""
        if self.freeze in ("none", "backbone"):
            return None if self.freeze == "none" else 0
        word, _, number = str(self.freeze).partition(":")
        if word != "but" or not (number.isascii() and number.isdigit()):
            raise InputError(
                f"freeze is {self.freeze!r}; it must be none, backbone or but:N, for all but the "
                "last N blocks"
            )
        return int(number)

    def rate(self, progress: float) -> float:
        """Return the learning rate at a fraction of all epochs, 0 <= progress < 1."""
        rate = self.lr * min(1.0, progress / self.warmup) if self.warmup else self.lr
        if self.schedule == "cosine" and progress > self.warmup:
            rate *= (1 + cos(pi * (progress - self.warmup) / (1 - self.warmup))) / 2
        elif self.schedule == "step":
            for milestone in self.milestones:
                if progress >= milestone:
                    rate *= self.decay
        return rate

    def rates(self, epoch: int, steps: int, total_epochs: int) -> Callable[[int], float]:
        """Return step -> learning rate for an epoch, evaluated in the middle of each step.

        With the ramp "epochs", in the warm-up at the end of the epoch.
        """
        end = (epoch + 1) / total_epochs
        if self.ramp == "epochs" and epoch / total_epochs < self.warmup:
            return lambda _: self.rate(min(end, self.warmup))
        return lambda step: self.rate((epoch + (step + 0.5) / steps) / total_epochs)


OPTIMIZERS = ("sgd", "adamw")
SCHEDULES = ("step", "cosine", "constant")
RAMPS = ("steps", "epochs")

HEAD_SETUP = Setup(warmup=0.5, milestones=())
"""For a head on embeddings: 10 epochs, 5 of them warm-up, no decay (EOS, section IV-B)."""

_VECTORS = Setup(batch_size=64, weight_decay=5e-5, warmup=0.0, milestones=(0.67,), decay=0.1)
SETUPS = {
    "resnet32": (Setup(), 200),
    "resnet32-m2m": (Setup(ramp="epochs"), 200),
    "resnet56": (Setup(), 200),
    "wide-resnet": (Setup(), 100),  # EOS, section V-E4: it overfits sooner
    "densenet": (Setup(), 200),
    "small-cnn": (Setup(batch_size=64, lr=0.02, decay=0.1), 30),
    "wide-cnn": (Setup(batch_size=64, lr=0.02, decay=0.1), 30),
    "mlp": (_VECTORS, 15),
    "linear": (_VECTORS, 15),
}
"""Default setup and number of epochs of each built-in network."""

OWN_SETUP = (Setup(batch_size=64, lr=0.01), 15)
"""Default setup and number of epochs of a network of a program's own."""

_ADAMW = Setup(
    optimizer="adamw", schedule="cosine", weight_decay=0.05, warmup=0.1, batch_size=32, clip=1.0
)
BACKBONE_SETUPS = {
    "fine-tuned": (replace(_ADAMW, lr=1e-3, layer_decay=0.75), 10),
    "fine-tuned, hf": (replace(_ADAMW, lr=3e-4, layer_decay=0.75), 10),
    "frozen": (replace(_ADAMW, lr=1e-3, batch_size=64, clip=None), 15),
    "from scratch": (replace(_ADAMW, lr=1e-3), 100),
}
"""Default setup and number of epochs of a network from elsewhere.

Fine-tuned: AdamW, cosine, weight decay and layer decay as in BEiT and MAE (He et al., CVPR 2022);
the rates were tried on EfficientNet-Lite0 (1,241 images of CIFAR-10-LT) and on MiniLM (576 texts
of Reuters). Large language models may need lower ones: BERT's own are 2e-5 to 5e-5.
Frozen: tried on a quarter of the training rows of CIFAR-10-LT and CIFAR-100-LT (ratio 100), held
out, with EfficientNet-Lite0's standardized embeddings, and with a twentieth of the other rows, so
that it suits 500 samples and 10,000.
From scratch: as DeiT (Touvron et al., ICML 2021), with fewer epochs; not tried.
"""


def usual_setup(model: str, *, pretrained: bool, freeze: str = "none") -> tuple[Setup, int]:
    """Return the default setup and number of epochs of a network.

    Parameters
    ----------
    model : str
        Name of a built-in network; any other is taken for a network from elsewhere.
    pretrained : bool
        Whether it starts from trained weights.
    freeze : str, default="none"
        See `Setup`.

    Returns
    -------
    setup : Setup
        With this `freeze`.
    epochs : int

    Examples
    --------
    >>> usual_setup("resnet32", pretrained=False) == (Setup(), 200)
    True
    >>> setup, epochs = usual_setup("timm:resnet18", pretrained=True)
    >>> setup.optimizer, setup.schedule, epochs
    ('adamw', 'cosine', 10)
    """
    if model in SETUPS:
        setup, epochs = SETUPS[model]
    elif freeze == "backbone":
        setup, epochs = BACKBONE_SETUPS["frozen"]
    else:
        tuned = "fine-tuned, hf" if model.startswith("hf:") else "fine-tuned"
        setup, epochs = BACKBONE_SETUPS[tuned if pretrained else "from scratch"]
    return replace(setup, freeze=freeze), epochs
