"""SAM and ImbSAM: steps whose gradients are those of nearby, worse weights."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.utils import get_total_norm

from imbtorch.data.checks import check_counts
from imbtorch.data.profiles.class_groups import minority_classes
from imbtorch.errors import InputError
from imbtorch.method import Method
from imbtorch.places import Backward

RADII = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
"""Values of rho that Foret et al. try."""


@contextmanager
def ascended(model: nn.Module, rho: float = 0.05) -> Iterator[None]:
    r"""Move the weights uphill inside the block: to w + rho * g / ||g||.

    g are the gradients of all parameters that have one, and ||g|| is their norm together; where it
    is 0, the weights stay. In the block the gradients start from none, and those of a backward pass
    there remain after it. Weights and buffers, which hold the running statistics of norms, are
    after the block what they were before it, bit for bit.

    Parameters
    ----------
    model : nn.Module
        All that is trained, after a backward pass.
    rho : float, default=0.05
        Length of the move, at least 0.

    Raises
    ------
    InputError
        If rho is out of range.

    References
    ----------
    Foret et al., ICLR 2021, "Sharpness-aware minimization for efficiently improving
    generalization", equation 2 and Algorithm 1.

    Examples
    --------
    In a loop of one's own, two lines more:

    >>> model, x, y = nn.Linear(2, 2), torch.ones(3, 2), torch.tensor([0, 1, 1])
    >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    >>> nn.functional.cross_entropy(model(x), y).backward()
    >>> with ascended(model, rho=0.05):
    ...     nn.functional.cross_entropy(model(x), y).backward()
    >>> optimizer.step()
    >>> optimizer.zero_grad()
    """
    _check_rho(rho)
    trained = [p for p in model.parameters() if p.grad is not None]
    gradients = [p.grad for p in trained if p.grad is not None]
    weights = [p.detach().clone() for p in trained]
    with torch.no_grad():
        norm = get_total_norm(gradients)
        scale = torch.where(norm > 0, rho / norm, 0.0)
        for p, gradient in zip(trained, gradients, strict=True):
            p.add_(gradient * scale)
    model.zero_grad()
    try:
        with _same_buffers(model):
            yield
    finally:
        with torch.no_grad():
            for p, weight in zip(trained, weights, strict=True):
                p.copy_(weight)


class SAM:
    r"""Sharpness-aware minimization: the step is taken with the gradient of nearby, worse weights.

    .. math:: \nabla L \big( w + \rho \, g / \lVert g \rVert_2 \big), \quad g = \nabla L(w)

    Parameters
    ----------
    rho : float, default=0.05
        Distance of these weights, at least 0; at 0, plain training.

    Raises
    ------
    InputError
        If rho is out of range.

    Notes
    -----
    ``sam(backward, model, y)`` leaves the gradients in the model, see `imbtorch.places.Step`; in a
    loop of one's own, `ascended` is the whole of it. Both passes see the same batch, after all that
    changes batches. The running statistics of norms, and all other buffers, are those of the first
    pass; dropout draws anew in the second. Clipping acts on the gradient that the step is taken
    with. In several processes the gradients are the mean over all, and so is the direction.

    The cost is a second forward and backward pass.

    Differs from the paper: neither weight decay nor clipping takes part in the ascent.

    References
    ----------
    Foret et al., ICLR 2021, which tries 0.01, 0.02, 0.05, 0.1, 0.2 and 0.5 for rho.

    Examples
    --------
    >>> from imbtorch import Recipe, Train
    >>> Recipe("sam", [Train(2, step=SAM)]).describe()["phases"][0]["step"]
    {'name': 'SAM', 'rho': 0.05}
    """

    passes = 2
    """Forward and backward passes in a step."""

    def __init__(self, rho: float = 0.05) -> None:
        _check_rho(rho)
        self.rho = rho

    def __call__(self, backward: Backward, model: nn.Module, y: Tensor) -> Tensor:
        """Leave the gradients of the step in the model; return the loss at its weights."""
        value = backward()
        with ascended(model, self.rho):
            backward()
        return value


class ImbSAM:
    r"""SAM for the tail classes alone; the others are trained plainly.

    .. math:: \nabla L_\text{head}(w) + \nabla L_\text{tail}
        \big( w + \rho \, g / \lVert g \rVert_2 \big), \quad g = \nabla L_\text{tail}(w)

    where the loss of a batch is L = L_head + L_tail, the parts of the samples of head and tail.

    Parameters
    ----------
    class_counts : sequence of int
        Class counts n_k of the training set, K numbers.
    rho : float, default=0.05
        See `SAM`.
    eta : int, optional
        Classes with fewer samples are the tail, by default those below the mean count (AOS's rule
        in `minority_classes`).

    Raises
    ------
    InputError
        If an argument is out of range, and at the first step if no class is in the tail.

    Notes
    -----
    As for `SAM`, at the cost of two further forward and backward passes. A sample with mixed labels
    is in the tail with the share of its tail classes.

    Differs from the paper: it has no default for eta (the authors' program takes 20); any loss is
    split, not only cross-entropy. The authors' program forms both gradients at w from one forward
    pass; here each has a pass of its own, as several processes require.

    References
    ----------
    Zhou et al., ICCV 2023, "ImbSAM: a closer look at sharpness-aware minimization in
    class-imbalanced recognition".

    Examples
    --------
    >>> ImbSAM([500, 200, 50]).tail
    tensor([0., 1., 1.])
    """

    passes = 3
    """Forward and backward passes in a step."""
    takes_shares = True
    """Whether its passes take shares of the gradients of samples."""

    def __init__(
        self, class_counts: Sequence[int], rho: float = 0.05, eta: int | None = None
    ) -> None:
        _check_rho(rho)
        if eta is not None and not eta >= 2:
            raise InputError(f"eta is {eta}; it must be at least 2, or no class is below it")
        counts = check_counts(class_counts)
        below = torch.from_numpy(minority_classes(class_counts, by="aos"))
        self.tail = (below if eta is None else counts < eta).float()
        self.rho, self.eta = rho, eta

    def __call__(self, backward: Backward, model: nn.Module, y: Tensor) -> Tensor:
        """Leave the gradients of the step in the model; return the loss at its weights."""
        if not self.tail.any():
            if self.eta is None:
                raise InputError(
                    "all classes have the same count, so that none is the tail: use sam"
                )
            raise InputError(
                f"eta is {self.eta}; all classes have as many samples, so that none is the tail: "
                "raise eta, or use sam"
            )
        tail = self.tail.to(y.device)
        share = tail[y] if y.ndim == 1 else y @ tail.to(y.dtype)
        value = backward(share)
        with ascended(model, self.rho):
            backward(share)
        with _same_buffers(model):
            backward(1 - share)
        return value


@contextmanager
def _same_buffers(model: nn.Module) -> Iterator[None]:
    """Give the buffers after the block the values from before it."""
    before = {name: buffer.clone() for name, buffer in model.named_buffers()}
    try:
        yield
    finally:
        for name, buffer in model.named_buffers():
            buffer.copy_(before[name])


def _check_rho(rho: float) -> None:
    if not 0 <= rho < float("inf"):
        raise InputError(f"rho is {rho}; it must be at least 0 and finite")


METHODS = (
    Method(
        "sam",
        "optimizer",
        "steps with the gradient of nearby, worse weights (sharpness-aware minimization)",
        slots={"step": SAM},
        candidates={"rho": RADII},
        paper="Foret et al., ICLR 2021",
        cost="a second pass in each step",
        page="sam",
    ),
    Method(
        "imb-sam",
        "optimizer",
        "the same for the tail classes alone; the others are trained plainly",
        slots={"step": ImbSAM},
        candidates={"rho": RADII},
        paper="ImbSAM (Zhou et al., ICCV 2023)",
        cost="two further passes in each step",
        page="sam",
    ),
)
"""Rows of the catalog."""
