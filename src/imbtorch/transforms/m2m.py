"""M2m: translate majority samples into minority ones against a frozen classifier."""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from imbtorch.errors import InputError
from imbtorch.transforms.frozen import frozen


def acceptance_matrix(class_counts: Sequence[int], beta: float) -> Tensor:
    r"""Return the probability that a translation from class k0 to class k is kept.

    .. math:: P(\text{accept} \mid k_0, k) = 1 - \beta^{(n_{k_0} - n_k)^+}

    Parameters
    ----------
    class_counts : sequence of int
        Class counts n_k, K numbers.
    beta : float
        In [0, 1): the larger, the more samples a seed class must have beyond the target's.

    Returns
    -------
    Tensor of shape (K, K), float64
        Row k0 (seed class), column k (target class). The seed class is drawn in proportion to
        a column: Q(k0 | k).

    References
    ----------
    AMO (ICLR 2020 submission), section 2.2, equations 3 to 5.

    Examples
    --------
    >>> acceptance_matrix([3, 1], beta=0.5)
    tensor([[0.0000, 0.7500],
            [0.0000, 0.0000]], dtype=torch.float64)
    """
    if not 0 <= beta < 1:
        raise InputError(f"beta is {beta}; it must lie in [0, 1)")
    n = torch.as_tensor(class_counts, dtype=torch.float64)
    return 1 - torch.pow(torch.tensor(beta, dtype=torch.float64), (n[:, None] - n).clamp_min(0))


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


class M2m:
    """Replace minority samples of a class-balanced batch by translated majority samples.

    A sample of class k is chosen with probability 1 - n_k / n_1. Its seed is drawn from the
    same batch: class k0 with Q(k0 | k), then a sample of it. The translation takes the chosen
    sample's place if it is not rejected (probability beta^(n_k0 - n_k)+) and the generator
    gives class k a probability of at least gamma; otherwise the chosen sample stays.

    Parameters
    ----------
    generator : nn.Module
        Trained, frozen network g of K classes, see `translate`.
    class_counts : sequence of int
        Class counts n_k of the training set, K numbers.
    beta : float, default=0.999
        In [0, 1), see `acceptance_matrix`; the paper's candidates are .9, .99, .999.
    lam : float, default=0.1
        Weight lambda, see `translate`; candidates .01, .1, .5.
    gamma : float, default=0.9
        Least probability of class k under g for a translation to be kept, in [0, 1].
    steps : int, default=10
        Steps T of the translation.
    step_size : float, default=0.1
        Length eta of a step.
    noise : float, default=0.09
        L2 norm of the start noise of each sample.
    input_range : tuple of float, optional
        Smallest and largest valid input, (0, 1) for images; None does not clamp.
    random_state : int or torch.Generator, optional
        Draws everything; on the CPU. By default a fresh, random seed.

    Raises
    ------
    InputError
        If an argument is out of range or a batch holds NaN.

    Notes
    -----
    ``m2m(x, y, model) -> x, y`` takes x of shape (B, ...) float and y of shape (B,) int64;
    labels, and the order of the batch, do not change. Neither network's batch statistics nor
    any gradient is touched. Use with a `ClassBalancedSampler`, from 80 % of the epochs on.

    Differs from the paper: the rejection with beta is drawn before the translation rather than
    after it, which gives the same distribution for less work.

    References
    ----------
    AMO (ICLR 2020 submission), section 2 and Algorithm 1; M2m (CVPR 2020).

    Examples
    --------
    >>> g = nn.Linear(2, 2)
    >>> m2m = M2m(g, class_counts=[100, 10], random_state=0)
    >>> x, y = m2m(torch.randn(6, 2), torch.tensor([0, 1, 0, 1, 0, 1]), nn.Linear(2, 2))
    >>> x.shape, y.tolist()
    (torch.Size([6, 2]), [0, 1, 0, 1, 0, 1])
    """

    def __init__(
        self,
        generator: nn.Module,
        class_counts: Sequence[int],
        beta: float = 0.999,
        lam: float = 0.1,
        gamma: float = 0.9,
        steps: int = 10,
        step_size: float = 0.1,
        *,
        noise: float = 0.09,
        input_range: tuple[float, float] | None = None,
        random_state: int | torch.Generator | None = None,
    ) -> None:
        for name, value, low in (("lam", lam, 0), ("steps", steps, 1), ("step_size", step_size, 0)):
            if value < low:
                raise InputError(f"{name} is {value}; it must be at least {low}")
        if not 0 <= gamma <= 1:
            raise InputError(f"gamma is {gamma}, a probability; it must lie in [0, 1]")
        self.generator, self.gamma = generator, gamma
        self.lam, self.steps, self.step_size = lam, steps, step_size
        self.noise, self.input_range = noise, input_range
        n = torch.as_tensor(class_counts, dtype=torch.float64)
        self.select = 1 - n / n.max()
        self.accept = acceptance_matrix(class_counts, beta)
        if isinstance(random_state, torch.Generator):
            self.rng = random_state
        else:
            self.rng = torch.Generator()
            self.rng.seed() if random_state is None else self.rng.manual_seed(random_state)

    def __call__(self, x: Tensor, y: Tensor, model: nn.Module) -> tuple[Tensor, Tensor]:
        """Return the batch with some samples replaced; x of shape (B, ...), y of shape (B,)."""
        if not bool(torch.isfinite(x).all()):
            raise InputError("x holds NaN or infinite values; M2m needs finite inputs")
        chosen, seeds = (index.to(x.device) for index in self.draw_seeds(y.cpu()))
        if len(chosen) == 0:
            return x, y
        targets = y[chosen]
        with frozen(model, self.generator):
            translated = translate(
                x[seeds],
                y[seeds],
                targets,
                model,
                self.generator,
                lam=self.lam,
                steps=self.steps,
                step_size=self.step_size,
                noise=self.noise,
                input_range=self.input_range,
                rng=self.rng,
            )
            with torch.no_grad():
                logits = self.generator(translated)
        scale = float(getattr(getattr(self.generator, "head", None), "scale", 1.0))
        confidence = (logits.float() * scale).softmax(-1).gather(1, targets[:, None])[:, 0]
        kept = confidence >= self.gamma
        out = x.clone()
        out[chosen[kept]] = translated[kept].to(x.dtype)
        return out, y

    def draw_seeds(self, y: Tensor) -> tuple[Tensor, Tensor]:
        """Draw which samples of a batch are to be replaced, and from which seeds.

        Parameters
        ----------
        y : Tensor of shape (B,), int64
            Labels of the batch, on the CPU.

        Returns
        -------
        chosen, seeds : Tensor of shape (n,), int64
            Places in the batch. Those already rejected with beta, or without a valid seed in
            the batch, are left out.
        """
        chosen = (torch.rand(len(y), generator=self.rng) < self.select[y]).nonzero().flatten()
        in_batch = torch.bincount(y, minlength=len(self.select))
        # weight of batch place j as a seed for target k: Q(y_j | k), shared within the class
        weights = (self.accept[y] / in_batch[y][:, None]).T[y[chosen]]
        chosen, weights = chosen[weights.sum(1) > 0], weights[weights.sum(1) > 0]
        if len(chosen) == 0:
            return chosen, chosen
        seeds = torch.multinomial(weights, 1, generator=self.rng)[:, 0]
        accepted = torch.rand(len(chosen), generator=self.rng) < self.accept[y[seeds], y[chosen]]
        return chosen[accepted], seeds[accepted]
