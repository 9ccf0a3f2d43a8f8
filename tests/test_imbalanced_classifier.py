"""ImbalancedClassifier: scikit-learn's contract, images, own networks, prior."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import parametrize_with_checks

from imbtorch import InputError, Setup
from imbtorch.models import mlp
from imbtorch.models.backbones.timm import import_timm
from imbtorch.sklearn import EmbeddingHead, ImbalancedClassifier

CHECKS = parametrize_with_checks([ImbalancedClassifier(random_state=0)])


@pytest.fixture(scope="module")
def table():
    return make_classification(400, 6, weights=[0.9], class_sep=2.0, flip_y=0, random_state=0)


@pytest.mark.parametrize(CHECKS.args[0], list(CHECKS.args[1]), **CHECKS.kwargs)
def test_estimator_contract(estimator, check):
    if check.func.__name__ == "check_methods_subset_invariance":
        pytest.skip("asks for 1e-7, less than float32 has; the next test is the same within that")
    check(estimator)


def test_a_row_alone_is_predicted_as_among_others(table):
    X, y = table
    model = ImbalancedClassifier("rs", epochs=2, random_state=0).fit(X, y)
    alone = np.concatenate([model.predict_proba(row[None]) for row in X])
    rounding = 4 * np.finfo(np.float32).eps
    np.testing.assert_allclose(model.predict_proba(X), alone, rtol=0, atol=rounding)


def test_learns_and_repeats(table):
    X, y = table
    model = ImbalancedClassifier("rs", epochs=10, random_state=0).fit(X, y)
    assert (model.predict(X) == y).mean() > 0.9
    again = clone(model).fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(X), again.predict_proba(X))


def test_grid_search_over_the_options_of_a_recipe_in_a_pipeline(table):
    X, y = table
    pipeline = make_pipeline(FunctionTransformer(), ImbalancedClassifier(epochs=3, random_state=0))
    grid = {"imbalancedclassifier__recipe": ["erm", "m2m:beta=0.9", "m2m:beta=0.99"]}
    search = GridSearchCV(pipeline, grid, scoring="balanced_accuracy", cv=2).fit(X, y)
    assert len(search.cv_results_["params"]) == 3
    assert search.best_params_["imbalancedclassifier__recipe"] in grid.popitem()[1]


def test_images_as_bytes_with_named_classes():
    rng = np.random.default_rng(0)
    y = np.array(["cat"] * 60 + ["lynx"] * 10)
    X = rng.integers(0, 80, (70, 1, 8, 8), dtype=np.uint8)
    X[y == "lynx"] += 150
    model = ImbalancedClassifier("drs", epochs=15, random_state=0).fit(torch.from_numpy(X), y)
    assert model.model_.spec["name"] == "small-cnn"
    assert model.predict(X[-3:]).tolist() == ["lynx"] * 3


def test_a_network_of_timm_on_gray_images(tmp_path):
    """From scratch and from a file of weights, on images of any size."""
    network = import_timm().create_model("test_efficientnet")
    save_file(network.state_dict(), tmp_path / "w.safetensors")
    x, y = np.random.default_rng(0).integers(0, 256, (24, 1, 20, 28), np.uint8), ["a", "b"] * 12
    options = {"model": "timm:test_efficientnet", "epochs": 1, "random_state": 0}
    for pretrained in (False, str(tmp_path / "w.safetensors")):
        estimator = ImbalancedClassifier("erm", pretrained=pretrained, **options)
        probabilities = estimator.fit(x, y).predict_proba(x)
        assert np.array_equal(clone(estimator).fit(x, y).predict_proba(x), probabilities)
        assert estimator.model_.pretrained == pretrained
    still = Setup(lr=1e-9, weight_decay=0.0)
    estimator.set_params(setup=still).fit(x, y)
    torch.testing.assert_close(
        estimator.model_.features[1].conv_stem.weight, network.conv_stem.weight
    )
    with pytest.raises(InputError, match=r"takes images \(1 or 3, H, W\)"):
        estimator.fit(x.reshape(24, -1), y)


def test_a_network_of_ones_own_is_copied(table):
    X, y = table
    own = mlp((6,), 2, hidden=4)
    before = {name: value.clone() for name, value in own.state_dict().items()}
    model = ImbalancedClassifier("erm", model=own, epochs=1, random_state=0).fit(X, y)
    assert model.model_ is not own
    for name, value in own.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)


def test_prior_takes_the_balance_of_training_back(table):
    X, y = table
    model = ImbalancedClassifier("rs", epochs=5, random_state=0).fit(X, y)
    assert model.class_shares_ == [0.5, 0.5]
    plain, corrected = model.predict_proba(X), model.predict_proba(X, prior=model.class_counts_)
    assert (corrected[:, 1] <= plain[:, 1]).all()
    np.testing.assert_allclose(corrected.sum(1), 1)
    # closed form: odds are multiplied by the ratio of the shares
    inside = (plain > 1e-6).all(1)
    odds = (plain[inside, 1] / plain[inside, 0]) * np.divide(*model.class_counts_[::-1])
    np.testing.assert_allclose(corrected[inside, 1] / corrected[inside, 0], odds, rtol=1e-6)


@pytest.mark.parametrize(
    ("options", "X", "message"),
    [
        ({"recipe": "m3m"}, np.zeros((4, 2)), "did you mean"),
        ({"model": "small-cnn"}, np.zeros((4, 2)), "use mlp"),
        ({"epochs": 0}, np.zeros((4, 2)), "epochs is 0"),
        ({}, np.full((4, 1, 8, 8), np.nan), "NaN"),
    ],
)
def test_clear_errors(options, X, message):
    with pytest.raises(InputError, match=message):
        ImbalancedClassifier(**options).fit(X, [0, 0, 1, 1])


ESTIMATORS = [
    ImbalancedClassifier("erm", epochs=1, random_state=0),
    EmbeddingHead("ros", epochs=1, random_state=0),
]


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
def test_a_fit_that_fails_leaves_the_estimator_as_it_was(table, estimator, monkeypatch):
    X, y = table

    def fail(*args, **kwargs):
        raise KeyboardInterrupt

    before, unfitted = clone(estimator).fit(X, y), clone(estimator)
    probabilities, state = before.predict_proba(X), dict(vars(before))
    monkeypatch.setattr("imbtorch.integrations.imbalanced_classifier.fit", fail)
    monkeypatch.setattr("imbtorch.integrations.embedding_head.head_epochs", fail)
    for one in (before, unfitted):
        with pytest.raises(KeyboardInterrupt):
            one.fit(X[:, :3], np.array(["x", "y", "z"])[np.arange(len(X)) % 3])
    assert vars(before) == state
    np.testing.assert_array_equal(before.predict_proba(X), probabilities)
    with pytest.raises(NotFittedError):
        unfitted.predict(X)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
def test_samples_of_which_the_network_makes_nan_are_named(table, estimator):
    X, y = table
    fitted, weight = clone(estimator).fit(X, y), np.float32(3e38)
    head = fitted.head_ if isinstance(fitted, EmbeddingHead) else fitted.model_.head
    torch.nn.init.constant_(head.weight, 2.0)
    for method in (fitted.predict, fitted.predict_proba):
        with pytest.raises(InputError, match=r"NaN for 2 of 3 samples of X \(0, 2\), which are"):
            method(np.stack([X[0] * 0 + weight, X[0], X[0] * 0 + weight]))
