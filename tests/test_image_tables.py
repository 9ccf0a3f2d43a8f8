"""Tables of images: complete, and run end to end on made data."""

import json
from dataclasses import replace
from functools import cache, partial

import pytest

from imbtorch import InputError
from imbtorch.comparison import grid
from imbtorch.comparison.make_task import make_task
from imbtorch.reproduction import quick, run_column
from imbtorch.reproduction import reproduce as reproduce_module
from imbtorch.reproduction.paper_table import load_table, table_names
from imbtorch.reproduction.reproduce import reproduce

IMAGE_TABLES = [name for name in table_names() if name not in ("amo-3", "eos-embeddings")]
NOT_AT_HAND = ("svhn", "stl10")
MORE_ROWS = ("dos-3", "dos-6", "eos-4")
"""Tables with a figure of rare classes, which must be rarer, or with 200 neighbors."""
STAND_INS = {"resnet32": "small-cnn", "resnet32-m2m": "small-cnn"}


@pytest.fixture(scope="module")
def once():
    """The task of digits with some options, and the training of a task, each made once.

    Tables and their columns ask for the same digits under several names.
    """
    trained, fit = {}, grid.Task.fit

    def fit_once(task, recipe, seed, *more):
        asked = task.identity()
        del asked["data"]["name"]
        key = json.dumps([asked, recipe.describe(), seed])
        if key not in trained:
            trained[key] = fit(task, recipe, seed, *more)
        return trained[key]

    return cache(partial(make_task, "digits")), fit_once


@pytest.fixture
def on_digits(monkeypatch, once):
    """Every image table runs on a little of scikit-learn's digits.

    A small network stands in for ResNet-32; EOS Table 5 trains the three other large ones.
    """
    task_of, fit_once = once

    def digits(data, profile, model, epochs, data_seed, augment, ratio=13.0, **options):
        if data in NOT_AT_HAND:
            raise InputError(f"DATA is {data!r}; it is not at hand")
        ratio = min(ratio, 13.0)
        model = STAND_INS.get(model, model)
        fixed = {"profile": profile, "model": model, "epochs": epochs, "data_seed": data_seed}
        task = task_of(ratio=ratio, **fixed)
        return replace(task, data=replace(task.data, name=data))

    monkeypatch.setitem(run_column.TASKS, "data", digits)
    monkeypatch.setattr(grid.Task, "fit", fit_once)


@pytest.fixture
def fewer_rows(monkeypatch):
    """Still fewer samples than at quick scale: two batches an epoch."""
    monkeypatch.setattr(quick, "few_rows", partial(quick.few_rows, per_class=18, least=12))


@pytest.mark.filterwarnings("ignore:.*leaves classes short")  # few samples to start from
@pytest.mark.filterwarnings("ignore:.* the samples it made are:UserWarning")  # of two steps
@pytest.mark.parametrize("name", IMAGE_TABLES)
def test_image_tables_run_and_go_on_from_what_is_stored(
    name, on_digits, tmp_path, monkeypatch, request
):
    if name not in MORE_ROWS:
        request.getfixturevalue("fewer_rows")
    reproduce(name, tmp_path, 1, scale="quick")
    text = (tmp_path / f"{name}-quick" / "table.md").read_text()
    table = load_table(name)
    columns = [c for c in table.columns if not c.startswith(NOT_AT_HAND)]
    for column in columns:
        for row in table.rows:
            assert f"\n{row} | " in text
            for figure in table.published.get(column, {}).get(row, ()):
                mean = figure[0] if isinstance(figure, list) else figure
                assert f"({mean:.1f}" in text
    above = sum(len(below) for below in table.claims.values())
    assert text.count(" above ") == above * (1 if table.together else len(columns))
    assert text.count(": left out, DATA is") == len(table.columns) - len(columns)
    monkeypatch.setattr(grid.Task, "fit", None)  # nothing is trained a second time
    reproduce(name, tmp_path, 1, scale="quick")
    assert (tmp_path / f"{name}-quick" / "table.md").read_text() == text


