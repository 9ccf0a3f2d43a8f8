"""Tables of images: complete, and run end to end on made data."""

from dataclasses import replace

import pytest

from imbtorch import InputError
from imbtorch.experiments import grid, run_table
from imbtorch.experiments.make_task import make_task
from imbtorch.experiments.paper_table import group_mean, recipe_of
from imbtorch.experiments.tables import TABLES, amo_images, aos, dos, eos, reproduce

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
