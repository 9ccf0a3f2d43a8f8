"""From probabilities to a decision: a temperature and class-wise offsets."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Decision:
    r"""How the logits of a network become probabilities and then a class.

    .. math:: p = \mathrm{softmax}(z / T), \qquad \hat y = \arg\max_k \, (\log p_k + b_k)

    Parameters
    ----------
    temperature : float, default=1.0
        T, above 0.
    offsets : tuple of float, default=()
        b, K numbers; without, the most probable class is chosen. For two classes they are a
        threshold, see `threshold`.
    maximizes : str, default=""
        What they were chosen for on a validation split, such as ``f1`` or ``cost``.
    """

    temperature: float = 1.0
    offsets: tuple[float, ...] = ()
    maximizes: str = ""

    @property
    def threshold(self) -> float | None:
        """The probability of class 1 from which on it is chosen; None unless there are two."""
        if len(self.offsets) != 2:
            return None
        return float(1 / (1 + np.exp(self.offsets[1] - self.offsets[0])))

    def classes(self, probabilities: ArrayLike) -> NDArray[np.int64]:
        """Return the class of each row of probabilities of shape (N, K), with T applied already.

        Examples
        --------
        >>> Decision(offsets=(0.0, np.log(4))).classes([[0.75, 0.25], [0.85, 0.15]]).tolist()
        [1, 0]
        """
        p = np.asarray(probabilities, np.float64)
        with np.errstate(divide="ignore"):
            scores = np.log(p) + np.asarray(self.offsets) if self.offsets else p
        chosen: NDArray[np.int64] = scores.argmax(1)
        return chosen
