"""Losses of many logits, computed a block of rows at a time, so that little memory is needed."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeAlias

import torch
from torch import Tensor

from imbtorch.losses.checks import at_least_float32

Rows: TypeAlias = Callable[[Tensor, Tensor], Tensor]
"""Logits (M, K) in float32 or float64, targets (M,) or (M, K) -> losses (M,), each of one row."""
Slopes: TypeAlias = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Logits, targets and the gradient (M,) of the losses -> the gradient (M, K) of the logits."""
BLOCK = 2**17
"""Numbers in a block on a CPU: they stay in its cache."""
LARGE_BLOCK = 2**24
"""Numbers in a block on an accelerator, which needs more at once to be busy."""

LEAST = -1e30
"""A log-probability whose probability, to any power, is 0, and that is finite times a power."""


def are_many(z: Tensor, y: Tensor) -> bool:
    """Return whether logits (M, K) are more than a block, and may be divided.

    A compiler divides the work itself, and targets with a gradient have one of their own.
    """
    return z.numel() > _size(z) and not y.requires_grad and not torch.compiler.is_compiling()


def by_blocks(
    z: Tensor, y: Tensor, each: Rows, block: Rows | None = None, slopes: Slopes | None = None
) -> Tensor:
    """Return the losses (M,) of logits (M, K) in any precision and targets, by blocks of rows.

    Nothing of the size of the logits is kept for the gradient but the logits themselves: each block
    is computed once more for it. A row whose loss does not count has the gradient 0, even if its
    logits are NaN.

    Parameters
    ----------
    z : Tensor of shape (M, K)
        Logits.
    y : Tensor of shape (M,) or (M, K)
        Targets.
    each : callable
        The loss, which can be differentiated any number of times.
    block, slopes : callable, optional
        Its value and its gradient, where they are computed faster; by default those of `each`.

    Examples
    --------
    >>> z, y = torch.zeros(3, 2), torch.tensor([0, 1, 1])
    >>> by_blocks(z, y, lambda z, y: z.logsumexp(1) - z.gather(1, y[:, None])[:, 0])
    tensor([0.6931, 0.6931, 0.6931])
    """
    slopes = slopes or partial(differentiated, each)
    return _apply(z, y, each, block or each, slopes)


def differentiated(each: Rows, z: Tensor, y: Tensor, gradient: Tensor) -> Tensor:
    """Return the gradient of logits from that of their losses, by automatic differentiation."""
    pull = torch.func.vjp(lambda logits: each(at_least_float32(logits), y), z)[1]
    found: Tensor = pull(gradient)[0]
    return found


class _ByBlocks(torch.autograd.Function):
    @staticmethod
    def forward(z: Tensor, y: Tensor, each: Rows, block: Rows, slopes: Slopes) -> Tensor:
        return torch.cat([block(at_least_float32(part), *rest) for part, *rest in _blocks(z, y)])

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        z, y, ctx.each, _, ctx.slopes = inputs
        ctx.save_for_backward(z, y)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None, None]:
        z, y = ctx.saved_tensors
        if torch.is_grad_enabled():  # the gradient is itself differentiated
            return differentiated(ctx.each, z, y, gradient), None, None, None, None
        made = torch.empty_like(z)
        for part, logits, *rest in _blocks(made, z, y, gradient):
            part.copy_(ctx.slopes(at_least_float32(logits), *rest))
        return made.masked_fill_((gradient == 0)[:, None], 0), None, None, None, None

    @staticmethod
    def vmap(
        info: Any, dims: tuple[int | None, ...], z: Tensor, y: Tensor, *functions: Any
    ) -> tuple[Tensor, int]:
        """Rows do not know of each other, so that those of all calls are rows of one."""
        n = info.batch_size
        z, y = (
            v.expand(n, *v.shape) if dim is None else v.movedim(dim, 0)
            for v, dim in zip((z, y), dims[:2], strict=True)
        )
        made = _apply(z.flatten(0, 1), y.flatten(0, 1), *functions)
        return made.view(n, -1), 0


def focused_slope(log_p: Tensor, gamma: float) -> Tensor:
    """Return the slope of (1 - p)^gamma log p by log p."""
    log_p = log_p.clamp_min(LEAST)
    wrong = -torch.expm1(log_p)
    constant = wrong < 1e-12  # there the power is not smaller
    wrong = wrong.clamp_min(1e-12)
    slope = gamma * wrong ** (gamma - 1) * log_p.exp() * log_p
    return wrong**gamma - slope.masked_fill(constant, 0)


def from_log_p(p: Tensor, y: Tensor, right: Tensor, others: Tensor | None = None) -> Tensor:
    r"""Return the gradient of logits from that of the log-probabilities, in place of an argument.

    .. math:: \frac{\partial \ell}{\partial z_k} = d_k - p_k \sum_j d_j, \quad
              d_k = \frac{\partial \ell}{\partial \log p_k}

    Parameters
    ----------
    p : Tensor of shape (M, K)
        Softmax of the logits.
    y, right : Tensor of shape (M, 1)
        Labels, and what their d has more than `others`.
    others : Tensor of shape (M, K), optional
        d of all classes; 0 if not given.
    """
    if others is None:
        return p.mul_(-right).scatter_add_(1, y, right)
    return others.addcmul_(p, right + others.sum(1, True), value=-1).scatter_add_(1, y, right)


def _blocks(*values: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """Yield blocks of the same rows of Tensors, the first of which is (M, K)."""
    rows = max(1, _size(values[0]) // values[0].shape[1])
    return zip(*(torch.split(value, rows) for value in values), strict=True)


def _apply(*arguments: Any) -> Tensor:
    made: Tensor = _ByBlocks.apply(*arguments)  # type: ignore[no-untyped-call]
    return made


def _size(z: Tensor) -> int:
    return BLOCK if z.device.type == "cpu" else LARGE_BLOCK
