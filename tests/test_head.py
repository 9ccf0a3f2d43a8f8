"""Heads trained on embeddings: as a phase, normalised, and as scikit-learn's classifier."""

from functools import partial

import numpy as np
import pytest
import torch
from imblearn.over_sampling import RandomOverSampler
from sklearn.metrics import balanced_accuracy_score
from sklearn.utils.estimator_checks import parametrize_with_checks
from torch import nn

from imbtorch import (
    InputError,
    Recipe,
    RefitHead,
    Train,
    build_model,
    fit,
    load_checkpoint,
    save_checkpoint,
)
from imbtorch.data.arrays import ArrayDataset
from imbtorch.losses import LDAMLoss
from imbtorch.metrics import class_weight_norms
from imbtorch.models import Classifier, CosineHead, mlp, predict_logits
from imbtorch.resampling import EOS
from imbtorch.samplers import ClassBalancedSampler
from imbtorch.sklearn import EmbeddingHead
from imbtorch.training import AdjustLogits, TauNormalize, tau_normalize

pytestmark = pytest.mark.filterwarnings("ignore:class .* has no enemy")
checks = parametrize_with_checks([EmbeddingHead(random_state=0)])


@pytest.mark.parametrize(checks.args[0], list(checks.args[1]), **checks.kwargs)
def test_keeps_the_contract_of_scikit_learn(estimator, check):
    check(estimator)


def two_classes(n=(400, 20), gap=1.5, seed=0):
    rng = np.random.default_rng(seed)
    x = np.concatenate([rng.normal(0, 1, (n[0], 5)), rng.normal(gap, 1, (n[1], 5))])
    return x, np.repeat(["many", "few"], n)


@pytest.mark.parametrize("resample", ["eos", "ros", "smote:k=3", EOS(5), RandomOverSampler()])
def test_over_sampling_helps_the_rare_class(resample):
    (x, y), (test, truth) = two_classes(gap=0.8), two_classes((500, 500), gap=0.8, seed=1)
    plain = EmbeddingHead(None, random_state=0).fit(x, y)
    head = EmbeddingHead(resample, random_state=0).fit(x, y)
    score = balanced_accuracy_score(truth, head.predict(test))
    assert score > balanced_accuracy_score(truth, plain.predict(test)) + 0.03
    assert len(head.loss_curve_) == 10
    again = EmbeddingHead(resample, random_state=0).fit(x, y)
    if isinstance(resample, str):
        assert np.array_equal(again.predict_proba(test), head.predict_proba(test))


def test_embedding_head_refuses_what_it_cannot_use():
    x, y = two_classes()
    with pytest.raises(InputError, match="epochs is 0"):
        EmbeddingHead(epochs=0).fit(x, y)
    with pytest.raises(InputError, match="did you mean eos"):
        EmbeddingHead("eoss").fit(x, y)
    for wrong in (EOS, 5):
        with pytest.raises(InputError, match=r"resample is .*; it must be the name of an over-sam"):
            EmbeddingHead(wrong).fit(x, y)


def test_an_object_with_fit_resample_alone_over_samples():
    class Twice:
        calls = 0

        def fit_resample(self, X, y):
            self.calls += 1
            return np.concatenate([X, X[y == 1]]), np.concatenate([y, y[y == 1]])

    sampler, (x, y) = Twice(), two_classes()
    y = (y == "few").astype(int)
    head = EmbeddingHead(sampler, epochs=1, random_state=0).fit(x, y)
    assert sampler.calls == 0  # a copy of it did
    plain = EmbeddingHead(None, epochs=1, random_state=0)
    twice = plain.fit(*Twice().fit_resample(x, y))
    np.testing.assert_array_equal(head.predict_proba(x), twice.predict_proba(x))


