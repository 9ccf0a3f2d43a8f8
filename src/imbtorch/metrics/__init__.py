"""Metrics of a trained classifier: scores per class, calibration, decisions and gaps."""

from imbtorch.metrics.calibration import expected_calibration_error
from imbtorch.metrics.choose_decision import choose_decision, fit_temperature
from imbtorch.metrics.class_bias import class_weight_norms, cumulative_false_positives
from imbtorch.metrics.classification import classification_metrics, evaluate
from imbtorch.metrics.cost import expected_cost
from imbtorch.metrics.decision import Decision
from imbtorch.metrics.gap import Gap, generalization_gap, true_false_gaps
from imbtorch.metrics.prior import correct_prior

__all__ = [
    "Decision",
    "Gap",
    "choose_decision",
    "class_weight_norms",
    "classification_metrics",
    "correct_prior",
    "cumulative_false_positives",
    "evaluate",
    "expected_calibration_error",
    "expected_cost",
    "fit_temperature",
    "generalization_gap",
    "true_false_gaps",
]
