"""Decisions from the command line: never on trained or tested samples, and stored."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import TunedThresholdClassifierCV

from imbtorch import load_checkpoint
from imbtorch.cli import main
from imbtorch.comparison.deciding import deciding
from imbtorch.comparison.decisions import decision_header
from imbtorch.comparison.frozen_task import embedded_data
from imbtorch.comparison.make_task import make_task
from imbtorch.comparison.validation import validation_task
from imbtorch.data.arrays import labels_of
from imbtorch.data.inputs import input_from_json
from imbtorch.data.load_for import TrainedOn, load_for
from imbtorch.metrics import Decision, expected_cost
from imbtorch.sklearn import ImbalancedClassifier
from imbtorch.training.header import trained_header

COSTS = "true,ok,fraud\nok,0,1\nfraud,15,0\n"
SOME = ["--epochs", "3", "--recipe", "erm"]


def table(n, seed):
    rng = np.random.default_rng(seed)
    rare = rng.random(n) < 0.15
    columns = {f"x{i}": rng.normal(size=n) + rare * (i < 2) for i in range(4)}
    return pd.DataFrame({**columns, "label": np.where(rare, "fraud", "ok")})


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A table, another one, a cost matrix, and networks trained with and without a decision."""
    folder = tmp_path_factory.mktemp("decide")
    for name, n in (("all", 400), ("new", 200)):
        table(n, len(name) + n).to_csv(folder / f"{name}.csv", index=False)
    (folder / "costs.csv").write_text(COSTS)
    data, costs = str(folder / "all.csv"), str(folder / "costs.csv")
    for name, more in (("plain", []), ("decided", ["--cost", costs])):
        out = str(folder / f"{name}.safetensors")
        assert main(["train", data, *SOME, "--out", out, *more]) == 0
    return folder


def said(capsys, *arguments):
    capsys.readouterr()
    status = main([str(argument) for argument in arguments])
    shown = capsys.readouterr()
    return status, shown.out + shown.err


def test_the_checkpoint_holds_the_decision_of_the_validation_split(made):
    model, header = load_checkpoint(made / "decided.safetensors")
    header = trained_header(header)
    decision = Decision.from_json(header["decision"])
    assert decision.maximizes == "cost"
    task = deciding(make_task(str(made / "all.csv"), epochs=3), None, str(made / "costs.csv"))
    again = decision_header(task.outputs(model))["decision"]
    assert again == header["decision"]
    assert header["data"]["counts"] == task.data.counts
    assert "decision" not in load_checkpoint(made / "plain.safetensors")[1]


def test_the_three_splits_are_disjoint_and_found_again(made):
    task = make_task(str(made / "all.csv"), epochs=1)
    whole, held = task.data, deciding(task, "f1", None).data
    rows = [{tuple(x.tolist()) for x, _ in split} for split in held.splits.values()]
    assert not rows[0] & rows[1]
    assert not rows[0] & rows[2]
    assert not rows[1] & rows[2]
    assert rows[0] | rows[2] == {tuple(x.tolist()) for x, _ in whole.train}
    assert np.bincount(labels_of(held.validation)).min() >= 1
    header = load_checkpoint(made / "decided.safetensors")[1]
    opened = load_for(
        str(made / "all.csv"),
        input_from_json(header["input"]),
        TrainedOn.from_header(header["data"]),
    )
    assert opened.as_trained
    for split, same in ((opened.train, held.train), (opened.validation, held.validation)):
        assert split.x.equal(same.x)
    assert opened.test.x.equal(whole.test.x)


def test_a_row_of_results_has_the_figures_of_the_test_set(made, tmp_path):
    task = deciding(make_task(str(made / "all.csv"), epochs=2), None, str(made / "costs.csv"))
    for recipe in ("erm", "rs"):
        fitted, path = task.fit(recipe, 0), tmp_path / f"{recipe}.safetensors"
        row = task.result(recipe, 0, fitted)
        task.save(path, recipe, 0, fitted.model)
        decision = json.loads(json.dumps(row["decision"]))
        assert row["decide"]["maximizes"] == decision["maximizes"] == "cost"
        own, plain, best = (decision[k]["expected_cost"] for k in ("metrics", "plain", "best"))
        assert best <= min(own, plain)
        model, header = load_checkpoint(path)
        outputs = task.outputs(model)
        y, p = outputs.labels.numpy(), outputs.probabilities.numpy()
        stored = Decision.from_json(header["decision"])
        chosen = stored.classes(stored.calibrated(p))
        costs = [[0, 15], [1, 0]]  # classes are fraud, ok
        assert task.data.classes == ("fraud", "ok")
        assert own == pytest.approx(expected_cost(y, chosen, costs))
        assert plain == pytest.approx(expected_cost(y, p.argmax(1), costs))
    assert task.identity() != deciding(task, "f1", None).identity()


def test_what_is_chosen_among_recipes_sees_no_decision():
    task = deciding(make_task("digits", epochs=1), "f1", None)
    inner = validation_task(task)
    assert inner.decide is None
    assert inner.data.validation is None
    assert "decide" not in inner.identity()
    assert task.slug.endswith("-f1")
    assert "decide" not in make_task("digits", epochs=1).identity()


def test_embeddings_keep_the_validation_split():
    task = deciding(make_task("digits", epochs=1), "f1", None)
    rows = {name: split.x.flatten(1) for name, split in task.data.splits.items()}
    data = embedded_data(task.data, rows)
    assert data.validation.x.equal(rows["validation"])
    assert list(data.seen) == task.header("erm", 0)["seen"]