@pytest.mark.parametrize(
    "phase",
    [
        RefitHead(2, resample=partial(EOS, n_neighbors=5)),
        RefitHead(2, sampler=ClassBalancedSampler),
        RefitHead(2, start="trained"),
        TauNormalize(0.5),
        AdjustLogits(0.5),
    ],
)
def test_the_head_changes_the_features_stay(phase, blobs, tmp_path):
    torch.manual_seed(0)
    model = build_model("mlp", (2,), 3)
    before = {k: v.clone() for k, v in model.features.state_dict().items()}
    result = fit(Recipe("head only", [Train(0), phase]), model, blobs, blobs)
    for name, value in result.model.features.state_dict().items():
        assert torch.equal(value, before[name])
    save_checkpoint(tmp_path / "model.safetensors", result.model)
    loaded, _ = load_checkpoint(tmp_path / "model.safetensors")
    data = ArrayDataset(*blobs)
    assert torch.equal(predict_logits(loaded, data)[0], predict_logits(result.model, data)[0])


def test_refit_after_a_cosine_head_is_stored_as_linear(blobs, tmp_path):
    model = build_model("mlp", (2,), 3)
    recipe = Recipe("ldam-refit", [Train(1, loss=LDAMLoss), RefitHead(1)], CosineHead)
    result = fit(recipe, model, blobs)
    save_checkpoint(tmp_path / "model.safetensors", result.model)
    loaded, _ = load_checkpoint(tmp_path / "model.safetensors")
    assert type(loaded.head) is nn.Linear


def test_start_decides_where_the_head_begins(blobs):
    def first_loss(start):
        torch.manual_seed(0)
        recipe = Recipe("r", [Train(30), RefitHead(1, start=start)])
        return fit(recipe, mlp((2,), 3), blobs).history[-1]["loss"]

    assert first_loss("trained") < first_loss("fresh")
    with pytest.raises(InputError, match="start is 'old'"):
        RefitHead(start="old")
    with pytest.raises(InputError, match="CosineHead"):
        fit(Recipe("r", [RefitHead(start="trained")], CosineHead), mlp((2,), 3), blobs)


def test_tau_normalisation_by_its_formula():
    head = nn.Linear(4, 3)
    norms = class_weight_norms(head)
    for tau in (0.0, 0.3, 1.0):
        made = tau_normalize(head, tau)
        np.testing.assert_allclose(class_weight_norms(made), norms ** (1 - tau), rtol=1e-6)
        assert (made.bias == 0).all()
    torch.testing.assert_close(tau_normalize(head, 0).weight, head.weight)
    with pytest.raises(InputError, match="tau is 2"):
        TauNormalize(2)
    with pytest.raises(InputError, match="CosineHead"):
        tau_normalize(CosineHead(4, 3))


@pytest.mark.parametrize("factor", [10.0, 1000.0])
def test_large_embeddings_are_learned_as_well_as_usual_ones(factor):
    (x, y), (test, truth) = two_classes(gap=0.8), two_classes((500, 500), gap=0.8, seed=1)
    usual = EmbeddingHead("smote", random_state=0).fit(x, y)
    large = EmbeddingHead("smote", random_state=0).fit(factor * x, y)
    score = balanced_accuracy_score(truth, usual.predict(test))
    assert balanced_accuracy_score(truth, large.predict(factor * test)) > score - 0.04


class Transposed(nn.Module):
    """A head whose weight is stored as (D, K), as in numpy and in transformers' Conv1D."""

    def __init__(self, size, num_classes):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(size, num_classes))

    def forward(self, h):
        return h @ self.weight


def test_a_head_stored_the_other_way_round_is_said(blobs):
    model = Classifier(nn.Linear(2, 16), Transposed(16, 3))
    with pytest.raises(InputError, match=r"\(16, 3\); \(K, D\) is needed: transpose it"):
        fit("erm", model, blobs, epochs=1)
    with pytest.raises(InputError, match=r"\(2, 3\); \(K, D\) is needed: transpose it"):
        fit("erm", Classifier(nn.Identity(), Transposed(2, 3)), blobs, epochs=1)
    with pytest.raises(InputError, match="labels up to 2; the head has 2 classes"):
        fit("erm", Classifier(nn.Linear(2, 3), nn.Linear(3, 2)), blobs, epochs=1)
    square = Classifier(nn.Linear(2, 3), Transposed(3, 3))  # no shape can tell
    assert len(fit("erm", square, blobs, epochs=1).history) == 1
