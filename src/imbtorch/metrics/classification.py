"""Metrics of a classifier on a held-out set, per class and overall."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from imblearn.metrics import geometric_mean_score
from numpy.typing import ArrayLike, NDArray
from scipy.stats import gmean
from sklearn.metrics import precision_recall_fscore_support

from imbtorch.data.arrays import Samples, as_dataset
from imbtorch.data.checks import label_arrays
from imbtorch.data.profiles.class_groups import SHOTS, minority_classes, shot_groups
from imbtorch.data.workers import Workers
from imbtorch.errors import InputError
from imbtorch.metrics.calibration import expected_calibration_error
from imbtorch.metrics.pairs import count_pairs
from imbtorch.metrics.prior import correct_prior
from imbtorch.metrics.probabilities import check_probabilities
from imbtorch.metrics.scores import matthews, score_metrics
from imbtorch.metrics.undefined import mean_defined, with_none
from imbtorch.models.classifier import Classifier, check_classifier
from imbtorch.models.inference import measured_logits
from imbtorch.seeding import same_random_state

Labels = NDArray[np.int64]
Metrics = dict[str, Any]
"""Name -> number, list of K numbers or matrix, None for what is undefined; JSON-ready."""


def classification_metrics(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    class_counts: Sequence[int],
    probabilities: ArrayLike | None = None,
    class_shares: Sequence[float] | None = None,
    *,
    shots: tuple[int, int] = SHOTS,
) -> Metrics:
    """Compute metrics of predictions, per class and overall.

    A class without a sample in `y_true` has no recall: its own figures are undefined, given as
    None, and the averages are over the other classes, as in scikit-learn's
    ``balanced_accuracy_score``. Predicting it is an error of the true class as any other.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (N,)
        Labels 0..K-1 and predictions.
    class_counts : sequence of int
        Class counts of the training set, K numbers; determine which classes are minority (by
        AMO's rule, see `minority_classes`) and which are many-, medium- and few-shot.
    probabilities : array-like of shape (N, K), optional
        Class probabilities, for the area under the precision-recall curve and calibration.
    class_shares : sequence of float, optional
        Class shares that the network assumes, see `Recipe.class_shares`.
    shots : tuple of int, default=(20, 100)
        Bounds of few-shot and many-shot classes, see `shot_groups`.

    Returns
    -------
    dict
        All in 0..1, but ``matthews``:

        - ``balanced_accuracy``: mean recall over the classes of `y_true`, like all averages here.
        - ``gmean_recall``: geometric mean of the class recalls (0 if any recall is 0).
        - ``gmean_macro``: sqrt(macro recall x macro specificity), imbalanced-learn's
          ``geometric_mean_score(average="macro")``; None if `y_true` holds one class only.
        - ``f1_macro``, ``accuracy``.
        - ``matthews``: Matthews' correlation coefficient, in -1..1; None if `y_true` holds one
          class only.
        - ``majority_recall``, ``minority_recall``: mean recall over the majority and the minority
          classes; None if there are none.
        - ``many_recall``, ``medium_recall``, ``few_recall``: mean recall over the many-, medium-
          and few-shot classes; None if there are none.
        - ``worst_recall``: smallest class recall.
        - ``recall``, ``precision``, ``f1``: lists of K numbers, one per class.
        - ``auprc``, ``auroc``, ``precision_at_90_recall`` (lists of K numbers, one class against
          the rest), ``brier``, ``ece``: see `score_metrics`; only with `probabilities`.
          ``ece_corrected``: the calibration error after `correct_prior` to the class shares of
          `y_true`; only with `class_shares`.
        - ``confusion``: K x K counts, rows the true classes; for more than 100 classes sparse,
          see `unpack`.

    References
    ----------
    M2m (CVPR 2020) reports balanced accuracy and the geometric mean of recalls; EOS (Dablain et
    al.) reports the macro geometric mean.

    DOS (Ando and Huang, ECML 2017) reports precision, recall, F1 and AUPRC of each class.

    Examples
    --------
    >>> metrics = classification_metrics([0, 0, 1, 1], [0, 0, 0, 1], [90, 10])
    >>> metrics["balanced_accuracy"], metrics["recall"]
    (0.75, [1.0, 0.5])
    >>> metrics = classification_metrics([0, 0, 1, 1], [0, 0, 0, 1], [90, 10, 5])
    >>> metrics["balanced_accuracy"], metrics["recall"]
    (0.75, [1.0, 0.5, None])
    """
    labels = np.arange(len(class_counts))
    true, predicted = label_arrays(y_true, y_pred, len(labels), "class_counts")
    support = np.bincount(true, minlength=len(labels))
    present = support > 0
    right = np.bincount(true[true == predicted], minlength=len(labels))
    recall = np.divide(right, support, out=np.full(len(labels), np.nan), where=present)
    minority = minority_classes(class_counts)
    precision, _, f1, _ = precision_recall_fscore_support(
        true, predicted, labels=labels, zero_division=0
    )
    precision[~present] = f1[~present] = np.nan
    metrics: Metrics = {
        "balanced_accuracy": mean_defined(recall),
        "gmean_recall": float(gmean(recall[present])) if (recall[present] > 0).all() else 0.0,
        "gmean_macro": _gmean_macro(true, predicted, labels[present]),
        "f1_macro": mean_defined(f1),
        "accuracy": float((true == predicted).mean()),
        "matthews": matthews(true, predicted, len(labels)),
        "majority_recall": mean_defined(recall[~minority]),
        "minority_recall": mean_defined(recall[minority]),
        **shot_recalls(recall, class_counts, shots),
        "worst_recall": float(recall[present].min()),
        "recall": with_none(recall),
        "precision": with_none(precision),
        "f1": with_none(f1),
        "confusion": count_pairs(true, predicted, len(labels)),
    }
    if probabilities is not None:
        scores = check_probabilities(probabilities)
        if scores.shape != (len(true), len(labels)):
            raise InputError(
                f"probabilities has shape {scores.shape}; it must be {(len(true), len(labels))}"
            )
        metrics |= score_metrics(true, scores)
        if class_shares is not None:
            corrected = correct_prior(scores, class_shares, support.tolist())
            metrics["ece_corrected"] = expected_calibration_error(true, corrected)
    return metrics


def _gmean_macro(true: Labels, predicted: Labels, present: Labels) -> float | None:
    if len(present) == 1:  # no sample of another class: no specificity
        return None
    return float(geometric_mean_score(true, predicted, labels=present, average="macro"))


def shot_recalls(
    recall: ArrayLike, class_counts: Sequence[int], shots: tuple[int, int] = SHOTS
) -> dict[str, float | None]:
    """Return the mean recall of the many-, medium- and few-shot classes.

    Parameters
    ----------
    recall : array-like of shape (K,)
        Recall of each class; NaN or None where it is undefined, which is left out.
    class_counts : sequence of int
        Class counts of the training set, K numbers.
    shots : tuple of int, default=(20, 100)
        See `shot_groups`.

    Returns
    -------
    dict
        ``many_recall``, ``medium_recall``, ``few_recall``; None if no such class has a recall.

    Examples
    --------
    >>> shot_recalls([0.9, 0.5, 0.3], [500, 5, 3])
    {'many_recall': 0.9, 'medium_recall': None, 'few_recall': 0.4}
    """
    values = np.asarray(recall, dtype=np.float64)
    if values.shape != (len(class_counts),):
        raise InputError(
            f"recall has shape {values.shape}; class_counts has {len(class_counts)} classes"
        )
    groups = shot_groups(class_counts, shots).items()
    return {f"{name}_recall": mean_defined(values[mask]) for name, mask in groups}


def evaluate(
    model: Classifier,
    dataset: Samples,
    class_counts: Sequence[int],
    class_shares: Sequence[float] | None = None,
    *,
    shots: tuple[int, int] = SHOTS,
    num_workers: int = 0,
) -> Metrics:
    """Compute the metrics of a network on a held-out set.

    Parameters
    ----------
    model : Classifier
        Trained network.
    dataset : Dataset or pair (x, y)
        Yields (x, y) with y in 0..K-1, or a pair of arrays.
    class_counts : sequence of int
        Class counts of the training set, K numbers.
    class_shares : sequence of float, optional
        See `classification_metrics`.
    shots : tuple of int, default=(20, 100)
        See `shot_groups`.
    num_workers : int, default=0
        Processes that load a Dataset, see `fit`.

    Returns
    -------
    dict
        See `classification_metrics`.

    Examples
    --------
    >>> import torch
    >>> from imbtorch import ArrayDataset
    >>> from imbtorch.models import mlp
    >>> test = ArrayDataset(torch.randn(6, 2), [0, 1, 2, 0, 1, 2])
    >>> sorted(evaluate(mlp((2,), 3), test, [50, 20, 5]))[:3]
    ['accuracy', 'auprc', 'auroc']
    """
    y, predicted, probabilities = predictions(model, dataset, class_counts, num_workers)
    return classification_metrics(
        y, predicted, class_counts, probabilities, class_shares, shots=shots
    )


def predictions(
    model: Classifier, dataset: Samples, class_counts: Sequence[int], num_workers: int = 0
) -> tuple[Labels, Labels, NDArray[np.float64]]:
    """Return the labels of a held-out set, the most probable classes and the probabilities."""
    check_classifier(model)
    dataset = as_dataset(dataset)
    with same_random_state(), Workers(num_workers) as workers:
        logits, y = measured_logits(model, dataset, "dataset", workers)
    if len(class_counts) != logits.shape[1]:
        raise InputError(
            f"class_counts has {len(class_counts)} classes; the network has {logits.shape[1]}"
        )
    probabilities = model.probabilities(logits).double().cpu().numpy()
    return y.cpu().numpy(), logits.argmax(1).cpu().numpy(), probabilities