@pytest.mark.parametrize("option", [["--maximize", "fbeta:2"], ["--cost", "costs.csv"]])
def test_decide_on_new_samples_changes_nothing_but_the_decision(made, tmp_path, capsys, option):
    option = [str(made / "costs.csv") if part == "costs.csv" else part for part in option]
    out = tmp_path / "new.safetensors"
    plain = made / "plain.safetensors"
    status, text = said(capsys, "decide", plain, made / "new.csv", "--out", out, *option)
    assert status == 0, text
    assert "fraud from a probability of" in text
    (old, before), (new, after) = load_checkpoint(plain), load_checkpoint(out)
    decision = after.pop("decision")
    assert before == after
    assert decision["offsets"][0] == 0.0
    for name, value in old.state_dict().items():
        assert value.equal(new.state_dict()[name])
    status, text = said(capsys, "evaluate", out, made / "all.csv", "--cost", made / "costs.csv")
    assert status == 0
    assert "expected cost" in text
    assert "too good to be a result" in text


def test_decide_uses_what_was_held_out(made, tmp_path, capsys):
    arguments = ("--maximize", "f1", "--out", tmp_path / "new.safetensors")
    status, text = said(
        capsys, "decide", made / "decided.safetensors", made / "all.csv", *arguments
    )
    assert status == 0
    assert "chosen on the 60 samples that were held out of its training set" in text


def test_decide_refuses_what_the_network_has_seen(made, tmp_path, capsys):
    table(400, 403).iloc[:100].to_csv(tmp_path / "part.csv", index=False)
    (tmp_path / "split").mkdir()
    shutil.copy(made / "new.csv", tmp_path / "split" / "train.csv")
    shutil.copy(made / "new.csv", tmp_path / "split" / "test.csv")
    out = tmp_path / "new.safetensors"
    for data, words in (
        (made / "all.csv", "on which the network was trained and tested: choose on other"),
        (
            tmp_path / "part.csv",
            "% of its samples: choose on other",
        ),
        (tmp_path / "split", "name the one to choose on, as in --test_split validation"),
    ):
        plain = made / "plain.safetensors"
        status, text = said(capsys, "decide", plain, data, "--maximize", "f1", "--out", out)
        assert status == 2
        assert words in text
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["train", "digits", "--decide", "f3"], "decide is 'f3'; known are f1"),
        (["compare", "digits", "--decide", "f3"], "decide is 'f3'; known are f1"),
        (["decide", "m", "x", "--out", "n", "--maximize", "f3"], "maximize is 'f3'; known"),
        (["train", "digits", "--decide", "f1", "--cost", "c.csv"], "leave the other out"),
        (["train", "digits", "--cost", "none.csv"], "there is no such file"),
        (["compare", "digits", "--decide", "recall@precision:0.9"], "decide is 'recall"),
        (["decide", "none.safetensors", "digits", "--out", "new"], "neither maximize nor cost"),
    ],
)
def test_wrong_options_are_refused(arguments, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, text = said(capsys, *arguments)
    assert status == 2
    assert words in text
    assert not list(tmp_path.iterdir())


def test_scikit_learns_wrappers_take_the_estimator():
    train, test = table(600, 0), table(400, 1)
    columns = ["x0", "x1", "x2", "x3"]
    model = ImbalancedClassifier("erm", epochs=4, random_state=0)
    tuned = TunedThresholdClassifierCV(model, scoring="balanced_accuracy", cv=2, random_state=0)
    tuned.fit(train[columns], train["label"] == "fraud")
    assert 0 < tuned.best_threshold_ < 0.5  # rare: it is decided for below one half
    truth = test["label"] == "fraud"
    plain = tuned.estimator_.predict(test[columns])
    score = balanced_accuracy_score
    assert score(truth, tuned.predict(test[columns])) > score(truth, plain)
    calibrated = CalibratedClassifierCV(model, cv=2).fit(train[columns], train["label"])
    p = calibrated.predict_proba(test[columns])
    assert list(calibrated.classes_) == ["fraud", "ok"]
    np.testing.assert_allclose(p.sum(1), 1)
    assert p[:, 0].mean() == pytest.approx(truth.mean(), abs=0.06)


@pytest.mark.parametrize("how", [["--maximize", "balanced_accuracy"], ["--cost", "costs.csv"]])
def test_a_threshold_is_not_chosen_on_one_class(made, tmp_path, capsys, how):
    """Without a fraud, "never" is the cheapest decision, and says nothing of frauds."""
    new = pd.read_csv(made / "new.csv")
    new[new.label == "ok"].to_csv(tmp_path / "ok.csv", index=False)
    how = [str(made / word) if word == "costs.csv" else word for word in how]
    args = [made / "plain.safetensors", tmp_path / "ok.csv", *how, "--out", tmp_path / "x"]
    status, out = said(capsys, "decide", *args)
    assert status == 2
    assert "of class 1 alone: a threshold is chosen on both classes" in out
    assert not (tmp_path / "x").exists()


def test_few_samples_to_choose_on_are_said(made, tmp_path, capsys):
    new = pd.read_csv(made / "new.csv")
    few = pd.concat([new[new.label == "ok"], new[new.label == "fraud"].head(3)])
    few.to_csv(tmp_path / "few.csv", index=False)
    costs = ["--cost", made / "costs.csv", "--out", tmp_path / "x.safetensors"]
    status, out = said(capsys, "decide", made / "plain.safetensors", tmp_path / "few.csv", *costs)
    assert (status, "choose on (fraud: 3)" in out) == (0, True)
    status, out = said(capsys, "train", tmp_path / "few.csv", *SOME, *costs)
    assert (status, "choose on (fraud: 1)" in out) == (0, True)
