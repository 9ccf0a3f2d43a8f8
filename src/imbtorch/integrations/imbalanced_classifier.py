"""ImbalancedClassifier: a scikit-learn estimator that trains a network by a recipe."""

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import (
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

from imbtorch.data.arrays import ArrayDataset, class_counts
from imbtorch.data.augmentation.augment import Augment
from imbtorch.data.checks import Array, RandomState, as_numbers
from imbtorch.data.pairs import check_not_dataset
from imbtorch.data.seen import fingerprints
from imbtorch.errors import InputError
from imbtorch.integrations.given import (
    check_scale,
    given_labels,
    given_samples,
    network_name,
    numbered,
)
from imbtorch.integrations.given_texts import text_input, texts_for
from imbtorch.integrations.refit import whole_or_not_at_all
from imbtorch.integrations.stored_classifier import StoredClassifier
from imbtorch.integrations.stored_params import check_given
from imbtorch.metrics.prior import correct_prior
from imbtorch.models.build import build_model
from imbtorch.models.classifier import Classifier, check_classifier
from imbtorch.models.inference import measured_logits
from imbtorch.seeding import random_state_from, same_random_state
from imbtorch.training.fit import fit
from imbtorch.training.one_device import on_device
from imbtorch.training.recipe import Recipe
from imbtorch.training.recipes import recipe_of
from imbtorch.training.setup import OWN_SETUP, Setup, usual_setup


class ImbalancedClassifier(StoredClassifier, ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Train a network by a recipe, on arrays or image tensors.

    Parameters
    ----------
    recipe : str or Recipe, default="m2m"
        See `make_recipe`. In a grid search, write its options into the name:
        ``{"recipe": ["erm", "m2m:beta=0.9", "m2m:beta=0.99"]}``.
    model : str or Classifier, default="auto"
        Name of a network (see `build_model`), or your own, which is copied and trained further
        from its current parameters. "auto" selects mlp for (N, D), resnet32 for color images
        and small-cnn for other images.
    pretrained : bool or str, default=True
        Whether a network from elsewhere ("timm:NAME", "hf:NAME-or-folder", "torchvision:NAME")
        starts from its pretrained weights, or the file that has them.
    epochs : int, optional
        Epochs of a recipe given by name; the default depends on the network (mlp 15,
        small-cnn 30, resnet32 200; 15 for your own).
    setup : Setup, optional
        Optimizer, batch size and schedule; the default depends on the network.
    augment : callable, optional
        Batch-wise augmentation, such as `crop_flip`.
    device : str or torch.device, default="auto"
        Where to train: auto, cpu, cuda, cuda:1 or mps. The trained network is on the CPU.
    random_state : int, RandomState or None, default=None
        Determines initial parameters, sample order and random choices of the methods.

    Attributes
    ----------
    classes_ : ndarray of shape (K,)
        The labels.
    model_ : Classifier
        The trained network.
    history_ : list of dict
        One row per epoch, see `FitResult`.
    class_counts_ : list of int
        Class counts n_k of the training set.
    class_shares_ : list of float
        Class shares that the network assumes, see `Recipe.class_shares`.
    n_features_in_ : int
        Number of features D; only for two-dimensional input.
    sample_shape_ : tuple of int
        Shape of one sample: (D,), (C, H, W), or (L,), the most tokens that the network takes.
    seen_ : list of str
        Hashes of some training samples, by which ``imbtorch decide`` knows them again.
    texts_ : TokenInput or None
        How texts become tokens; None if the samples are no texts.

    Raises
    ------
    InputError
        If the data cannot be used, a name is unknown, or y has only one class.

    Notes
    -----
    ``fit(X, y)`` takes X of shape (N, D), an array or data frame of numbers, or images of shape
    (N, C, H, W), an array or Tensor, uint8 in 0..255 or float in 0..1; y holds labels of any
    kind. The network's first layer standardizes the features. N texts need a language model
    (``hf:NAME``), whose tokenizer reads them, and a recipe that moves no inputs, as "m2m" does.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> X, y = make_classification(300, weights=[0.9], class_sep=2.0, random_state=0)
    >>> model = ImbalancedClassifier("rs", epochs=5, random_state=0).fit(X, y)
    >>> model.predict(X[:2]).shape, model.predict_proba(X, prior=[0.9, 0.1]).shape
    ((2,), (300, 2))
    """

    def __init__(
        self,
        recipe: str | Recipe = "m2m",
        *,
        model: str | Classifier = "auto",
        pretrained: bool | str = True,
        epochs: int | None = None,
        setup: Setup | None = None,
        augment: Augment | None = None,
        device: str | torch.device = "auto",
        random_state: RandomState = None,
    ) -> None:
        self.recipe = recipe
        self.model = model
        self.pretrained = pretrained
        self.epochs = epochs
        self.setup = setup
        self.augment = augment
        self.device = device
        self.random_state = random_state

    @whole_or_not_at_all
    def fit(self, X: Array, y: Array) -> "ImbalancedClassifier":
        """Train the network.

        Parameters
        ----------
        X : array-like of shape (N, D), array or Tensor of shape (N, C, H, W), or N strings
            Training samples.
        y : array-like of shape (N,)
            Their labels, of at least two classes.

        Returns
        -------
        ImbalancedClassifier
            This estimator.
        """
        check_given(self.get_params(deep=False))
        self.texts_ = text_input(self.model, X)
        samples, labels = self._samples(X, y)
        self.classes_, codes = numbered(labels)
        train = ArrayDataset(samples, codes, tokens=self.texts_ is not None)
        seed = int(check_random_state(random_state_from(self.random_state)).randint(2**31))
        shape = tuple(train.x.shape[1:])
        if self.texts_ is not None:
            shape = (self.texts_.max_length,)
        self.sample_shape_, size = shape, (shape, len(self.classes_))
        name = network_name(self.model, shape)
        setup, usual = OWN_SETUP
        if not isinstance(self.model, str):
            check_classifier(self.model)
        else:
            freeze = "none" if self.setup is None else self.setup.freeze
            setup, usual = usual_setup(name, pretrained=bool(self.pretrained), freeze=freeze)
        recipe = recipe_of(self.recipe, self.epochs, usual).copied()
        network = (
            build_model(name, *size, train=train, seed=seed, pretrained=self.pretrained)
            if isinstance(self.model, str)
            else copy.deepcopy(self.model)
        )
        check_scale(network, train.x)
        fitted = fit(
            recipe,
            network,
            train,
            setup=self.setup or setup,
            augment=self.augment,
            seed=seed,
            fabric=on_device(self.device),
        )
        self.model_, self.history_ = fitted.model, fitted.history
        self.class_counts_ = class_counts(train)
        self.class_shares_ = recipe.class_shares(self.class_counts_)
        self.seen_ = fingerprints(train)
        return self

    def predict_proba(self, X: Array, prior: Sequence[float] | None = None) -> NDArray[np.float64]:
        """Return class probabilities.

        Parameters
        ----------
        X : array-like of shape (n, D), array or Tensor of shape (n, C, H, W), or n strings
            Samples.
        prior : sequence of float, optional
            Shares, or counts, of the K classes where the probabilities will be used:
            over-sampling and similar methods make rare classes look frequent, see
            `correct_prior`. By default the network's own probabilities.

        Returns
        -------
        ndarray of shape (n, K)
            In the order of `classes_`.
        """
        check_is_fitted(self)
        samples, texts = self._samples(X)[0], self.texts_ is not None
        data = ArrayDataset(samples, np.zeros(len(samples), dtype=np.int64), tokens=texts)
        if not texts and data.x.shape[1:] != self.sample_shape_:
            raise InputError(
                f"X has samples of shape {tuple(data.x.shape[1:])}; the network was trained on "
                f"{self.sample_shape_}"
            )
        check_scale(self.model_, data.x)
        with same_random_state():
            logits, _ = measured_logits(self.model_, data, "X")
        probabilities: NDArray[np.float64] = self.model_.probabilities(logits).double().numpy()
        if prior is None:
            return probabilities
        return correct_prior(probabilities, self.class_shares_, prior)

    def predict(self, X: Array) -> np.ndarray:
        """Return the most probable label of each sample, shape (n,)."""
        best = self.predict_proba(X).argmax(1)
        labels: np.ndarray = self.classes_[best]
        return labels

    def _samples(self, X: Any, *y: Any) -> tuple[Any, Any]:
        """Check samples and, in training, labels; two-dimensional samples as scikit-learn does."""
        check_not_dataset(X)
        if self.texts_ is not None:
            texts = texts_for(self.model, X)
            labels = [column_or_1d(given_labels(part), warn=True) for part in y]
            check_consistent_length(texts, *labels)
            return self.texts_.transform(texts), labels[0] if labels else None
        X = given_samples(X)
        labels = [given_labels(part) for part in y]
        if len(getattr(X, "shape", ())) > 2:
            X = as_numbers(X, "X")
            labels = [column_or_1d(part, warn=True) for part in labels]
            check_consistent_length(X, *labels)
        else:
            X = validate_data(self, X, *labels, dtype=np.float32, reset=bool(labels))
            if labels:
                X, labels = X[0], [X[1]]
        return X, labels[0] if labels else None
