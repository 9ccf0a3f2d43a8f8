"""From probabilities to a decision: a temperature and class-wise offsets."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, softmax

from imbtorch.errors import InputError
from imbtorch.metrics.probabilities import check_probabilities
from imbtorch.training.header import DecisionHeader

LARGEST = 1e6
"""The largest offset: no difference of logs of probabilities comes near it."""


@dataclass(frozen=True)
class Decision:
    r"""How the logits of a network become probabilities and then a class.

    .. math:: p = \mathrm{softmax}(z / T), \qquad \hat y = \arg\max_k \, (\log p_k + b_k)

    Parameters
    ----------
    temperature : float, default=1.0
        T, in .001..1000.
    offsets : tuple of float, default=()
        b, K numbers; without, the most probable class is chosen. For two classes they are a
        threshold, see `threshold`.
    maximizes : str, default=""
        What they were chosen for on a validation split, such as ``f1`` or ``cost``.

    Raises
    ------
    InputError
        If the temperature is out of range, or an offset is not finite or beyond a million.

    Examples
    --------
    >>> decision = Decision(temperature=0.5, offsets=(0.0, float(np.log(3))))
    >>> round(decision.threshold, 6)
    0.25
    >>> p = decision.calibrated([[0.75, 0.25], [0.6, 0.4]])
    >>> p.round(3).tolist(), decision.classes(p).tolist()
    ([[0.9, 0.1], [0.692, 0.308]], [0, 1])
    """

    temperature: float = 1.0
    offsets: tuple[float, ...] = ()
    maximizes: str = ""

    def __post_init__(self) -> None:
        if not 1e-3 <= self.temperature <= 1e3:
            raise InputError(f"temperature is {self.temperature}; it must be in 0.001..1000")
        if not all(abs(offset) <= LARGEST for offset in self.offsets):
            raise InputError(f"offsets is {self.offsets}; they must be in -1e6..1e6")

    @property
    def threshold(self) -> float | None:
        """The probability of class 1 from which on it is chosen; None unless there are two."""
        if len(self.offsets) != 2:
            return None
        return float(expit(self.offsets[0] - self.offsets[1]))

    def calibrated(self, probabilities: ArrayLike) -> NDArray[np.float64]:
        r"""Return probabilities with the temperature applied: :math:`p_k^{1/T}`, rows sum to 1.

        The same as the softmax of the logits divided by T.

        Parameters
        ----------
        probabilities : array-like of shape (N, K)
            As the network gives them, ``softmax(z)``.
        """
        p = _of_classes(probabilities)
        return p.copy() if self.temperature == 1 else softmax(log_of(p) / self.temperature, axis=1)

    def classes(self, probabilities: ArrayLike) -> NDArray[np.int64]:
        """Return the class of each row of probabilities of shape (N, K), with T applied already.

        Examples
        --------
        >>> Decision(offsets=(0.0, np.log(4))).classes([[0.75, 0.25], [0.85, 0.15]]).tolist()
        [1, 0]
        """
        p = _of_classes(probabilities)
        if self.offsets and p.shape[1:] != (len(self.offsets),):
            raise InputError(
                f"probabilities has shape {p.shape}; the decision is for {len(self.offsets)} "
                "classes"
            )
        scores = log_of(p) + np.asarray(self.offsets) if self.offsets else p
        chosen: NDArray[np.int64] = scores.argmax(1)
        return chosen

    def to_json(self) -> DecisionHeader:
        """Return the entry ``decision`` of a checkpoint's header.

        Examples
        --------
        >>> made = Decision(1.5, (0.0, 2.0), "f1")
        >>> made.to_json()
        {'temperature': 1.5, 'offsets': [0.0, 2.0], 'maximizes': 'f1'}
        >>> Decision.from_json(made.to_json()) == made
        True
        """
        return {
            "temperature": float(self.temperature),
            "offsets": [float(offset) for offset in self.offsets],
            "maximizes": self.maximizes,
        }

    @classmethod
    def from_json(cls, values: DecisionHeader) -> "Decision":
        """Return the decision of what `to_json` made."""
        return cls(values["temperature"], tuple(values["offsets"]), values["maximizes"])


def _of_classes(probabilities: ArrayLike) -> NDArray[np.float64]:
    """Return probabilities (N, K) as float64; an InputError if they have another shape."""
    p = check_probabilities(probabilities)
    if p.ndim != 2:
        raise InputError(f"probabilities has shape {p.shape}; it must be (N, K)")
    return p


def log_of(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the log of probabilities; of 0, and of less by rounding, the log of the least float32.

    So no row is without a most probable class, whatever is added.
    """
    logs: NDArray[np.float64] = np.log(np.maximum(probabilities, TINY))
    return logs


TINY = 1e-45
"""About the least float32 above 0: what a network's softmax gives for less is 0."""
