"""Tensors on a device are taken everywhere, and arrays made of them by way of the CPU."""

import numpy as np
import pytest
import torch

from imbtorch import build_model, fit, metrics, resampling
from imbtorch.samplers import ClassBalancedSampler
from imbtorch.sklearn import EmbeddingHead, ImbalancedClassifier


class OnDevice(torch.Tensor):
    """A Tensor that refuses, as one on CUDA does, to become an array before it is on the CPU."""

    def __array__(self, *_, **__):
        raise TypeError("can't convert cuda:0 device type tensor to numpy")

    def numpy(self, *_, **__):
        raise TypeError("can't convert cuda:0 device type tensor to numpy")

    def cpu(self, *_, **__):
        return self.as_subclass(torch.Tensor)


X = torch.randn(20, 2, generator=torch.Generator().manual_seed(0)).as_subclass(OnDevice)
Y = torch.tensor([0] * 14 + [1] * 6).as_subclass(OnDevice)
TOLD = torch.tensor([0] * 12 + [1] * 8).as_subclass(OnDevice)
SURE = X.softmax(1)
SAMPLERS = ("EOS", "SMOTE", "BorderlineSMOTE", "SVMSMOTE", "BalancedSVM")
CALLS = {
    "classification_metrics": lambda: metrics.classification_metrics(Y, TOLD, [14, 6], SURE),
    "expected_cost": lambda: metrics.expected_cost(Y, TOLD, [[0, 1], [1, 0]]),
    "expected_calibration_error": lambda: metrics.expected_calibration_error(Y, SURE),
    "cumulative_false_positives": lambda: metrics.cumulative_false_positives(Y, TOLD, [14, 6]),
    "fit_temperature": lambda: metrics.fit_temperature(Y, SURE),
    "choose_decision": lambda: metrics.choose_decision(Y, SURE, maximize="f1"),
    "correct_prior": lambda: metrics.correct_prior(SURE, [0.5, 0.5], [0.9, 0.1]),
    "generalization_gap": lambda: metrics.generalization_gap(X, Y, X, Y),
    "true_false_gaps": lambda: metrics.true_false_gaps(X, Y, X, Y, TOLD),
    "ClassBalancedSampler": lambda: list(ClassBalancedSampler(Y)),
    "Neighbors": lambda: resampling.Neighbors(3).fit(X).kneighbors(X),
    "fit": lambda: fit("drs+eos:k=3", build_model("mlp", (2,), 2), (X, Y), (X, Y), epochs=2),
    "ImbalancedClassifier": lambda: ImbalancedClassifier(epochs=1).fit(X, Y).predict(X),
    "EmbeddingHead": lambda: EmbeddingHead(None).fit(X, Y).predict(X),
    **{
        name: lambda name=name: getattr(resampling, name)(3, random_state=0).fit_resample(X, Y)
        for name in SAMPLERS
    },
}


def test_the_stand_in_refuses_what_a_tensor_on_cuda_refuses():
    with pytest.raises(TypeError, match="convert"):
        np.asarray(X)


@pytest.mark.filterwarnings("ignore:.* had too few samples:UserWarning")
@pytest.mark.parametrize("name", CALLS)
def test_tensors_on_a_device_are_taken(name):
    CALLS[name]()
