"""EmbeddingHead: a scikit-learn estimator, a balanced linear classifier on given embeddings."""

from typing import Any

import numpy as np
from lightning_fabric import Fabric
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import nn

from imbtorch.data.arrays import ArrayDataset
from imbtorch.data.checks import RandomState
from imbtorch.data.pairs import check_not_dataset
from imbtorch.errors import InputError
from imbtorch.integrations.given import given_labels, given_samples, numbered
from imbtorch.integrations.refit import whole_or_not_at_all
from imbtorch.models.inference import measured_logits
from imbtorch.option_types import check_whole
from imbtorch.places import OverSampler
from imbtorch.resampling.apply import resample_dataset
from imbtorch.resampling.names import make_over_sampler
from imbtorch.seeding import random_state_from, scoped_seed
from imbtorch.training.head import head_epochs
from imbtorch.training.setup import HEAD_SETUP


class EmbeddingHead(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Train a linear classifier on embeddings after over-sampling them.

    Two of EOS's three phases, for embeddings of any network (CLIP, DINO, a text encoder). Large
    embeddings are scaled down during training only (see `head_epochs`); put a
    ``StandardScaler`` before this estimator if the columns differ widely in scale.

    Parameters
    ----------
    resample : str, object with ``fit_resample`` or None, default="eos"
        An over-sampler, or the name of one (see `make_over_sampler`); None for no over-sampling.
        "eos" uses 10 neighbors, or all if there are fewer.
    epochs : int, default=10
        Epochs over the over-sampled embeddings, at least 1.
    random_state : int, RandomState or None, default=None
        Determines the over-sampling (if given by name), initial parameters and sample order.

    Attributes
    ----------
    classes_ : ndarray of shape (K,)
        The labels.
    head_ : nn.Linear
        (D, K), on the CPU; to use in your own network.
    loss_curve_ : list of float
        Mean training loss of each epoch.
    n_features_in_ : int
        Embedding size D.

    References
    ----------
    EOS (Dablain et al.), sections III-C and IV-A: SGD .1 with 5 epochs of linear warm-up, momentum
    .9, weight decay 2e-4, batch size 128.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = np.concatenate([rng.normal(0, 1, (90, 4)), rng.normal(2, 1, (10, 4))])
    >>> y = np.array(["often"] * 90 + ["rare"] * 10)
    >>> head = EmbeddingHead(random_state=0).fit(X, y)
    >>> head.predict([[2.0, 2.0, 2.0, 2.0]]).tolist()
    ['rare']
    """

    def __init__(
        self,
        resample: str | OverSampler | None = "eos",
        *,
        epochs: int = 10,
        random_state: RandomState = None,
    ) -> None:
        self.resample = resample
        self.epochs = epochs
        self.random_state = random_state

    @whole_or_not_at_all
    def fit(self, X: ArrayLike, y: ArrayLike) -> "EmbeddingHead":
        """Over-sample the embeddings and train the classifier.

        Parameters
        ----------
        X : array-like of shape (N, D)
            Embeddings, converted to float32.
        y : array-like of shape (N,)
            Labels of any kind, of at least two classes.

        Returns
        -------
        EmbeddingHead
            This estimator.
        """
        number = check_whole("epochs", self.epochs, 1)
        check_not_dataset(X)
        rows, labels = validate_data(self, given_samples(X), given_labels(y), dtype=np.float32)
        self.classes_, codes = numbered(labels)
        random = check_random_state(random_state_from(self.random_state))
        seed, sampler = int(random.randint(2**31)), self._sampler(codes, random)
        data = ArrayDataset(rows, codes)
        if sampler is not None:
            data = resample_dataset(sampler, data)
        fabric = Fabric(accelerator="auto", devices=1)
        with scoped_seed(seed):
            head = nn.Linear(rows.shape[1], len(self.classes_)).to(fabric.device)
        epochs = head_epochs(head, data, number, setup=HEAD_SETUP, seed=seed, fabric=fabric)
        self.loss_curve_ = [loss for loss, _ in epochs]
        self.head_ = head.cpu().eval()
        return self

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float32]:
        """Return class probabilities of shape (n, K), in the order of `classes_`."""
        check_is_fitted(self)
        rows = validate_data(self, given_samples(X), dtype=np.float32, reset=False)
        data = ArrayDataset(rows, np.zeros(len(rows), dtype=np.int64))
        logits, _ = measured_logits(self.head_, data, "X")
        out: NDArray[np.float32] = logits.softmax(1).numpy()
        return out

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Return the most probable label of each row, shape (n,)."""
        best = self.predict_proba(X).argmax(1)
        labels: np.ndarray = self.classes_[best]
        return labels

    def _sampler(self, codes: NDArray[np.int64], random: np.random.RandomState) -> Any:
        if self.resample is None:
            return None
        if not isinstance(self.resample, str):
            if isinstance(self.resample, type) or not hasattr(self.resample, "fit_resample"):
                raise InputError(
                    f"resample is {self.resample!r}; it must be the name of an over-sampler, an "
                    "object with fit_resample or None"
                )
            return clone(self.resample, safe=False)
        few = self.resample == "eos" and len(codes) <= 10  # use all neighbors
        name = f"eos:k={len(codes) - 1}" if few else self.resample
        return make_over_sampler(name, random)
