"""The two tables that are not of images: AMO Table 3 on texts, and EOS on stored embeddings."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from imbtorch import ArrayDataset
from imbtorch.cli import main
from imbtorch.comparison.validation import validation_task
from imbtorch.data import LoadedData, Profile
from imbtorch.data.inputs import FeatureInput
from imbtorch.reproduction import run_column, text_task
from imbtorch.reproduction.embedding_task import EmbeddingTask, make_embedding_task
from imbtorch.reproduction.paper_table import load_table
from imbtorch.reproduction.reproduce import reproduce
from imbtorch.reproduction.run_table import run_table
from imbtorch.reproduction.text_task import TextTask, make_text_task


@pytest.fixture
def made_texts(monkeypatch):
    """Small made data in place of the texts, and two candidates for each option."""

    def load(name):
        rng = torch.Generator().manual_seed(0)
        y = torch.repeat_interleave(torch.arange(3), torch.tensor([60, 30, 12]))
        x = torch.randn(len(y), 4, generator=rng) + torch.eye(4)[y]
        train, test = ArrayDataset(x, y), ArrayDataset(x, y)
        profile = Profile("stored", 5.0)
        spec = FeatureInput((4,))
        return LoadedData(name, train, test, ("a", "b", "c"), spec, profile, (), "made")

    monkeypatch.setattr(text_task, "load_texts", load)
    whole = run_column.best_on_validation

    def fewer(task, row, *rest):
        return whole(task, replace(row, tune={"beta": [0.99, 0.999]}), *rest)

    monkeypatch.setattr(run_column, "best_on_validation", fewer)


def test_amo_3_runs_prints_and_goes_on_from_what_is_stored(
    tmp_path, monkeypatch, capsys, made_texts
):
    command = ["reproduce", "amo-3", "--seeds", "1", "--epochs", "2", "--out", str(tmp_path)]
    assert main(command) == 0
    table = (tmp_path / "amo-3" / "table.md").read_text()
    assert table.count("LDAM-AMO | ") == 2
    assert table.count("- AMO: m2m:beta=") == 2
    assert table.count("LDAM-AMO above AMO: ") == 2
    stored = [p.read_text().count("\n") for p in tmp_path.glob("runs/*/results.jsonl")]
    assert sorted(stored) == [4, 4, 11, 11]  # two validation splits and two whole sets
    monkeypatch.setattr(TextTask, "fit", None)  # nothing is trained a second time
    reproduce("amo-3", tmp_path, 1, epochs=2)
    assert (tmp_path / "amo-3" / "table.md").read_text() == table
    assert "78.8±0.2" in capsys.readouterr().out


def test_the_network_multiplies_its_input_by_the_factor():
    torch.manual_seed(0)
    model, x = text_task.scaled_mlp("reuters", (5,), 3), torch.randn(2, 5)
    hidden, relu = model.features[2], model.features[3]
    torch.testing.assert_close(model(x), model.head(relu(hidden(4.0 * x))))
    assert model.head.in_features == 256


def test_the_fixed_form_has_the_papers_sizes(shared_data, monkeypatch):
    monkeypatch.setenv("IMBTORCH_DATA", str(shared_data))
    task = make_text_task("reuters")
    assert task.data.train.x.shape == (6436, text_task.WORDS)
    norms = task.data.train.x.norm(dim=1)
    torch.testing.assert_close(norms[norms > 0], torch.ones_like(norms[norms > 0]))
    split = validation_task(task).data
    assert len(split.train) + len(split.test) == 6436
    assert min(split.counts) >= 3


@pytest.fixture
def stored_embeddings(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    centers = rng.normal(size=(10, 8))
    arrays = {}
    for split, counts in (("train", range(60, 20, -4)), ("test", [20] * 10)):
        labels = np.repeat(np.arange(10), list(counts))
        arrays[f"{split}_labels"] = labels
        features = centers[labels] + rng.normal(size=(len(labels), 8))
        arrays[f"{split}_features"] = features.astype(np.float32)
    (tmp_path / "cifar10_lt_embeddings").mkdir()
    np.savez(tmp_path / "cifar10_lt_embeddings" / "embeddings.npz", **arrays)
    monkeypatch.setenv("IMBTORCH_DATA", str(tmp_path))


@pytest.mark.filterwarnings("ignore:.*leaves classes short")
def test_eos_embeddings_runs_and_goes_on_from_what_is_stored(
    stored_embeddings, tmp_path, monkeypatch
):
    whole = load_table("eos-embeddings")
    small = {name: row for name, row in whole.rows.items() if "00" not in name}
    table, out = replace(whole, rows=small), tmp_path / "out"
    run_table(table, out, run_column.Options(seeds=2))
    text = (out / "eos-embeddings" / "table.md").read_text()
    assert all(f"\n{row} | " in text for row in small)
    assert "(75.8)" in text
    (stored,) = out.glob("runs/*/results.jsonl")
    assert stored.read_text().count("\n") == 2 * len(small)
    monkeypatch.setattr(EmbeddingTask, "fit", None)
    run_table(table, out, run_column.Options(seeds=2))
    assert (out / "eos-embeddings" / "table.md").read_text() == text


def test_a_recipe_on_embeddings_is_its_head_alone(stored_embeddings):
    task = make_embedding_task("cifar10_lt_embeddings")
    assert [p["phase"] for p in task.recipe("eos:k=5").describe()["phases"]] == ["RefitHead"]
    plain, eos = (task.fit(name, 0) for name in ("erm", "eos:k=5"))
    assert len(plain.embedded) == len(task.data.train)
    assert len(eos.embedded) == 10 * 60
    again = task.result("eos:k=5", 0, task.fit("eos:k=5", 0))
    first = task.result("eos:k=5", 0, eos)
    assert again["metrics"] == first["metrics"]
    assert first["metrics"]["gap"] == pytest.approx(np.mean(first["embedding"]["gap"]))


def test_every_head_has_the_epochs_asked_for(stored_embeddings):
    task = make_embedding_task("cifar10_lt_embeddings", epochs=3)
    for name in load_table("eos-embeddings").recipes:
        assert [phase.epochs for phase in task.recipe(name).phases] == [3]


def test_absent_embeddings_are_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("IMBTORCH_DATA", str(tmp_path))
    assert main(["reproduce", "eos-embeddings", "--out", str(tmp_path / "out")]) == 2
    assert "does not exist: set IMBTORCH_DATA" in capsys.readouterr().err


def test_on_real_embeddings_a_rerun_of_the_authors_figures_comes_out(shared_data, monkeypatch):
    monkeypatch.setenv("IMBTORCH_DATA", str(shared_data))
    task = make_embedding_task("cifar10_lt_embeddings")
    rerun = {"erm": 0.676, "head:smote": 0.727, "eos": 0.747}
    found = {name: task.result(name, 0, task.fit(name, 0))["metrics"] for name in rerun}
    for name, figure in rerun.items():
        assert found[name]["balanced_accuracy"] == pytest.approx(figure, abs=0.01)
    assert found["eos"]["gap_rarest"] < found["head:smote"]["gap_rarest"]
    assert found["head:smote"]["gap"] == pytest.approx(found["erm"]["gap"])
