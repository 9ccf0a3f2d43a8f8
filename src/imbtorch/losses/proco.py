"""ProCo: contrastive learning against a distribution of the features of each class."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from imbtorch.data.augmentation.augment import augment_by_name
from imbtorch.data.checks import check_counts
from imbtorch.errors import InputError
from imbtorch.losses.checks import at_least_float32, check_number, check_tensors
from imbtorch.losses.von_mises_fisher import expected_scores, vmf_estimates
from imbtorch.option_types import check_whole
from imbtorch.seeding import scoped_seed

HIDDEN, SIZE = 512, 128
"""Units of the projection's hidden layer, and the size P of what it returns."""
SMALLEST = 16
"""Least P for which the expansion of the Bessel function is exact to a few millionths."""


def proco_loss(
    z: Tensor, y: Tensor, mu: Tensor, kappa: Tensor, prior: Tensor, tau: float = 0.1
) -> Tensor:
    r"""Return the contrastive loss against infinitely many features drawn from each class.

    .. math:: \ell = -\log \frac{\pi_y e^{s_y}}{\sum_j \pi_j e^{s_j}}, \quad
              s_j = \log E_{v \sim vMF(\mu_j, \kappa_j)} \, e^{z \cdot v / \tau}
                  = \log \frac{C_P(\kappa_j)}{C_P(\tilde\kappa_j)}, \quad
              \tilde\kappa_j = \lVert \kappa_j \mu_j + z / \tau \rVert

    with the von Mises-Fisher distribution's normalizer
    :math:`C_P(\kappa) = \kappa^{\nu} / ((2 \pi)^{P/2} I_\nu(\kappa))`, :math:`\nu = P / 2 - 1`.

    Parameters
    ----------
    z : Tensor of shape (B, P), float
        Features of length 1, P at least 16.
    y : Tensor of shape (B,), int64
        Labels in 0..K-1.
    mu : Tensor of shape (K, P), float
        Mean direction of each class, of length 1; any where kappa is 0.
    kappa : Tensor of shape (K,), float
        Concentration of each class, at least 0; at 0 its features are uniform on the sphere.
    prior : Tensor of shape (K,), float
        Share pi of each class, positive.
    tau : float, default=0.1
        Temperature, positive.

    Returns
    -------
    Tensor
        Mean over the batch. Half precision is computed, and returned, in float32.

    Raises
    ------
    InputError
        If `tau` is not positive, or the shapes do not fit.

    Notes
    -----
    The logarithm of the Bessel function is Debye's expansion, four terms long: its error is below
    5e-6 at P = 16 and 1e-10 at P = 128, whatever the concentration. Differences are taken before
    they cancel, so that float32 holds for large concentrations. Work and memory are those of (B, K)
    logits.

    References
    ----------
    Du et al., "Probabilistic contrastive learning for long-tailed visual recognition", TPAMI 2024
    (arXiv 2403.06726), the loss L_in. Debye's expansion: NIST Digital Library of Mathematical
    Functions, 10.41.

    Examples
    --------
    >>> z, mu = torch.eye(16)[:1], torch.eye(16)[:2]
    >>> kappa, prior = torch.tensor([20.0, 20.0]), torch.tensor([0.5, 0.5])
    >>> proco_loss(z, torch.tensor([0]), mu, kappa, prior)
    tensor(0.0033)
    """
    check_tensors("proco_loss", z=z, y=y, mu=mu, kappa=kappa, prior=prior)
    check_number("tau", tau, positive=True)
    classes, size = len(kappa), z.shape[-1]
    right = z.ndim == 2 and size >= SMALLEST and y.shape == z.shape[:1]
    if not right or mu.shape != (classes, size) or kappa.shape != prior.shape:
        shapes = ", ".join(
            f"{name} {tuple(value.shape)}"
            for name, value in {"z": z, "y": y, "mu": mu, "kappa": kappa, "prior": prior}.items()
        )
        raise InputError(
            f"the shapes are {shapes}; z (B, P), y (B,), mu (K, P), kappa and prior (K,) are "
            f"needed, P at least {SMALLEST}"
        )
    with torch.autocast(z.device.type, enabled=False):
        scores = expected_scores(at_least_float32(z), mu, kappa, tau)
        return F.cross_entropy(scores + prior.log(), y)


