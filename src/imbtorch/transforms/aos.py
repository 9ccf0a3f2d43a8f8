"""AOS: adversarial over-sampling of minority samples."""

from collections.abc import Sequence
from contextlib import nullcontext

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from imbtorch.data.checks import check_batch, logits_of
from imbtorch.data.profiles.class_groups import minority_classes
from imbtorch.errors import InputError
from imbtorch.seeding import generator_from, same_random_state
from imbtorch.transforms.frozen import frozen, head_scale


@same_random_state()
def adversarial(
    x: Tensor,
    y: Tensor,
    model: nn.Module,
    epsilon: float,
    input_range: tuple[float, float] | None = None,
) -> Tensor:
    r"""Move samples by one signed gradient step up the loss.

    .. math:: x' = x + \epsilon \, \mathrm{sign}\big(\nabla_x CE(f; x, y)\big)

    Parameters
    ----------
    x : Tensor of shape (n, ...)
        Samples of any float dtype.
    y : Tensor of shape (n,), int64
        Their labels.
    model : nn.Module
        Network f: inputs -> logits (n, K), called in evaluation mode; its parameter gradients
        and batch statistics do not change. The cosines of a `CosineHead` are first multiplied
        by its scale, as in training.
    epsilon : float
        Step length for each input value, in the units of the input.
    input_range : tuple of float, optional
        Smallest and largest valid input, to which x' is clamped.

    Returns
    -------
    Tensor of shape (n, ...)
        x', detached, with the dtype of `x`.

    References
    ----------
    Goodfellow et al., ICLR 2015, section 4 (fast gradient sign method).

    Examples
    --------
    >>> f = nn.Linear(2, 2, bias=False)
    >>> _ = f.weight.data.copy_(torch.eye(2))
    >>> adversarial(torch.zeros(1, 2), torch.tensor([0]), f, 0.1)  # away from class 0
    tensor([[-0.1000,  0.1000]])
    """
    # a separate copy, so that training does not see the gradient request
    inputs = x.detach().clone().requires_grad_()
    # in float16, most gradients of a network that is sure of its answers would vanish
    kind = x.device.type
    half = torch.is_autocast_enabled(kind) and torch.get_autocast_dtype(kind) is torch.float16
    precise = torch.autocast(kind, enabled=False) if half else nullcontext()
    with frozen(model), torch.enable_grad(), precise:
        scale = head_scale(model)
        loss = F.cross_entropy(scale * logits_of(model(inputs)), y, reduction="sum")
        (gradient,) = torch.autograd.grad(loss, inputs)
    moved = x.detach() + epsilon * gradient.sign()
    return moved if input_range is None else moved.clamp(*input_range)


class AOS:
    """Replace minority samples with adversarial versions of themselves, keeping the labels.

    With probability p, each sample of a minority class moves by epsilon in every input value in
    the direction that raises the loss (see `adversarial`). The minority classes are those below
    the mean count, n_k < N / K (see `minority_classes`).

    Parameters
    ----------
    class_counts : sequence of int
        Class counts n_k of the training set before over-sampling, K numbers.
    epsilon : float, default=0.007
        Step length, at least 0; images lie in 0..1. The poster uses .007 for natural imbalance
        and .1 for rho = 500.
    p : float, default=0.5
        Probability of moving a minority sample, in [0, 1]. The poster does not give its value;
        the default is this library's.
    input_range : tuple of float, optional
        Smallest and largest valid input, (0, 1) for images; None disables clamping.
    seed : int or torch.Generator, optional
        Selects the samples to move, on the CPU. By default a fresh random seed.

    Raises
    ------
    InputError
        If an argument is out of range or a batch holds NaN.

    Notes
    -----
    ``aos(x, y, model) -> x, y`` takes x of shape (B, ...) float and y of shape (B,) int64. Use it
    on randomly over-sampled data, as ``Train(n, resample=RandomOverSampler, batch=AOS)`` does.
    It costs one forward and one backward pass over the samples it moves.

    Differs from the paper, where the minority is every class that the step profile reduced; the
    mean count selects the same classes in a step profile and some in any other profile. The step
    is taken in evaluation mode and clamped to `input_range`; the poster specifies neither.

    References
    ----------
    Wojciechowski and Lango, "Adversarial OverSampling for imbalanced image data classification"
    (poster), Algorithm 1.

    Examples
    --------
    >>> aos = AOS([90, 10], epsilon=0.1, p=1.0)
    >>> x, y = torch.zeros(2, 3), torch.tensor([0, 1])
    >>> moved, _ = aos(x, y, nn.Linear(3, 2))
    >>> (moved - x).abs()
    tensor([[0.0000, 0.0000, 0.0000],
            [0.1000, 0.1000, 0.1000]])
    """

    moves_inputs = True

    def __init__(
        self,
        class_counts: Sequence[int],
        epsilon: float = 0.007,
        p: float = 0.5,
        *,
        input_range: tuple[float, float] | None = None,
        seed: int | torch.Generator | None = None,
    ) -> None:
        if not 0 <= epsilon < float("inf"):
            raise InputError(f"epsilon is {epsilon}; it must be at least 0 and finite")
        if not 0 <= p <= 1:
            raise InputError(f"p is {p}; it must lie in [0, 1]")
        self.minority = torch.from_numpy(minority_classes(class_counts, by="aos"))
        self.epsilon, self.p, self.input_range = epsilon, p, input_range
        self.rng = generator_from(seed)

    def __call__(self, x: Tensor, y: Tensor, model: nn.Module) -> tuple[Tensor, Tensor]:
        """Return the batch with some samples moved: x of shape (B, ...), y of shape (B,)."""
        y = check_batch(x, y, len(self.minority))
        drawn = torch.rand(len(y), generator=self.rng) < self.p
        chosen = (drawn & self.minority[y.cpu()]).nonzero().flatten().to(x.device)
        if len(chosen) == 0:
            return x, y
        out = x.clone()
        out[chosen] = adversarial(x[chosen], y[chosen], model, self.epsilon, self.input_range)
        return out, y
