"""Boosted trees and logistic regression as heads on the inputs: the same as scikit-learn's."""

import copy
import json
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn
from tqdm import tqdm

from imbtorch import (
    InputError,
    build_model,
    evaluate,
    fit,
    load_checkpoint,
    make_recipe,
    save_checkpoint,
)
from imbtorch.cli import main
from imbtorch.comparison.grid import run_grid
from imbtorch.comparison.make_task import make_task
from imbtorch.models import Classifier, TreeHead, mlp
from imbtorch.models import tree_head as trees
from imbtorch.models.classifier import Normalize
from imbtorch.training.phases.on_inputs import tree_head

BOOSTER = partial(HistGradientBoostingClassifier, class_weight="balanced", random_state=0)


def rows(seed, classes, n=240):
    rng = np.random.default_rng(seed)
    y = np.concatenate([np.arange(classes), rng.integers(0, classes, n - classes)])
    x = rng.normal(size=(n, 3)).round(1) * [1, 100, 1e-4] + y[:, None] * [0.5, 0, 1e-4]
    return x.astype(np.float32), y


def probabilities(model, x):
    with torch.no_grad():
        return model.probabilities(model(torch.from_numpy(x))).numpy()


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 4), st.sampled_from([1, 5, 31]))
def test_trees_as_tensors_decide_as_scikit_learn_does(seed, classes, leaves):
    x, y = rows(seed, classes)
    booster = BOOSTER(max_iter=8, max_leaf_nodes=max(leaves, 2), min_samples_leaf=5).fit(x, y)
    head = tree_head(booster, 3)
    new = np.concatenate([x, rows(seed + 1, classes)[0]])
    wanted = booster.predict_proba(new)
    made = probabilities(Classifier(nn.Flatten(), head), new)
    np.testing.assert_allclose(made, wanted, atol=1e-5)


def test_a_threshold_between_two_floats_divides_them():
    low = np.float32(0.1)
    x = np.repeat([low, np.nextafter(low, np.float32(1))], 30)[:, None]
    y = np.repeat([0, 1], 30)
    head = tree_head(BOOSTER().fit(x, y), 1)
    assert (head(torch.from_numpy(x)).argmax(1).numpy() == y).all()


def test_many_rows_go_through_the_trees_in_blocks(monkeypatch):
    x, y = rows(0, 3)
    head = tree_head(BOOSTER(max_iter=4).fit(x, y), 3)
    whole = head(torch.from_numpy(x))
    monkeypatch.setattr(trees, "BLOCK", 100)
    assert torch.equal(head(torch.from_numpy(x)), whole)


@pytest.mark.parametrize("classes", [2, 3])
def test_logistic_is_scikit_learns_with_class_weights_on_standardized_inputs(classes):
    x, y = rows(1, classes)
    x, y = x[20 * (y > 0) + np.arange(len(y)) >= 20], y[20 * (y > 0) + np.arange(len(y)) >= 20]
    model = fit("logistic:C=0.3", mlp((3,), classes), (x, y)).model
    one = LogisticRegression(C=0.3, class_weight="balanced", tol=1e-6, max_iter=1000)
    wanted = make_pipeline(StandardScaler(), one).fit(x, y).predict_proba(x)
    np.testing.assert_allclose(probabilities(model, x), wanted, atol=5e-3)


@pytest.mark.parametrize("recipe", ["hgb", "logistic"])
def test_they_need_no_network_of_a_kind_and_are_stored_like_one(recipe, blobs, tmp_path):
    own = Classifier(nn.Sequential(nn.Linear(2, 4), nn.Tanh()), nn.Linear(4, 3))
    built = build_model("mlp", (2,), 3, train=blobs)
    results = [fit(recipe, network, blobs, blobs, seed=1) for network in (own, built)]
    rows = [evaluate(result.model, blobs, [60, 20, 8])["balanced_accuracy"] for result in results]
    assert rows[0] == pytest.approx(rows[1], abs=0.02)
    assert rows[0] > 0.7
    assert [row["phase"] for row in results[0].history] == ["inputs"]
    assert make_recipe(recipe).class_shares([60, 20, 8]) == pytest.approx([1 / 3] * 3)
    save_checkpoint(tmp_path / "a.safetensors", built)
    again, _ = load_checkpoint(tmp_path / "a.safetensors")
    assert torch.equal(again(blobs[0]), built(blobs[0]))


def test_in_a_comparison_they_stand_beside_the_networks(feature_file, tmp_path):
    task = make_task(str(feature_file), epochs=2)
    recipes = [make_recipe(name, 2) for name in ("erm", "hgb", "logistic")]
    path = tmp_path / "one.safetensors"

    def keep(recipe, seed, fitted, outputs):
        task.save(path, recipe, seed, fitted.model)

    for recipe in recipes:
        rows = run_grid(task, [recipe], [0, 1], tmp_path / "out", tqdm(disable=True), keep).rows
        assert [row["recipe"]["name"] for row in rows] == [recipe.name] * 2
        again = evaluate(task.restore(path), task.data.test, task.data.counts)
        assert again["recall"] == rows[1]["metrics"]["recall"]
        assert main(["evaluate", str(path), str(feature_file)]) == 0


