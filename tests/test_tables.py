"""Published tables: cells, claims, figures as data, and what is refused."""

import sys
from math import inf, nan

import pytest

from imbtorch import InputError, make_recipe
from imbtorch.cli import main
from imbtorch.reproduction.cells import Cell, claims
from imbtorch.reproduction.measures import measure
from imbtorch.reproduction.paper_table import load_table, table_names
from imbtorch.reproduction.reproduce import reproduce


@pytest.mark.parametrize("name", table_names())
def test_tables_are_whole(name):
    table = load_table(name)
    unpublished = name in ("m2m-ablations", "strong-ablation", "strong-amo")
    assert set(table.published) == (set() if unpublished else set(table.sections))
    for rows in table.published.values():
        assert set(rows) <= set(table.rows)
        for figures in rows.values():
            assert len(figures) == (1 if name == "strong" else len(table.measures)) or (
                name == "eos-embeddings"
            )
            means = [figure[0] if isinstance(figure, list) else figure for figure in figures]
            assert all(0 < mean <= 100 for mean in means)
    for row, below in table.claims.items():
        assert {row, *below} <= set(table.rows)
    assert table.claimed in table.measures
    for row in table.rows.values():
        assert set(row.other) <= set(table.measures)
    for recipe in table.recipes:
        assert make_recipe(recipe, 8).epochs == 8
        assert make_recipe(recipe, 8).name == recipe.replace("erm+", "")  # one name for a recipe


def test_averages_of_amo_3_follow_from_their_parts():
    for data, rows in load_table("amo-3").published.items():
        major, minor = {"twitter": (5, 18), "reuters": (2, 34)}[data]
        for row, cells in rows.items():
            assert all(0 < std < 3 for _, std in cells)
            if (data, row) == ("twitter", "SMOTE"):  # contradicts itself in the paper
                continue
            means = [mean for mean, _ in cells]
            expected = (major * means[0] + minor * means[1]) / (major + minor)
            assert means[2] == pytest.approx(expected, abs=0.11)


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
    assert str(Cell(60.0, None, None, elsewhere=True)) == "(60.0)"
    assert str(Cell(None, None, None, elsewhere=True)) == "-"


def test_one_seed_shows_no_spread():
    assert str(Cell(60.0, 2.0, [61.0])) == "61.0 (60.0±2.0, +0.5)"
    assert str(Cell(60.0, None, [61.0, 63.0])) == "62.0±1.4 (60.0)"


def test_measures_are_means_over_groups_of_classes():
    row = {
        "data": {"counts": [100, 5, 70, 100]},
        "metrics": {"f1": [0.9, 0.2, 0.8, 0.7], "f1_macro": 0.65, "gap": 30.5},
    }
    assert measure("minority f1")(row) == pytest.approx(20)
    assert measure("majority f1")(row) == pytest.approx(80)
    assert measure("1 f1")(row) == pytest.approx(20)
    assert measure("f1_macro")(row) == pytest.approx(65)
    assert measure("gap")(row) == 30.5


def test_the_posters_two_tables_have_their_own_epsilon():
    for name, epsilon in (("aos-1", 0.007), ("aos-2", 0.1)):
        recipe = make_recipe(load_table(name).rows["aos"].recipe, 5)
        assert recipe.describe()["phases"][0]["batch"]["epsilon"] == epsilon


def test_deep_over_sampling_has_as_many_rounds_as_fit():
    for epochs, each, rounds in ((4, 1, 3), (6, 1, 5), (12, 2, 5), (8, 2, 3)):
        phases = make_recipe(f"dos:each={each}", epochs).phases
        assert [phase.epochs for phase in phases] == [each] * (rounds + 1)


def test_unknown_tables_seeds_and_scales_are_refused(tmp_path, capsys):
    with pytest.raises(InputError, match="did you mean amo-3"):
        reproduce("amo3", tmp_path, 1)
    with pytest.raises(InputError, match="seeds is 0"):
        reproduce("amo-3", tmp_path, 0)
    with pytest.raises(InputError, match="scale is 'huge'"):
        reproduce("amo-3", tmp_path, 1, scale="huge")
    assert main(["reproduce", "nothing"]) == 2
    assert set(table_names()) <= set(capsys.readouterr().err.replace(",", "").split())


@pytest.mark.parametrize(("backend", "said"), [("spark", "must be loky"), ("ray", "not installed")])
def test_backends_that_are_not_there_are_refused(backend, said, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray.util.joblib", None)
    with pytest.raises(InputError, match=said):
        reproduce("dos-6", tmp_path, 1, jobs=2, backend=backend)
