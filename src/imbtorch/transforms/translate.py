"""Translation: move a sample until a frozen classifier assigns it to another class."""

import warnings
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from imbtorch.data.checks import logits_of
from imbtorch.seeding import generator_from, same_random_state


@same_random_state()
def translate(
    seeds: Tensor,
    seed_labels: Tensor,
    targets: Tensor,
    model: Callable[[Tensor], Tensor],
    pretrained: Callable[[Tensor], Tensor],
    *,
    lam: float,
    steps: int,
    step_size: float,
    noise: float = 0.0,
    input_range: tuple[float, float] | None = None,
    stop_at: float | None = None,
    rng: torch.Generator | None = None,
) -> Tensor:
    r"""Move seeds of class k0 until the pretrained network assigns them to class k.

    .. math:: \min_x \; CE(g; x, k) + \lambda f_{k_0}(x)

    Takes `steps` steps of length `step_size` along the L2-normalized gradient, starting from the
    seed plus noise, and clamps to `input_range` after each step.

    Parameters
    ----------
    seeds : Tensor of shape (n, ...)
        Samples x0 of any float dtype.
    seed_labels, targets : Tensor of shape (n,), int64
        Their classes k0 and the target classes k.
    model, pretrained : callable
        The network f being trained and the frozen network g: inputs -> logits (n, K), both in
        evaluation mode so that samples do not depend on one another.
    lam : float
        Weight lambda of f's logit for k0, at least 0.
    steps : int
        Number of steps T.
    step_size : float
        Step length eta, as the L2 norm over one sample.
    noise : float, default=0.0
        L2 norm of the random displacement of each sample at the start.
    input_range : tuple of float, optional
        Smallest and largest valid input, (0, 1) for images.
    stop_at : float, optional
        Stop moving a sample once g gives class k at least this probability, which saves its
        remaining steps. Differs from the paper, where every sample takes all steps.
    rng : torch.Generator, optional
        Draws the noise, on the CPU. By default a randomly seeded one.

    Returns
    -------
    Tensor of shape (n, ...)
        The translations x*, detached.

    Notes
    -----
    If the device runs out of memory for all samples at once, they are moved in halves, or halves
    of those, with a warning; the result is the same.

    References
    ----------
    AMO (ICLR 2020 submission), equation 2.

    Examples
    --------
    >>> from torch import nn
    >>> g = nn.Linear(2, 2, bias=False)
    >>> _ = g.weight.data.copy_(torch.eye(2))
    >>> x, k0, k = torch.tensor([[1.0, 0.0]]), torch.tensor([0]), torch.tensor([1])
    >>> translate(x, k0, k, g, g, lam=0.0, steps=10, step_size=0.1)
    tensor([[0.2929, 0.7071]])
    """

    def clamp(x: Tensor) -> Tensor:
        return x if input_range is None else x.clamp(*input_range)

    def move(x: Tensor, seed_labels: Tensor, targets: Tensor) -> Tensor:
        out, moving = x, torch.arange(len(x), device=x.device)
        for _ in range(steps):
            point = x.detach().requires_grad_()
            logits = logits_of(pretrained(point))
            loss = F.cross_entropy(logits, targets, reduction="sum")
            if lam:
                loss = loss + lam * logits_of(model(point)).gather(1, seed_labels[:, None]).sum()
            (gradient,) = torch.autograd.grad(loss, point)
            if stop_at is not None:
                unsure = target_probability(logits.detach(), targets) < stop_at
                out = out.index_copy(0, moving, x)
                x, gradient, moving = x[unsure], gradient[unsure], moving[unsure]
                seed_labels, targets = seed_labels[unsure], targets[unsure]
                if not len(x):
                    return out
            x = clamp(x - step_size * _unit(gradient))
        return out.index_copy(0, moving, x)

    start = seeds.detach()
    if noise:
        direction = torch.randn(start.shape, generator=generator_from(rng)).to(start)
        start = clamp(start + noise * _unit(direction))
    return _in_halves(move, start, seed_labels, targets)


def _in_halves(function: Callable[..., Tensor], *rows: Tensor) -> Tensor:
    """Call a function on all rows, or, if memory runs out, on each half of them."""
    number = len(rows[0])
    try:
        return function(*rows)
    except torch.cuda.OutOfMemoryError:
        if number < 2:
            raise
    # outside the except block, which would keep the failed call's tensors in memory
    warnings.warn(
        f"the device has too little memory to translate {number} samples at once; translating "
        "them in halves, which is slower: a smaller batch_size avoids this",
        UserWarning,
        stacklevel=2,
    )
    halves = zip(*(torch.split(r, -(-number // 2)) for r in rows), strict=True)
    return torch.cat([_in_halves(function, *half) for half in halves])


def target_probability(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the softmax probability of each sample's target class, shape (n,)."""
    return logits.softmax(-1).gather(1, targets[:, None])[:, 0]


def _unit(x: Tensor) -> Tensor:
    norm: Tensor = torch.linalg.vector_norm(x.flatten(1), dim=1).clamp_min(1e-12)
    return x / norm.view(-1, *[1] * (x.ndim - 1))
