"""Calibration error and the correction for class shares."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from imbtorch import (
    InputError,
    Recipe,
    Train,
    build_model,
    fit,
    load_checkpoint,
    make_recipe,
    save_checkpoint,
)
from imbtorch.losses import LogitAdjustedLoss
from imbtorch.metrics import (
    choose_decision,
    classification_metrics,
    correct_prior,
    expected_calibration_error,
)

COUNTS = [80, 15, 5]
NATURAL = [0.8, 0.15, 0.05]
EVEN = [1 / 3] * 3


@pytest.mark.parametrize(
    ("recipe", "shares"),
    [
        ("erm", NATURAL),
        ("focal", NATURAL),
        ("erm+knn", NATURAL),
        ("rs", EVEN),
        ("smote", EVEN),
        ("rw", EVEN),
        ("drs", EVEN),
        ("m2m", EVEN),
        ("eos", EVEN),
        ("crt", EVEN),
        ("dos", EVEN),
        ("balanced-softmax", EVEN),
        ("logit-adjustment", EVEN),
        ("drs+lr", NATURAL),
    ],
)
def test_shares_that_a_recipe_trains_on(recipe, shares):
    np.testing.assert_allclose(make_recipe(recipe, 10).class_shares(COUNTS), shares)


def test_weights_and_partial_adjustment_count():
    effective = np.array(make_recipe("drw", 10).class_shares(COUNTS))
    assert (np.diff(effective) <= 0).all()
    assert effective[2] > NATURAL[2]
    half = Recipe("half", [Train(1, loss=LogitAdjustedLoss(COUNTS, tau=0.5))])
    root = np.sqrt(COUNTS)
    np.testing.assert_allclose(half.class_shares(COUNTS), root / root.sum())


def test_scores_that_are_no_probabilities_of_all_classes_are_refused():
    sigmoids, said = [[0.6, 0.4], [0.9, 0.9]], "probabilities sum to 1.8 in row 1; those of all"
    for use in (
        lambda p: expected_calibration_error([0, 1], p),
        lambda p: classification_metrics([0, 1], [0, 1], [9, 1], p),
        lambda p: correct_prior(p, [1, 1], [9, 1]),
        lambda p: choose_decision([0, 1], p, maximize="f1"),
    ):
        with pytest.raises(InputError, match=said):
            use(sigmoids)
    for kind in (torch.float16, torch.bfloat16):
        p = torch.randn(50, 1000).softmax(1).to(kind)
        assert 0 <= expected_calibration_error([0] * 50, p) <= 1
    none_left = correct_prior([[1.0, 0.0]], [1, 1], [0, 1])
    assert none_left.tolist() == [[0.0, 0.0]]
    assert 0 <= expected_calibration_error([0], none_left) <= 1
    assert expected_calibration_error([0], [[0.33, 0.33, 0.33]]) == pytest.approx(0.67)


def test_correction_gives_the_true_posterior():
    """Two Gaussians: the posterior under one prior becomes that under another."""
    x = np.linspace(-3, 3, 50)
    density = np.stack([np.exp(-((x + 1) ** 2) / 2), np.exp(-((x - 1) ** 2) / 2)], 1)

    def posterior(prior):
        joint = density * prior
        return joint / joint.sum(1, keepdims=True)

    np.testing.assert_allclose(
        correct_prior(posterior([0.5, 0.5]), [1, 1], [95, 5]), posterior([0.95, 0.05])
    )


@given(
    arrays(np.float64, (4, 3), elements=st.floats(0.01, 1)),
    st.lists(st.floats(0.01, 1), min_size=3, max_size=3),
    st.lists(st.floats(0.01, 1), min_size=3, max_size=3),
)
def test_correction_and_back_is_where_it_began(raw, trained, prior):
    p = raw / raw.sum(1, keepdims=True)
    there = correct_prior(p, trained, prior)
    np.testing.assert_allclose(there.sum(1), 1)
    np.testing.assert_allclose(correct_prior(there, prior, trained), p)


def test_calibration_error_by_hand():
    p = np.array([[0.9, 0.1]] * 10 + [[0.4, 0.6]] * 10)
    y = np.array([0] * 9 + [1] + [1] * 3 + [0] * 7)
    # bin of .9: right as often as it says; bin of .6: 3 of 10
    assert expected_calibration_error(y, p) == pytest.approx(0.5 * 0.3)
    assert expected_calibration_error(y, p, bins=1) == pytest.approx(abs(12 / 20 - 0.75))


def test_metrics_tell_both():
    y = [0] * 90 + [1] * 10
    p = np.tile([0.5, 0.5], (100, 1))
    metrics = classification_metrics(y, p.argmax(1), [90, 10], p, [0.5, 0.5])
    assert metrics["ece"] == pytest.approx(0.4)
    assert metrics["ece_corrected"] == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: correct_prior([[1.0, 0.0]], [1, 0], [1, 1]), "trained is"),
        (lambda: correct_prior([[1.0, 0.0]], [1, 1], [0, 0]), "prior is"),
        (lambda: correct_prior([[1.0, 0.0]], [1, 1, 1], [1, 1]), "probabilities has shape"),
        (lambda: expected_calibration_error([0], [[1.0]], bins=0), "bins is 0"),
        (lambda: expected_calibration_error([0, 1], [[1.0]]), "y_true has shape"),
        (lambda: expected_calibration_error([0], np.ones((1, 0))), "y_true has shape"),
        (lambda: expected_calibration_error([0], [[1.0]], bins=1.5), "bins is 1.5"),
        (lambda: expected_calibration_error([0], [[1.0]], bins=np.nan), "bins is nan"),
        (lambda: expected_calibration_error([0, 2], np.eye(2)), "y_true holds the label 2"),
        (lambda: expected_calibration_error([0, -1], np.eye(2)), "y_true holds the label -1"),
        (lambda: expected_calibration_error(["a", "b"], np.eye(2)), "y_true is of type"),
        (lambda: correct_prior([[1.0, 0.0]], {0: 1, 1: 1}, [1, 1]), "trained is"),
    ],
)
def test_clear_errors(call, message):
    with pytest.raises(InputError, match=message):
        call()


@pytest.mark.parametrize(
    "measure",
    [
        lambda p: expected_calibration_error([0, 1], p),
        lambda p: correct_prior(p, [1, 1], [9, 1]),
        lambda p: classification_metrics([0, 1], [0, 1], [9, 1], p),
    ],
)
def test_what_is_no_probability_is_refused(measure):
    for odd in (5.0, -3.0, np.nan, np.inf):
        with pytest.raises(InputError, match=rf"probabilities holds {odd} in row 1"):
            measure([[1.0, 0.0], [odd, 0.5]])
    with pytest.raises(InputError, match="probabilities is not"):
        measure([["a", "b"], ["c", "d"]])
    right = torch.tensor([[0.75, 0.25], [0.5, 0.5]])
    expected = measure(right.double().numpy())
    for same in (right.clone().requires_grad_(), right.bfloat16(), right.tolist()):
        np.testing.assert_equal(measure(same), expected)
    measure([[1 + 1e-7, -1e-7], [0.5, 0.5]])  # rounded


def test_a_cosine_head_takes_the_scale_of_its_loss_and_checkpoints_keep_it(blobs, tmp_path):
    model = build_model("mlp", (2,), 3)
    fitted = fit("ldam:scale=12", model, blobs, epochs=2).model
    save_checkpoint(tmp_path / "m.safetensors", fitted)
    loaded, _ = load_checkpoint(tmp_path / "m.safetensors")
    cosines = torch.tensor([[0.5, -0.2, 0.1]])
    for network in (fitted, loaded):
        torch.testing.assert_close(network.probabilities(cosines), (12 * cosines).softmax(1))