@pytest.mark.parametrize("asked", [[], ["--recipes", "erm"], ["--recipes", "hgb"]])
def test_tables_have_them_by_default(asked, tmp_path, monkeypatch):
    x, y = rows(2, 2, 60)
    lines = [f"{a},{b},{c},{'ny'[k]}" for (a, b, c), k in zip(x, y, strict=True)]
    (tmp_path / "t.csv").write_text("\n".join(["a,b,c,label", *lines]))
    seen = []

    def stop(task, names, **options):
        seen.extend(names)
        raise InputError("seen")

    monkeypatch.setattr("imbtorch.comparison.compare.compare", stop)
    out = ["--out", str(tmp_path / "out")]
    assert main(["compare", str(tmp_path / "t.csv"), *asked, *out]) == 2
    usual = ["erm", "rs", "drw", "ldam+drw", "m2m", "eos", "hgb", "logistic"]
    assert seen == (asked[1:] or usual)


def test_what_they_cannot_take_is_refused(blobs):
    x, y = blobs
    network = Classifier(nn.Flatten(), nn.Linear(2, 3))
    said = r"recipe hgb takes rows of numbers, and these samples have shape \(1, 1, 2\)"
    with pytest.raises(InputError, match=said):
        fit("hgb", network, (x.view(-1, 1, 1, 2), y))
    with pytest.raises(InputError, match="type int64"):
        fit("logistic", Classifier(nn.EmbeddingBag(9, 2), nn.Linear(2, 3)), (x.long().abs(), y))
    for name in ("focal+hgb", "hgb+crt", "logistic+head:smote"):
        with pytest.raises(InputError, match="trains no network, and so is joined with nothing"):
            make_recipe(name)
    with pytest.raises(InputError, match="C is 0"):
        make_recipe("logistic:C=0")
    with pytest.raises(InputError, match="hgb has no options"):
        make_recipe("hgb:depth=3")


def test_frozen_networks_give_them_embeddings(tmp_path):
    """Only the head changes: what standardizes the embeddings stays, as other heads have it."""
    x, y = rows(3, 2)
    x = torch.from_numpy(x)
    features = nn.Sequential(Normalize(x.mean(0), x.std(0)))
    network = Classifier(features, nn.Linear(3, 2))
    fitted = fit("hgb", network, (x, torch.from_numpy(y)))
    assert fitted.model.features is features
    assert isinstance(fitted.model.head, TreeHead)
    assert fitted.model.spec is None


def some_trees():
    x, y = rows(0, 3)
    return tree_head(BOOSTER(max_iter=2).fit(x, y), 3)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("feature", lambda t: t + 3),
        ("feature", lambda t: t - 9),
        ("left", lambda t: t.zero_()),  # a circle
        ("right", lambda t: t + 10**6),
        ("roots", lambda t: t - 1),
        ("roots", lambda t: t[:-1]),
        ("left", lambda t: t[:-1]),
        ("baseline", lambda t: t[:-1]),
        ("threshold", lambda t: t.double()),
        ("value", lambda t: t[:, None]),
        ("left", lambda t: torch.arange(1, len(t) + 1).clamp(max=len(t) - 1)),  # too deep
    ],
)
def test_trees_that_cannot_be_walked_are_refused(name, change, tmp_path):
    model = build_model("linear", (3,), 3, head="trees")
    tensors = {f"head.{n}": t.clone() for n, t in some_trees().state_dict().items()}
    tensors |= {n: t for n, t in model.state_dict().items() if n.startswith("features")}
    model.load_state_dict(tensors)  # these are right
    if name == "left" and change(tensors["head.left"].clone()).equal(tensors["head.left"]):
        raise AssertionError
    wrong = copy.copy(tensors)
    wrong[f"head.{name}"] = change(tensors[f"head.{name}"].clone())
    if name == "left" and len(wrong["head.left"]) == len(tensors["head.left"]):
        wrong["head.right"] = wrong["head.left"]
    with pytest.raises(RuntimeError, match="head"):
        build_model("linear", (3,), 3, head="trees").load_state_dict(wrong)


def test_a_checkpoint_with_wrong_trees_is_refused_in_one_line(blobs, tmp_path):
    network = build_model("mlp", (2,), 3, train=blobs)
    fit("hgb", network, blobs)
    path = tmp_path / "a.safetensors"
    save_checkpoint(path, network)
    tensors = load_file(path)
    tensors["head.feature"] += 2
    save_file(tensors, path, {"imbtorch": json.dumps({"spec": network.spec})})
    with pytest.raises(InputError, match="asks for a feature that is not there"):
        load_checkpoint(path)


def test_trees_are_exported_for_any_number_of_rows():
    network = Classifier(nn.Flatten(), some_trees()).eval()
    x = torch.from_numpy(rows(5, 3)[0])
    some = {0: torch.export.Dim("rows", min=1, max=4096)}
    exported = torch.export.export(network, (x[:4],), dynamic_shapes=(some,)).module()
    torch.testing.assert_close(exported(x), network(x))