class ProCo(nn.Module):
    r"""A branch of the network that learns features with `proco_loss`, for training only.

    A projection (two linear layers, batch normalization and ReLU between them) turns embeddings
    into features of length 1. Each class is described by the mean of its features in the epoch
    before and so far in this one (`vmf_estimates`): no feature is kept. The loss of the network is
    that of its logits plus `alpha` times that of this branch.

    Parameters
    ----------
    class_counts : sequence of int
        Class counts n_k of the training set; the prior is their share.
    embedding_size : int
        Size D of the embeddings.
    tau : float, default=0.1
        Temperature, positive.
    alpha : float, default=1.0
        Weight of this loss, positive; the attribute ``weight``.
    views : int, default=2
        Further views of each sample, with an augmentation of their own, that this loss is computed
        on; each costs as much as the sample itself. With 0, it is computed on the samples that are
        classified.
    view_augment : str, default="sim"
        Augmentation of these views, see `imbtorch.data.augmentation.augment_by_name`.
    seed : int, optional
        Determines the projection's initial weights, by default 0.

    Raises
    ------
    InputError
        If an argument is out of range.

    Notes
    -----
    ``branch(embeddings, y)`` takes embeddings (V * B, D) float, view after view, and labels (B,)
    int64 of each view, and returns the mean loss. In training mode it counts the features first,
    unless its attribute ``again`` says that it has seen the batch; `epoch_done` ends an epoch.
    Everything is computed in float32.

    Differs from the paper: the features of the current epoch count beside those of the epoch
    before, as in the authors' program; the concentration is the paper's (their program has P in
    place of P - R^2); a class is uniform on the sphere until its first feature has been seen; the
    projection's batch statistics are those of the views alone.

    References
    ----------
    Du et al., "Probabilistic contrastive learning for long-tailed visual recognition", TPAMI 2024
    (arXiv 2403.06726).

    Examples
    --------
    >>> branch = ProCo([3, 1], embedding_size=4, views=0)
    >>> h, y = torch.randn(4, 4), torch.tensor([0, 0, 0, 1])
    >>> loss = branch(h, y)
    >>> branch.counts.tolist()
    [[0.0, 0.0], [3.0, 1.0]]
    """

    prior: Tensor
    sums: Tensor
    counts: Tensor

    def __init__(
        self,
        class_counts: Sequence[int],
        embedding_size: int,
        tau: float = 0.1,
        alpha: float = 1.0,
        views: int = 2,
        view_augment: str = "sim",
        *,
        seed: int | None = None,
    ) -> None:
        super().__init__()
        check_number("tau", tau, positive=True)
        check_number("alpha", alpha, positive=True)
        check_whole("views", views, 0)
        augment_by_name(view_augment)
        n = check_counts(class_counts)
        self.tau, self.alpha = tau, alpha
        self.views, self.view_augment, self.again = views, view_augment, False
        with scoped_seed(seed or 0):
            self.projection = nn.Sequential(
                nn.Linear(embedding_size, HIDDEN),
                nn.BatchNorm1d(HIDDEN),
                nn.ReLU(),
                nn.Linear(HIDDEN, SIZE),
            )
        self.register_buffer("prior", (n / n.sum()).float(), persistent=False)
        # of the epoch before, and of the current one
        self.register_buffer("sums", torch.zeros(2, len(n), SIZE))
        self.register_buffer("counts", torch.zeros(2, len(n)))

    @property
    def weight(self) -> float:
        """Factor of this loss beside the logits', see `imbtorch.places.Branch`."""
        return self.alpha

    def forward(self, embeddings: Tensor, y: Tensor) -> Tensor:
        """Return the mean loss over all views."""
        y = y.repeat(max(self.views, 1))
        if self.training and len(embeddings) == 1:
            raise InputError(
                f"a batch has 1 sample and views is {self.views}; the projection of "
                f"{type(self).__name__} needs 2 embeddings or more: raise batch_size, or views"
            )
        with torch.autocast(embeddings.device.type, enabled=False):
            z = F.normalize(self.projection(embeddings.float()))
            if self.training and not self.again:
                self._count(z.detach(), y)
            mu, kappa = vmf_estimates(self.sums.sum(0), self.counts.sum(0))
            return proco_loss(z, y, mu, kappa, self.prior, self.tau)

    def _count(self, z: Tensor, y: Tensor) -> None:
        # by a product, whose order of summation is fixed on every device
        members = F.one_hot(y, self.counts.shape[1]).to(z.dtype)
        self.sums[1] += members.T @ z
        self.counts[1] += members.sum(0)

    def epoch_done(self) -> None:
        """End an epoch: its features become those of the epoch before."""
        for values in (self.sums, self.counts):
            values[0] = values[1]
            values[1] = 0
