"""Translation: move a sample until a frozen classifier takes it for another class."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor


def translate(
    seeds: Tensor,
    seed_labels: Tensor,
    targets: Tensor,
    model: Callable[[Tensor], Tensor],
    generator: Callable[[Tensor], Tensor],
    *,
    lam: float,
    steps: int,
    step_size: float,
    noise: float = 0.0,
    input_range: tuple[float, float] | None = None,
    rng: torch.Generator | None = None,
) -> Tensor:
    r"""Move seeds of class k0 until the generator takes them for class k.

    .. math:: \min_x \; CE(g; x, k) + \lambda f_{k_0}(x)

    by `steps` steps of length `step_size` along the L2-normalised gradient, from a start
    moved by noise; clamped to `input_range` after each.

    Parameters
    ----------
    seeds : Tensor of shape (n, ...)
        Samples x0, any float dtype.
    seed_labels, targets : Tensor of shape (n,), int64
        Their classes k0 and the wanted classes k.
    model, generator : callable
        The network f being trained and the frozen network g: inputs -> logits (n, K). Both in
        evaluation mode, so that samples do not depend on one another.
    lam : float
        Weight lambda of f's logit of k0, at least 0.
    steps : int
        Number of steps T.
    step_size : float
        Length eta of a step, in units of the input's L2 norm over one sample.
    noise : float, default=0.0
        L2 norm of the start's random displacement of each sample.
    input_range : tuple of float, optional
        Smallest and largest valid input; images (0, 1).
    rng : torch.Generator, optional
        On the CPU; draws the noise.

    Returns
    -------
    Tensor of shape (n, ...)
        The translations x*, detached.

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

    x = seeds.detach()
    if noise:
        direction = torch.randn(x.shape, generator=rng).to(x)
        x = clamp(x + noise * _unit(direction))
    for _ in range(steps):
        x = x.requires_grad_()
        loss = F.cross_entropy(generator(x), targets, reduction="sum")
        if lam:
            loss = loss + lam * model(x).gather(1, seed_labels[:, None]).sum()
        (gradient,) = torch.autograd.grad(loss, x)
        x = clamp(x.detach() - step_size * _unit(gradient))
    return x


def _unit(x: Tensor) -> Tensor:
    norm: Tensor = torch.linalg.vector_norm(x.flatten(1), dim=1).clamp_min(1e-12)
    return x / norm.view(-1, *[1] * (x.ndim - 1))
