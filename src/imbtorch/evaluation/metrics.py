"""Metrics of a classifier on a held-out set, per class and overall."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from imblearn.metrics import geometric_mean_score
from numpy.typing import ArrayLike, NDArray
from scipy.stats import gmean
from sklearn.metrics import (
    average_precision_score,
    confusion_matrix,
    f1_score,
    precision_recall_fscore_support,
)
from torch.utils.data import Dataset

from imbtorch.data.arrays import check_counts, check_labels
from imbtorch.errors import InputError
from imbtorch.evaluation.calibration import expected_calibration_error
from imbtorch.models.classifier import Classifier
from imbtorch.models.inference import predict_logits
from imbtorch.models.prior import correct_prior


def majority_classes(class_counts: Sequence[int]) -> NDArray[np.bool_]:
    """Mark the majority classes: the most frequent ones that together exceed half of the data.

    Parameters
    ----------
    class_counts : sequence of int
        Class counts n_k of the training set, K numbers.

    Returns
    -------
    ndarray of shape (K,), bool
        The fewest of the most frequent classes whose counts sum to more than 50 %; never all.

    References
    ----------
    AMO (ICLR 2020 submission), section 3.1: "Major" and "Minor".

    Examples
    --------
    >>> majority_classes([5000, 2997, 1796]).tolist()
    [True, False, False]
    """
    counts = check_counts(class_counts).numpy()
    order = np.argsort(-counts, kind="stable")
    number = int(np.argmax(counts[order].cumsum() > counts.sum() / 2)) + 1
    number = min(number, len(counts) - 1)
    mask = np.zeros(len(counts), dtype=bool)
    mask[order[:number]] = True
    return mask


def classification_metrics(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    class_counts: Sequence[int],
    probabilities: ArrayLike | None = None,
    class_shares: Sequence[float] | None = None,
) -> dict[str, Any]:
    """Measure predictions.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (N,)
        Labels 0..K-1 and predictions.
    class_counts : sequence of int
        Class counts of the training set, K numbers; decides which classes are majority.
    probabilities : array-like of shape (N, K), optional
        Class probabilities, for the area under the precision-recall curve and calibration.
    class_shares : sequence of float, optional
        Class shares that the network was trained to take for given, see `Recipe.class_shares`.

    Returns
    -------
    dict
        All in 0..1:

        - ``balanced_accuracy``: mean recall over the classes.
        - ``gmean_recall``: geometric mean of the class recalls (0 if a class is never found).
        - ``gmean_macro``: sqrt(macro recall x macro specificity), imbalanced-learn's
          ``geometric_mean_score(average="macro")``.
        - ``f1_macro``, ``accuracy``.
        - ``majority_recall``, ``minority_recall``: mean recall over these classes.
        - ``worst_recall``: smallest class recall.
        - ``recall``, ``precision``, ``f1``: lists of K numbers, one a class.
        - ``auprc``: list of K average precisions, each class against the rest; only with
          `probabilities`.
        - ``ece``: expected calibration error of `probabilities`; ``ece_corrected``: the same
          after `correct_prior` to the class shares of `y_true`; only with `class_shares`.
        - ``confusion``: K x K counts, rows the true classes.

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
    """
    true, predicted = check_labels(y_true, "y_true").numpy(), check_labels(y_pred, "y_pred").numpy()
    labels = np.arange(len(class_counts))
    if true.shape != predicted.shape or not len(true) > 0:
        raise InputError(f"y_true has {len(true)} labels and y_pred {len(predicted)}")
    if max(true.max(), predicted.max()) >= len(labels):
        raise InputError(
            f"y_true holds labels up to {true.max()} and y_pred up to {predicted.max()}; "
            f"class_counts has {len(labels)} classes"
        )
    confusion = confusion_matrix(true, predicted, labels=labels)
    recall = confusion.diagonal() / confusion.sum(1).clip(min=1)
    major = majority_classes(class_counts)
    precision, _, f1, _ = precision_recall_fscore_support(
        true, predicted, labels=labels, zero_division=0
    )
    metrics = {
        "balanced_accuracy": float(recall.mean()),
        "gmean_recall": float(gmean(recall)) if (recall > 0).all() else 0.0,
        "gmean_macro": float(geometric_mean_score(true, predicted, average="macro")),
        "f1_macro": float(f1_score(true, predicted, average="macro", zero_division=0)),
        "accuracy": float((true == predicted).mean()),
        "majority_recall": float(recall[major].mean()),
        "minority_recall": float(recall[~major].mean()),
        "worst_recall": float(recall.min()),
        "recall": recall.tolist(),
        "precision": precision.tolist(),
        "f1": f1.tolist(),
        "confusion": confusion.tolist(),
    }
    if probabilities is not None:
        scores = np.asarray(probabilities)
        if scores.shape != (len(true), len(labels)):
            raise InputError(
                f"probabilities has shape {scores.shape}; {(len(true), len(labels))} is needed"
            )
        metrics["auprc"] = [
            float(average_precision_score(true == k, scores[:, k])) if (true == k).any() else 0.0
            for k in labels
        ]
        metrics["ece"] = expected_calibration_error(true, scores)
        if class_shares is not None:
            corrected = correct_prior(scores, class_shares, confusion.sum(1))
            metrics["ece_corrected"] = expected_calibration_error(true, corrected)
    return metrics


def evaluate(
    model: Classifier,
    dataset: Dataset[Any],
    class_counts: Sequence[int],
    class_shares: Sequence[float] | None = None,
) -> dict[str, Any]:
    """Measure a network on a held-out set.

    Parameters
    ----------
    model : Classifier
        Trained network.
    dataset : Dataset
        Yields (x, y), y in 0..K-1.
    class_counts : sequence of int
        Class counts of the training set, K numbers.
    class_shares : sequence of float, optional
        See `classification_metrics`.

    Returns
    -------
    dict
        See `classification_metrics`.

    Examples
    --------
    >>> import torch
    >>> from imbtorch import ArrayDataset, mlp
    >>> test = ArrayDataset(torch.randn(6, 2), [0, 1, 2, 0, 1, 2])
    >>> sorted(evaluate(mlp((2,), 3), test, [50, 20, 5]))[:3]
    ['accuracy', 'auprc', 'balanced_accuracy']
    """
    logits, y = predict_logits(model, dataset)
    return classification_metrics(
        y.cpu().numpy(),
        logits.argmax(1).cpu().numpy(),
        class_counts,
        model.probabilities(logits).cpu().numpy(),
        class_shares,
    )
