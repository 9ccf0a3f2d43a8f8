"""The von Mises-Fisher distribution of unit vectors: its estimates, and a mean over it."""

import torch
import torch.nn.functional as F
from torch import Tensor

MOST = 1e5
"""Largest concentration: that of a class with one feature would be infinite."""


def expected_scores(z: Tensor, mu: Tensor, kappa: Tensor, tau: float) -> Tensor:
    """Return log E exp(z v / tau) over the features v of each class, of shape (B, K).

    See `proco_loss` for the arguments; all are of one dtype.

    Examples
    --------
    >>> z = mu = torch.eye(16)[:1]
    >>> expected_scores(z, mu, torch.tensor([1e5]), 0.1)  # v is nearly mu
    tensor([[9.9993]])
    """
    nu = z.shape[1] / 2 - 1
    # how much longer, in squares, the sum of both vectors is than kappa mu alone
    gained = 2 / tau * (z @ (kappa[:, None] * mu).T) + z.square().sum(1, keepdim=True) / tau**2
    before = (nu**2 + kappa.square()).sqrt()
    after = (nu**2 + (kappa.square() + gained).clamp_min(0)).sqrt()
    more = gained / (after + before)
    return (
        more
        - nu * torch.log1p(more / (nu + before))
        - torch.log1p(more / before) / 2
        + _debye(after, nu)
        - _debye(before, nu)
    )


def _debye(s: Tensor, nu: float) -> Tensor:
    """Return the logarithm of the sum of u_k(nu / s) / nu^k, k up to 4, in Debye's expansion."""
    q = (nu / s).square()
    terms = (
        (3 - 5 * q) / 24,
        (81 + q * (-462 + q * 385)) / 1152,
        (30375 + q * (-369603 + q * (765765 - q * 425425))) / 414720,
        (4465125 + q * (-94121676 + q * (349922430 + q * (-446185740 + q * 185910725)))) / 39813120,
    )
    total = torch.zeros_like(s)
    for term in reversed(terms):
        total = (total + term) / s
    return torch.log1p(total)


def vmf_estimates(sums: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
    r"""Return the mean direction and the concentration of each class, from sums of its features.

    .. math:: \mu = \frac{\bar z}{\lVert \bar z \rVert}, \quad
              \kappa = \frac{R (P - R^2)}{1 - R^2}, \quad R = \lVert \bar z \rVert

    Parameters
    ----------
    sums : Tensor of shape (K, P), float
        Sum of the features of each class, each of length 1.
    counts : Tensor of shape (K,), float
        Number of these features. A class without any gets the concentration 0.

    Returns
    -------
    mu : Tensor of shape (K, P)
    kappa : Tensor of shape (K,)
        At most 1e5.

    References
    ----------
    Sra, "A short note on parameter approximation for von Mises-Fisher distributions", 2012.

    Examples
    --------
    >>> sums = torch.eye(16)[:2] * torch.tensor([[3.0], [0.0]])
    >>> vmf_estimates(sums, torch.tensor([6.0, 0.0]))[1]  # R = 1/2: 0.5 * 15.75 / 0.75
    tensor([10.5000,  0.0000])
    """
    length = (sums / counts.clamp_min(1)[:, None]).norm(dim=1)
    spread = (1 - length.square()).clamp_min(1e-12)
    kappa = length * (sums.shape[1] - length.square()) / spread
    return F.normalize(sums), kappa.clamp_max(MOST)
