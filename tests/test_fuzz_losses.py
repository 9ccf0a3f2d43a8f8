"""Odd input, losses and class counts: the result is right, or an error says what would be.

scikit-learn's ValueErrors count as such errors; NaN never comes out of input without it. What holds
of labels and of losses in any precision is in test_loss_contract.py.
"""

from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from imbtorch import InputError
from imbtorch.data import gaussian_reduction
from imbtorch.losses import (
    AsymmetricLoss,
    BalancedSoftmaxLoss,
    CDTLoss,
    FocalLoss,
    LDAMLoss,
    LogitAdjustedLoss,
    MicroClusterLoss,
    QuintupletLoss,
    effective_number_weights,
    inverse_frequency_weights,
    ldam_margins,
)
from imbtorch.transforms import AOS, M2m, Remix, acceptance_matrix

pytestmark = pytest.mark.filterwarnings("ignore:.* takes cosines")  # given any logits

NAN, INF = float("nan"), float("inf")
COUNTS = [50, 20, 5]
LOGITS = torch.randn(6, 3, generator=torch.Generator().manual_seed(0))
Y = torch.tensor([0, 1, 2, 0, 1, 2])

LOSSES = {
    "focal": FocalLoss,
    "asymmetric": AsymmetricLoss,
    "balanced-softmax": partial(BalancedSoftmaxLoss, COUNTS),
    "cdt": partial(CDTLoss, COUNTS),
    "logit-adjusted": partial(LogitAdjustedLoss, COUNTS),
    "ldam": partial(LDAMLoss, COUNTS),
}
loss_by_name = pytest.mark.parametrize("make", LOSSES.values(), ids=LOSSES)


@loss_by_name
def test_losses_are_right_in_any_precision_and_layout(make):
    weight = [1.0, 2.0, 0.5]
    expected = make(weight=torch.tensor(weight))(LOGITS, Y)
    for dtype, tolerance in (
        (torch.float64, 1e-5),
        (torch.bfloat16, 5e-2),
        (torch.float16, 1e-2),
    ):
        found = make(weight=weight)(LOGITS.to(dtype), Y)
        torch.testing.assert_close(found.float(), expected, rtol=tolerance, atol=tolerance)
    for y in (Y.int(), Y.byte(), Y.short()):
        torch.testing.assert_close(make(weight=np.array(weight))(LOGITS, y), expected)
    torch.testing.assert_close(make(weight=torch.tensor(weight).double())(LOGITS, Y), expected)
    strided = LOGITS.T.contiguous().T
    assert not strided.is_contiguous()
    torch.testing.assert_close(make(weight=weight)(strided, Y), expected)
    assert make()(LOGITS * 1e30, Y).isfinite()
    assert make()(LOGITS * NAN, Y).isnan()  # what comes in is not hidden


@loss_by_name
@pytest.mark.parametrize(
    ("logits", "y", "said"),
    [
        (LOGITS[:0], Y[:0], "at least one sample"),
        (LOGITS.long(), Y, "dtype torch.int64"),
        (LOGITS[:, 0], Y, r"shape \(6,\)"),
        (LOGITS[:, :, None], Y, r"shape \(6, 3, 1\)"),
        (LOGITS, Y[:4], r"labels of shape \(6,\)"),
        (LOGITS, Y.float(), "dtype torch.float32"),
        (LOGITS, Y[:, None], r"y has shape \(6, 1\)"),
        (LOGITS.numpy(), Y, "ndarray"),
        (LOGITS, Y.tolist(), "list"),
    ],
)
def test_losses_say_what_does_not_fit(make, logits, y, said):
    with pytest.raises(InputError, match=said):
        make()(logits, y)


@loss_by_name
def test_losses_refuse_other_classes_and_weights(make):
    for values in ([1.0, 2.0], [1.0, 2.0, 3.0, 4.0]):
        with pytest.raises(InputError, match=f"{len(values)} classes"):
            make(weight=values)(LOGITS, Y)
    for values in ([1.0, 0.0, 1.0], [1.0, -1.0, 1.0], [1.0, NAN, 1.0], [[1.0, 1.0, 1.0]]):
        with pytest.raises(InputError, match="positive number per class"):
            make(weight=torch.tensor(values))


def test_losses_of_embeddings_say_what_does_not_fit():
    for features, labels in ((LOGITS[:0], Y[:0]), (LOGITS[:, 0], Y), (LOGITS[:4], Y)):
        with pytest.raises(InputError, match="features has shape"):
            QuintupletLoss()(features, labels, labels)
    for wrong in ((LOGITS[:0], Y[:0]), (LOGITS[:, 0], Y), (LOGITS.long(), Y)):
        with pytest.raises(InputError, match="features has shape"):
            MicroClusterLoss()(*wrong, nn.Identity(), torch.zeros(0, 2, 3), torch.zeros(0, 2))
    targets, weights = torch.zeros(6, 2, 3), torch.full((6, 2), 0.5)
    for y, said in ((Y[:4], "y has shape"), (Y.float(), "torch.float32"), (Y.tolist(), "list")):
        with pytest.raises(InputError, match=said):
            MicroClusterLoss()(LOGITS, y, nn.Identity(), targets, weights)
    for features, labels, said in (
        (LOGITS, Y[:, None], "labels"),
        (LOGITS.long(), Y, "dtype torch.int64"),
        (LOGITS, Y.tolist(), "labels is a list"),
    ):
        with pytest.raises(InputError, match=said):
            QuintupletLoss()(features, labels, Y)
    with pytest.raises(InputError, match="margins"):
        QuintupletLoss((NAN, 0.1, 0.1))


TAKES_COUNTS = {
    "BalancedSoftmaxLoss": BalancedSoftmaxLoss,
    "CDTLoss": CDTLoss,
    "LogitAdjustedLoss": LogitAdjustedLoss,
    "LDAMLoss": LDAMLoss,
    "ldam_margins": ldam_margins,
    "inverse_frequency_weights": inverse_frequency_weights,
    "effective_number_weights": effective_number_weights,
    "acceptance_matrix": partial(acceptance_matrix, beta=0.9),
    "M2m": partial(M2m, nn.Identity()),
    "AOS": AOS,
    "Remix": Remix,
    "gaussian_reduction": partial(gaussian_reduction, fraction=0.0),
}


@pytest.mark.parametrize("take", TAKES_COUNTS.values(), ids=TAKES_COUNTS)
def test_class_counts_of_any_kind(take):
    for right in ([3, 1], (3, 1), np.array([3, 1]), np.array([3, 1], np.uint16), [10**12, 1], [5]):
        take(right)
    take([1] * 1000)
    for wrong in ([], [0, 1], [-1, 2], [NAN, 1], [INF, 1], [[3, 1]], ["a", "b"], None, 5):
        with pytest.raises(InputError, match="counts"):
            take(wrong)
