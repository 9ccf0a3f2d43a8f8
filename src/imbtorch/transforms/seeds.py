"""Choose which samples M2m replaces and from which seeds, and count the outcomes."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from imbtorch.data.checks import check_counts
from imbtorch.errors import InputError
from imbtorch.seeding import generator_from
from imbtorch.transforms.translate import target_probability


def acceptance_matrix(class_counts: Sequence[int], beta: float) -> Tensor:
    r"""Return the probability that a translation from class k0 to class k is kept.

    .. math:: P(\text{accept} \mid k_0, k) = 1 - \beta^{(n_{k_0} - n_k)^+}

    Parameters
    ----------
    class_counts : sequence of int
        Class counts n_k, K numbers.
    beta : float
        In [0, 1); the larger it is, the more samples a seed class needs beyond the target's.

    Returns
    -------
    Tensor of shape (K, K), float64
        Row k0 (seed class), column k (target class). Seed classes are drawn in proportion to a
        column: Q(k0 | k).

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
    n = check_counts(class_counts)
    return 1 - torch.pow(torch.tensor(beta, dtype=torch.float64), (n[:, None] - n).clamp_min(0))


class SeedDraw:
    """The random choices of M2m, all from one generator on the CPU.

    Parameters
    ----------
    class_counts : sequence of int
        Class counts n_k of the training set, K numbers.
    beta : float
        In [0, 1), see `acceptance_matrix`.
    seed : int or torch.Generator, optional
        By default a fresh random seed.
    """

    def __init__(
        self,
        class_counts: Sequence[int],
        beta: float,
        seed: int | torch.Generator | None = None,
    ) -> None:
        n = check_counts(class_counts)
        self.select = 1 - n / n.max()
        self.accept = acceptance_matrix(class_counts, beta)
        self.rng = generator_from(seed)

    def choose(self, y: Tensor) -> Tensor:
        """Choose the batch positions to replace, each with probability 1 - n_k / n_1."""
        return (torch.rand(len(y), generator=self.rng) < self.select[y]).nonzero().flatten()

    def seeds(self, y: Tensor, chosen: Tensor, seed_y: Tensor) -> tuple[Tensor, Tensor]:
        """Draw a seed for each chosen position.

        Parameters
        ----------
        y : Tensor of shape (B,), int64
            Labels of the batch, on the CPU.
        chosen : Tensor of shape (n,), int64
            Positions in the batch.
        seed_y : Tensor of shape (M,), int64
            Labels of the possible seeds, usually `y` itself.

        Returns
        -------
        chosen, seeds : Tensor of shape (m,), int64
            Positions in the batch and among the seeds, without those that have no valid seed or
            are rejected with probability beta^(n_k0 - n_k)+.
        """
        present = torch.bincount(seed_y, minlength=len(self.select))
        # weight of seed j for target k: Q(y_j | k), split evenly within its class
        weights = (self.accept[seed_y] / present[seed_y][:, None]).T[y[chosen]]
        valid = weights.sum(1) > 0
        chosen, weights = chosen[valid], weights[valid]
        if len(chosen) == 0:
            return chosen, chosen
        seeds = torch.multinomial(weights, 1, generator=self.rng)[:, 0]
        accept = self.accept[seed_y[seeds], y[chosen]]
        accepted = torch.rand(len(chosen), generator=self.rng) < accept
        return chosen[accepted], seeds[accepted]

    def other_class(self, first: Tensor, second: Tensor) -> Tensor:
        """Draw, for each pair of classes, a class that is neither of them (K at least 3)."""
        weights = torch.ones(len(first), len(self.select))
        rows = torch.arange(len(first))
        weights[rows, first] = weights[rows, second] = 0
        if not len(first):
            return first
        return torch.multinomial(weights, 1, generator=self.rng)[:, 0]


class TranslationStatistics:
    """Counts of what happened to the samples that M2m chose since the last `flush`.

    Parameters
    ----------
    num_classes : int
        Number of classes K.
    """

    def __init__(self, num_classes: int) -> None:
        self.num_classes = num_classes
        self.examples: dict[str, Tensor] = {}
        self._reset()

    def _reset(self) -> None:
        self._counts = {
            name: torch.zeros(self.num_classes, dtype=torch.int64)
            for name in ("selected", "translated", "accepted")
        }
        self._pretrained, self._model = 0.0, 0.0

    def count(self, name: str, classes: Tensor) -> None:
        """Add samples of the given target classes to a counter."""
        self._counts[name] += torch.bincount(classes.cpu(), minlength=self.num_classes)

    def record(
        self,
        seeds: Tensor,
        moved: Tensor,
        seed_labels: Tensor,
        targets: Tensor,
        confidence: Tensor,
        model: Callable[[Tensor], Tensor],
        kept: Tensor,
    ) -> None:
        """Record a set of translations; g's confidence is given, f's is measured here."""
        self.count("accepted", targets[kept])
        self._pretrained += float(confidence.sum())
        self._model += float(target_probability(model(moved), targets).sum())
        if bool(kept.any()):
            values = {"seed": seeds, "moved": moved, "k0": seed_labels, "k": targets}
            self.examples = {name: v[kept][:8].float().cpu() for name, v in values.items()}

    def flush(self) -> dict[str, Any]:
        """Return the statistics as JSON-ready values and reset them.

        Returns
        -------
        dict
            ``selected``, ``translated`` (with a seed and not rejected with beta) and
            ``accepted``: samples of each target class, K counts; ``pretrained_confidence`` and
            ``model_confidence``: mean probability of the target class at x* under g and f.
        """
        number = max(int(self._counts["translated"].sum()), 1)
        out: dict[str, Any] = {name: counts.tolist() for name, counts in self._counts.items()}
        out["pretrained_confidence"] = self._pretrained / number
        out["model_confidence"] = self._model / number
        self._reset()
        return out
