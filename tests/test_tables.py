"""Published tables: complete, and run end to end on made data."""

import sys
from dataclasses import replace
from math import inf, nan

import numpy as np
import pytest
import torch

from imbtorch import ArrayDataset, InputError, make_recipe, with_options
from imbtorch.cli import main
from imbtorch.experiments import grid, run_table
from imbtorch.experiments.cells import Cell, claims
from imbtorch.experiments.make_task import make_task
from imbtorch.experiments.paper_table import group_mean, recipe_of
from imbtorch.experiments.tables import TABLES, amo_images, amo_text, aos, dos, eos, reproduce


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


IMAGE_TABLES = {**amo_images.TABLES, **aos.TABLES, **dos.TABLES, **eos.TABLES}


NOT_AT_HAND = ("svhn", "stl10", "cifar100")


@pytest.mark.parametrize("name", IMAGE_TABLES)
def test_image_tables_are_whole(name):
    table = IMAGE_TABLES[name]
    assert set(table.published) == set(table.columns) or name == "m2m-ablations"
    for rows in table.published.values():
        assert set(rows) <= set(table.rows)
        for figures in rows.values():
            assert len(figures) == len(table.measures)
            means = [figure[0] if isinstance(figure, tuple) else figure for figure in figures]
            assert all(0 < mean <= 100 for mean in means)
    for row, below in table.claims.items():
        assert {row, *below} <= set(table.rows)
    assert table.claimed in table.measures
    for method in table.methods:
        assert recipe_of(method, 8).epochs == 8


@pytest.fixture
def on_digits(monkeypatch):
    """Every image table runs on a little of scikit-learn's digits, with its own network."""

    def digits(data, profile, model, epochs, data_seed, augment, ratio=13.0, **options):
        if data in NOT_AT_HAND:
            raise InputError(f"DATA is {data!r}; it is not at hand")
        ratio = min(ratio, 13.0)
        fixed = {"profile": profile, "model": model, "epochs": epochs, "data_seed": data_seed}
        task = make_task("digits", ratio=ratio, **fixed)
        data = replace(task.data, name=data)
        return replace(task, data=data)

    monkeypatch.setattr(run_table, "make_task", digits)


@pytest.mark.filterwarnings("ignore:.*leaves classes short")  # few samples to start from
@pytest.mark.parametrize("name", IMAGE_TABLES)
def test_image_tables_run_and_go_on_from_what_is_stored(name, on_digits, tmp_path, monkeypatch):
    reproduce(name, tmp_path, 1, scale="quick")
    text = (tmp_path / f"{name}-quick" / "table.md").read_text()
    table = IMAGE_TABLES[name]
    columns = [c for c in table.columns if not c.startswith(NOT_AT_HAND)]
    for column in columns:
        for row in table.rows:
            assert f"\n{row} | " in text
            for figure in table.published.get(column, {}).get(row, ()):
                mean = figure[0] if isinstance(figure, tuple) else figure
                assert f"({mean:.1f}" in text
    above = sum(len(below) for below in table.claims.values())
    assert text.count(" above ") == above * len(columns)
    assert text.count(": left out, DATA is") == len(table.columns) - len(columns)
    monkeypatch.setattr(grid.Task, "fit", None)  # nothing is trained a second time
    reproduce(name, tmp_path, 1, scale="quick")
    assert (tmp_path / f"{name}-quick" / "table.md").read_text() == text


def test_tables_share_their_runs(on_digits, tmp_path, monkeypatch):
    reproduce("dos-6", tmp_path, 1, scale="quick")
    trained = []
    fit = grid.Task.fit
    monkeypatch.setattr(grid.Task, "fit", lambda s, r, *a: trained.append(r.name) or fit(s, r, *a))
    reproduce("dos-7", tmp_path, 1, scale="quick")
    # of two data sets; all else was dos-6's
    assert trained == 2 * ["dos, k 3, 1 rounds", "dos, k 10, 1 rounds"]


def test_one_column_alone(on_digits, tmp_path):
    reproduce("dos-6", tmp_path, 1, scale="quick", columns="mnist, p 0.99")
    text = (tmp_path / "dos-6-quick" / "table.md").read_text()
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        "## mnist, p 0.99, 1 seed(s)"
    ]
    assert '--columns "mnist, p 0.99"' in text
    assert "In place of the table's own: epochs 2." in text
    assert list(IMAGE_TABLES["eos-2"].only("cifar10").columns) == ["cifar10"]
    assert list(IMAGE_TABLES["eos-2"].only("cifar").columns) == ["cifar10", "cifar100"]
    with pytest.raises(InputError, match="columns is 'cifar', which is in no title"):
        reproduce("dos-6", tmp_path, 1, columns="cifar")
    with pytest.raises(InputError, match="amo-3 has no option columns"):
        reproduce("amo-3", tmp_path, 1, columns="Reuters")


def test_the_posters_two_tables_have_their_own_epsilon():
    for name, epsilon in (("aos-1", 0.007), ("aos-2", 0.1)):
        recipe = recipe_of(IMAGE_TABLES[name].rows["aos"].method, 5)
        assert recipe.describe()["phases"][0]["batch"]["epsilon"] == epsilon


def test_minority_classes_lie_below_half_the_mean_count():
    row = {"data": {"counts": [100, 5, 70, 100]}, "metrics": {"f1": [0.9, 0.2, 0.8, 0.7]}}
    assert group_mean("f1", minority=True)(row) == pytest.approx(20)
    assert group_mean("f1", minority=False)(row) == pytest.approx(80)


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


def test_processes_side_by_side_make_what_one_makes(tmp_path, monkeypatch):
    column = {"data": "digits", "profile": "random:0.9"}
    table = replace(dos.TABLES["dos-6"], columns={"digits": column}, published={})
    monkeypatch.setitem(dos.TABLES, "small", table)
    monkeypatch.setitem(TABLES, "small", "dos")
    reproduce("small", tmp_path / "one", 2, scale="quick")
    reproduce("small", tmp_path / "two", 2, scale="quick", jobs=2)
    texts = [(tmp_path / n / "small-quick" / "table.md").read_text() for n in ("one", "two")]
    assert texts[0] == texts[1]
    page = (tmp_path / "two" / "small-quick" / "table.html").read_text()
    assert page.count("<table>") == 1
    assert "<title>DOS Table 6 (quick" in page


def test_figures_are_drawn_beside_the_runs_of_each_column(tmp_path, monkeypatch):
    column = {"data": "digits", "profile": "random:0.9"}
    rows = {"CNN": dos.TABLES["dos-6"].rows["CNN"]}
    changes = {"columns": {"digits": column}, "rows": rows, "published": {}, "claims": {}}
    monkeypatch.setitem(dos.TABLES, "small", replace(dos.TABLES["dos-6"], **changes))
    monkeypatch.setitem(TABLES, "small", "dos")
    reproduce("small", tmp_path, 1, scale="quick", figures=True)
    (report,) = tmp_path.glob("runs/*/report.html")
    assert "t-SNE" in report.read_text()
    assert {"recall.png", "tsne.png", "gap.png"} <= {p.name for p in report.parent.rglob("*.png")}
    with pytest.raises(InputError, match="no option figures"):
        reproduce("amo-3", tmp_path, 1, figures=True)
