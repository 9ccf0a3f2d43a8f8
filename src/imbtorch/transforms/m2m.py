"""M2m: translate majority samples into minority samples with the help of a frozen classifier."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from imbtorch.data.arrays import ArrayDataset, Samples, as_dataset, labels_of, take
from imbtorch.data.batches import Batches
from imbtorch.data.checks import check_batch
from imbtorch.errors import InputError
from imbtorch.seeding import same_random_state, seed_from
from imbtorch.transforms.folded import FoldedNetwork
from imbtorch.transforms.seeds import SeedDraw, TranslationStatistics
from imbtorch.transforms.translate import target_probability, translate


class M2m:
    """Replace minority samples of a class-balanced batch with translated majority samples.

    A sample of class k is chosen with probability 1 - n_k / n_1. Its seed is drawn from the
    same batch: class k0 with Q(k0 | k), then a sample of that class. The translation replaces
    the chosen sample if it is not rejected (probability beta^(n_k0 - n_k)+) and the pretrained
    network g gives class k a probability of at least gamma; otherwise the chosen sample stays.

    Parameters
    ----------
    pretrained : nn.Module
        Trained network g for K classes, see `translate`; not changed.
    class_counts : sequence of int
        Class counts n_k of the training set, K numbers.
    beta : float, default=0.999
        In [0, 1), see `acceptance_matrix`; the paper tries .9, .99, .999.
    lam : float, default=0.1
        Weight lambda, see `translate`; the paper tries .01, .1, .5. 0 is the ablation without it.
    gamma : float, default=0.9
        Threshold for keeping a translation, see `accept`; the paper tries .9, .99.
    steps : int, default=10
        Number of translation steps T.
    step_size : float, default=0.1
        Step length eta.
    noise : float, default=0.09
        L2 norm of the noise added to each sample at the start.
    accept : {"probability", "loss"}, default="probability"
        Keep x* if g's probability of class k is at least gamma, or (as in the AMO text, looser)
        if g's cross-entropy at x* is below gamma.
    clean : bool, default=False
        Ablation: use the unchanged seed in place of each kept translation.
    random_label : bool, default=False
        Ablation: label a kept translation with a random class other than k0 and k.
    seeds_per_class : int, optional
        Ablation: draw seeds not from the batch but from a fixed pool of this many samples per
        class, taken from `train` once, without augmentation.
    train : Dataset or pair (x, y), optional
        Source of the pool.
    early_stop : bool, default=False
        Stop moving a sample once g's probability of k reaches gamma: less work, but not the
        paper's method.
    input_range : tuple of float, optional
        Smallest and largest valid input, (0, 1) for images; None disables clamping.
    dtype : torch.dtype, optional
        Precision of the two networks during translation, by default float32. What is kept is
        decided in at least float32.
    compile : bool, optional
        Compile the two networks, see `FoldedNetwork`. By default `Train` compiles them for images
        if at least 500 batches remain; in your own loop they are not compiled.
    seed : int or torch.Generator, optional
        Source of all random draws, on the CPU. By default a fresh random seed.

    Raises
    ------
    InputError
        If an argument is out of range or a batch holds NaN.

    Notes
    -----
    ``m2m(x, y, model) -> x, y`` takes x of shape (B, ...) float and y of shape (B,) int64; the
    order of the batch does not change. The mode, batch statistics and gradients of both networks
    do not change. Use it with a `ClassBalancedSampler`, after 80 % of the epochs.

    Differs from the paper: the rejection with beta is drawn before the translation rather than
    after it, which gives the same distribution for less work. The networks run with folded batch
    normalization. ``dtype=torch.bfloat16`` takes less time where that is native, but moves samples
    to other x*, of which g, in float32, accepts others: ``benchmarks/m2m_precision.py`` counts the
    decisions that differ.

    References
    ----------
    AMO (ICLR 2020 submission), section 2 and Algorithm 1; M2m (CVPR 2020), Table 4 (ablations).

    Examples
    --------
    >>> g = nn.Linear(2, 2)
    >>> m2m = M2m(g, class_counts=[100, 10], seed=0)
    >>> x, y = m2m(torch.randn(6, 2), torch.tensor([0, 1, 0, 1, 0, 1]), nn.Linear(2, 2))
    >>> x.shape, y.tolist()
    (torch.Size([6, 2]), [0, 1, 0, 1, 0, 1])
    """

    moves_inputs = True

    def __init__(
        self,
        pretrained: nn.Module,
        class_counts: Sequence[int],
        beta: float = 0.999,
        lam: float = 0.1,
        gamma: float = 0.9,
        steps: int = 10,
        step_size: float = 0.1,
        *,
        noise: float = 0.09,
        accept: str = "probability",
        clean: bool = False,
        random_label: bool = False,
        seeds_per_class: int | None = None,
        train: Samples | None = None,
        early_stop: bool = False,
        input_range: tuple[float, float] | None = None,
        dtype: torch.dtype | None = None,
        compile: bool | None = None,
        seed: int | torch.Generator | None = None,
    ) -> None:
        numbers = {"lam": lam, "steps": steps, "step_size": step_size, "noise": noise}
        for name, value in numbers.items():
            low = 1 if name == "steps" else 0
            if not low <= value < float("inf"):
                raise InputError(f"{name} is {value}; it must be at least {low} and finite")
        if steps % 1:
            raise InputError(f"steps is {steps}; it must be a whole number")
        if seeds_per_class is not None and not seeds_per_class >= 1:
            raise InputError(f"seeds_per_class is {seeds_per_class}; it must be at least 1 or None")
        if accept not in ("probability", "loss"):
            raise InputError(f"accept is {accept!r}; it must be 'probability' or 'loss'")
        if not gamma >= 0 or (accept == "probability" and gamma > 1):
            raise InputError(
                f"gamma is {gamma}; it must lie in [0, 1] for accept='probability' and be at "
                "least 0 for accept='loss'"
            )
        if random_label and len(class_counts) < 3:
            raise InputError(
                f"random_label needs at least 3 classes; class_counts has {len(class_counts)}"
            )
        self.beta, self.gamma, self.accept, self.early_stop = beta, gamma, accept, early_stop
        self.seeds_per_class = seeds_per_class
        self.lam, self.steps, self.step_size = lam, steps, step_size
        self.noise, self.input_range = noise, input_range
        self.dtype, self.compile = dtype, bool(compile)
        self.clean, self.random_label = clean, random_label
        self.pretrained = pretrained
        self.draw = SeedDraw(class_counts, beta, seed)
        self.rng = self.draw.rng
        self.pool = _pool(train, seeds_per_class, self.rng) if seeds_per_class else None
        self.statistics = TranslationStatistics(len(class_counts))
        self._networks: tuple[nn.Module, FoldedNetwork, FoldedNetwork, FoldedNetwork] | None = None

    @same_random_state()
    def __call__(self, x: Tensor, y: Tensor, model: nn.Module) -> tuple[Tensor, Tensor]:
        """Return the batch with some samples replaced: x of shape (B, ...), y of shape (B,)."""
        y = check_batch(x, y, self.statistics.num_classes)
        seed_x, seed_y = (x, y) if self.pool is None else (t.to(x.device) for t in self.pool)
        wanted = self.draw.choose(y.cpu())
        chosen, seeds = (i.to(x.device) for i in self.draw.seeds(y.cpu(), wanted, seed_y.cpu()))
        self.statistics.count("selected", y[wanted.to(x.device)])
        self.statistics.count("translated", y[chosen])
        if len(chosen) == 0:
            return x, y
        f, g, judge = self._folded(model, x)
        x0, k0, k = seed_x[seeds].to(x.dtype), seed_y[seeds], y[chosen]
        moved = translate(
            x0,
            k0,
            k,
            f,
            g,
            lam=self.lam,
            steps=self.steps,
            step_size=self.step_size,
            noise=self.noise,
            input_range=self.input_range,
            stop_at=self.gamma if self.early_stop else None,
            rng=self.rng,
        )
        with torch.no_grad():
            confidence = target_probability(judge(moved), k)
            kept = confidence >= self.gamma
            if self.accept == "loss":
                kept = -confidence.log() < self.gamma
            self.statistics.record(x0, moved, k0, k, confidence, f, kept)
        out, labels = x.clone(), y
        out[chosen[kept]] = (x0 if self.clean else moved)[kept]
        if self.random_label:
            labels = y.clone()
            labels[chosen[kept]] = self.draw.other_class(k0[kept].cpu(), k[kept].cpu()).to(y)
        return out, labels

    def _folded(
        self, model: nn.Module, x: Tensor
    ) -> tuple[FoldedNetwork, FoldedNetwork, FoldedNetwork]:
        """Return the current f, and g, in the folded form that is cheap to differentiate.

        The third is g as it decides on x*, in at least float32.
        """
        if self._networks is None or self._networks[0] is not model:
            dtype = self.dtype or torch.float32
            f, g = (FoldedNetwork(n, dtype, self.compile) for n in (model, self.pretrained))
            exact = torch.finfo(dtype).bits >= 32
            self._networks = (model, f, g, g if exact else FoldedNetwork(self.pretrained))
            self._check_outputs(x)
        else:
            self._networks[1].refresh()
        return self._networks[1:]

    @torch.no_grad()
    def _check_outputs(self, x: Tensor) -> None:
        assert self._networks is not None
        wanted = self.statistics.num_classes
        for name, network in zip(("model", "pretrained"), self._networks[1:3], strict=True):
            shape = tuple(network(x[:2]).shape)  # of two: a batch of one would compile apart
            if len(shape) != 2 or shape[1] != wanted:
                raise InputError(
                    f"{name} makes logits of shape {shape}; class_counts has {wanted} classes"
                )


@same_random_state()
def _pool(train: Samples | None, per_class: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    if train is None:
        raise InputError("train is None; seeds_per_class needs train, the source of the pool")
    data = as_dataset(train)
    y = labels_of(data)
    classes = [torch.nonzero(y == k).flatten() for k in range(int(y.max()) + 1)]
    rows = torch.cat([c[torch.randperm(len(c), generator=rng)[:per_class]] for c in classes])
    if not isinstance(data, ArrayDataset):
        seed_from(rng)
    ((x, y),) = Batches(take(data, rows), batch_size=len(rows))
    return x, y
