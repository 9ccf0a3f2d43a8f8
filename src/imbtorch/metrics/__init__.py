"""Metrics of a trained classifier: scores per class, calibration and generalization gaps."""

from imbtorch.metrics.calibration import expected_calibration_error
from imbtorch.metrics.class_bias import class_weight_norms, cumulative_false_positives
from imbtorch.metrics.classification import classification_metrics, evaluate
from imbtorch.metrics.gap import Gap, generalization_gap, true_false_gaps
from imbtorch.metrics.prior import correct_prior

__all__ = [
    "Gap",
    "class_weight_norms",
    "classification_metrics",
    "correct_prior",
    "cumulative_false_positives",
    "evaluate",
    "expected_calibration_error",
    "generalization_gap",
    "true_false_gaps",
]
