"""The held-out accuracy of a network while it is trained."""

from typing import Any

import numpy as np
from torch import Tensor, nn
from torch.utils.data import Dataset

from imbtorch.data.workers import Workers
from imbtorch.errors import InputError
from imbtorch.models.inference import measured_logits


def held_out_accuracy(model: nn.Module, val: Dataset[Any], workers: Workers) -> float:
    """Return the balanced accuracy of a network on a data set."""
    logits, y = measured_logits(model, val, "val", workers)
    if not 0 <= int(y.min()) <= int(y.max()) < logits.shape[1]:
        raise InputError(
            f"val has labels {int(y.min())} to {int(y.max())}; the head has "
            f"{logits.shape[1]} classes"
        )
    return balanced_accuracy(logits, y)


def balanced_accuracy(logits: Tensor, y: Tensor) -> float:
    """Return the mean recall of the classes in `y`, as `classification_metrics` does."""
    true, predicted = y.cpu().numpy(), logits.argmax(1).cpu().numpy()
    support = np.bincount(true)  # scikit-learn takes longer than a small network to predict
    right = np.bincount(true[true == predicted], minlength=len(support))
    present = support > 0
    return float((right[present] / support[present]).mean())
