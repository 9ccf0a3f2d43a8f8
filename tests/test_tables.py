"""Published tables: cells, claims, the text tables, options, and what is refused."""

import sys
from math import inf, nan

import numpy as np
import pytest
import torch

from imbtorch import ArrayDataset, InputError, make_recipe, with_options
from imbtorch.cli import main
from imbtorch.experiments.cells import Cell, claims
from imbtorch.experiments.tables import TABLES, amo_text, reproduce


def test_every_row_is_a_recipe_and_has_its_published_figures():
    for data, rows in amo_text.PUBLISHED.items():
        assert list(rows) == list(amo_text.ROWS)
        major, minor = {"twitter": (5, 18), "reuters": (2, 34)}[data]
        for row, cells in rows.items():
            assert all(0 < std < 3 for _, std in cells)
            if (data, row) == ("twitter", "SMOTE"):  # contradicts itself in the paper
                continue
            means = [mean for mean, _ in cells]
            # the average over all classes is the weighted mean of the two groups
            expected = (major * means[0] + minor * means[1]) / (major + minor)
            assert means[2] == pytest.approx(expected, abs=0.11)
    for name in amo_text.ROWS.values():
        assert make_recipe(name, amo_text.EPOCHS).epochs == 15


def test_distance_is_in_units_of_the_joint_standard_deviation():
    assert Cell(60.0, 3.0, [64.0, 72.0]).ours == (68.0, pytest.approx(32**0.5))
    assert Cell(60.0, 2.0, [64.0, 72.0]).distance == pytest.approx(8 / 6)
    assert Cell(60.0, 2.0, [61.0]).distance == pytest.approx(0.5)
    assert Cell(60.0, 0.0, [61.0]).distance == inf


def test_a_claim_on_a_row_that_failed_is_not_measured():
    said = claims({"a": 1.0, "b": nan, "c": 0.5}, {"a": ["b", "c"], "b": ["c"]})
    assert said == ["a above c: yes, +0.5", "not measured: b"]
    assert str(Cell(60.0, 2.0, [])) == "failed (60.0)"
    assert str(Cell(60.0, 2.0, None)) == "not run (60.0)"


def test_one_seed_shows_no_spread():
    assert str(Cell(60.0, 2.0, [61.0])) == "61.0 (60.0±2.0, +0.5)"
    assert str(Cell(60.0, None, [61.0, 63.0])) == "62.0±1.4 (60.0)"


def made_texts(name):
    rng = torch.Generator().manual_seed(0)
    y = torch.repeat_interleave(torch.arange(3), torch.tensor([60, 30, 12]))
    x = torch.randn(len(y), 4, generator=rng) + torch.eye(4)[y]
    return amo_text.Texts(ArrayDataset(x, y), ArrayDataset(x, y))


def test_the_table_runs_prints_and_goes_on_from_what_is_stored(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(amo_text, "load", made_texts)
    monkeypatch.setattr(amo_text, "EPOCHS", 2)
    monkeypatch.setattr(amo_text, "CANDIDATES", amo_text.CANDIDATES[:2])
    assert main(["reproduce", "amo-3", "--seeds", "1", "--out", str(tmp_path)]) == 0
    table = (tmp_path / "amo-3" / "table.md").read_text()
    assert table.count("LDAM-AMO | ") == 2
    assert table.count("- AMO: beta ") == 2
    assert table.count("- LDAM-AMO above AMO: ") == 2
    results = (tmp_path / "amo-3" / "reuters" / "results.jsonl").read_text()
    assert results.count("\n") == 11
    monkeypatch.setattr(amo_text, "fit", None)  # nothing is trained a second time
    reproduce("amo-3", tmp_path, 1)
    assert (tmp_path / "amo-3" / "table.md").read_text() == table
    assert "78.8±0.2" in capsys.readouterr().out


def test_the_network_multiplies_its_input_by_the_factor():
    torch.manual_seed(0)
    model, x = amo_text.network("reuters", (5,), 3), torch.randn(2, 5)
    hidden, relu = model.features[2], model.features[3]
    torch.testing.assert_close(model(x), model.head(relu(hidden(4.0 * x))))
    assert model.head.in_features == 256


def test_options_in_the_name():
    dos = make_recipe("dos:k_minority=3:alpha=0.5", 8)
    described = [phase.describe() for phase in dos.phases]
    assert [row.get("k_minority") for row in described] == [None, 3, 3, 3]
    assert described[-1]["alpha"] == 0.5
    eos = make_recipe("focal+drw+eos:n_neighbors=7:direction=away", 10)
    assert eos.phases[-1].describe()["resample"]["direction"] == "away"
    assert eos.name == "focal+drw+eos:n_neighbors=7:direction=away"
    for name, said in (
        ("dos:k=3", "no phase that knows k: its options are alpha, k_majority, k_minority"),
        ("dos:k_minority", "option 'k_minority'; name=value"),
        ("dos:k_minority=-1", "k_minority is -1"),
        ("erm:beta=1", "its options are none"),
        ("doss:k_minority=3", "did you mean dos"),
    ):
        with pytest.raises(InputError, match=said):
            make_recipe(name)


def test_options_change_the_last_phase_alone():
    plain = make_recipe("m2m", 15)
    changed = with_options(plain, beta=0.5)
    assert changed.phases[-1].describe()["batch"]["beta"] == 0.5
    assert plain.phases[-1].describe()["batch"]["beta"] == 0.999
    assert changed.phases[0] is plain.phases[0]
    with pytest.raises(InputError, match="bta"):
        with_options(plain, bta=0.5)
    with pytest.raises(InputError, match="recipe erm has no phase that knows beta"):
        with_options(make_recipe("erm"), beta=0.5)


def test_the_set_up_of_some_tables_is_fixed(tmp_path):
    with pytest.raises(InputError, match="amo-3 has no option epochs"):
        reproduce("amo-3", tmp_path, 1, epochs=3)
    with pytest.raises(InputError, match="scale is 'huge'"):
        reproduce("amo-3", tmp_path, 1, scale="huge")


def test_unknown_tables_and_seeds_are_refused(tmp_path, capsys):
    with pytest.raises(InputError, match="did you mean amo-3"):
        reproduce("amo3", tmp_path, 1)
    with pytest.raises(InputError, match="seeds is 0"):
        reproduce("amo-3", tmp_path, 0)
    assert main(["reproduce", "nothing"]) == 2
    assert set(TABLES) <= set(capsys.readouterr().err.replace(",", "").split())


@pytest.mark.parametrize(("backend", "said"), [("spark", "must be loky"), ("ray", "not installed")])
def test_backends_that_are_not_there_are_said(backend, said, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray.util.joblib", None)
    with pytest.raises(InputError, match=said):
        reproduce("dos-6", tmp_path, 1, jobs=2, backend=backend)


def test_the_frozen_forms_have_the_papers_sizes(shared_data, monkeypatch):
    monkeypatch.setenv("IMBTORCH_DATA", str(shared_data))
    texts = amo_text.load("reuters")
    assert texts.train.x.shape == (6436, amo_text.WORDS)
    norms = texts.train.x.norm(dim=1)
    torch.testing.assert_close(norms[norms > 0], torch.ones_like(norms[norms > 0]))
    parts = texts.split()
    assert len(parts.train) + len(parts.test) == 6436
    assert np.bincount(parts.train.y).min() >= 3