def test_tables_share_their_runs(on_digits, fewer_rows, tmp_path, monkeypatch):
    reproduce("dos-6", tmp_path, 1, scale="quick", columns="p 0.99")
    trained = []
    fit = grid.Task.fit
    monkeypatch.setattr(grid.Task, "fit", lambda s, r, *a: trained.append(r.name) or fit(s, r, *a))
    reproduce("dos-7", tmp_path, 1, scale="quick")
    # of two data sets; all else was dos-6's
    assert trained == 2 * ["dos:k_minority=3:each=1", "dos:k_minority=10:each=1"]


def test_what_is_stored_is_shown_without_training(
    on_digits, fewer_rows, tmp_path, monkeypatch, capsys
):
    title = "mnist, p 0.99"
    reproduce("dos-6", tmp_path, 1, scale="quick", columns=title)
    (file,) = tmp_path.glob("runs/*/results.jsonl")
    kept = [line for line in file.read_text().splitlines() if '"name": "dos' not in line]
    file.write_text("\n".join(kept) + "\n")
    whole = (tmp_path / "dos-6-quick" / "table.md").read_text()
    monkeypatch.setattr(grid.Task, "fit", None)
    reproduce("dos-6", tmp_path, 1, scale="quick", stored=True)
    text = (tmp_path / "dos-6-quick" / "table.md").read_text()
    assert "\nDOS | not run" in text
    others = [line for line in whole.splitlines() if " | " in line and line[:5] != "DOS |"]
    assert set(others) <= set(text.splitlines())
    assert "Only what is stored is shown." in text
    assert "left out, no run of it is stored in" in text
    with pytest.raises(InputError, match="stored is set; it shows a table"):
        reproduce("eos-figure-3", tmp_path, 1, scale="quick", stored=True)


def test_one_column_alone(on_digits, fewer_rows, tmp_path):
    reproduce("dos-6", tmp_path, 1, scale="quick", columns="mnist, p 0.99")
    text = (tmp_path / "dos-6-quick" / "table.md").read_text()
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        "## mnist, p 0.99, 1 seed"
    ]
    assert '--columns "mnist, p 0.99"' in text
    assert "Changed from the table's setup: epochs 2." in text
    assert list(load_table("eos-2").only("cifar10").columns) == ["cifar10"]
    assert list(load_table("eos-2").only("cifar").columns) == ["cifar10", "cifar100"]
    with pytest.raises(InputError, match="columns is 'cifar', which no title contains"):
        reproduce("dos-6", tmp_path, 1, columns="cifar")


@pytest.fixture
def small_table(monkeypatch):
    """Replace the rows of DOS Table 6, on digits, and return what replaces them."""

    def made(**changes):
        column = {"data": "digits", "profile": "random:0.9"}
        whole = load_table("dos-6")
        fixed = {"name": "small", "columns": {"digits": column}, "published": {}}
        table = replace(whole, **fixed, **changes)
        monkeypatch.setattr(reproduce_module, "load_table", lambda name: table)

    return made


def test_processes_side_by_side_make_what_one_makes(tmp_path, small_table):
    rows = load_table("dos-6").rows
    small_table(rows={name: rows[name] for name in ("CNN", "DOS")}, claims={"DOS": ["CNN"]})
    reproduce("small", tmp_path / "one", 2, scale="quick")
    reproduce("small", tmp_path / "two", 2, scale="quick", jobs=2)
    texts = [(tmp_path / n / "small-quick" / "table.md").read_text() for n in ("one", "two")]
    assert texts[0] == texts[1]
    page = (tmp_path / "two" / "small-quick" / "table.html").read_text()
    assert page.count("<table>") == 1
    assert "<title>DOS Table 6 (quick" in page


def test_figures_are_drawn_beside_the_runs_of_each_column(tmp_path, small_table, fewer_rows):
    rows = load_table("dos-6").rows
    small_table(rows={"CNN": rows["CNN"], "SMOTE": replace(rows["CNN"], recipe="smote")}, claims={})
    reproduce("small", tmp_path, 1, scale="quick", figures=True)
    (report,) = tmp_path.glob("runs/*/report.html")
    assert "t-SNE" in report.read_text()
    assert "What over-samplers made" in report.read_text()
    assert {"recall.png", "tsne.png", "gap.png"} <= {p.name for p in report.parent.rglob("*.png")}
