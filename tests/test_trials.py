"""DOS Tables 1 to 3: digits and groups of digits of the same trials, side by side."""

from pathlib import Path

import numpy as np
import pytest

from imbtorch.data.profiles.reductions import random_reduction
from imbtorch.reproduction import run_table as engine
from imbtorch.reproduction.paper_table import load_table
from imbtorch.reproduction.run_column import Column, Options

PRECISION = np.array([[0.9] * 10, [0.8] * 10])
"""Of two trials, on balanced data: made up."""
FEW = {0, 4, 5, 6}, {1, 2, 3, 9}
SHARES = np.array([6903, 7877, 6990, 7141, 6824, 6313, 6876, 7293, 6825, 6958]) / 70_000
"""Of the digits in MNIST."""
TRIALS = ("dos-1", "dos-2", "dos-3")


def made(counts, values):
    metrics = {"precision": [*values], "recall": [v / 2 for v in values], "f1": [*values]}
    return {"data": {"counts": counts}, "metrics": metrics}


@pytest.fixture
def trials(monkeypatch):
    """Runs of two trials in place of training; a digit's figures are its own in each."""
    full = [1000] * 10
    counts = [[100 if k in few else 1000 for k in range(10)] for few in FEW]
    values = [np.arange(10) / 100 + 0.1 * trial for trial in (1, 2)]
    columns = {
        "balanced": [made(full, row) for row in PRECISION],
        "imbalanced": [made(n, v) for n, v in zip(counts, values, strict=True)],
    }

    def gather(table, root, options):
        return {
            title: Column(
                dict.fromkeys(("erm", "erm+knn"), runs[: options.seeds]), {}, [], {}, Path()
            )
            for title, runs in columns.items()
        }

    monkeypatch.setattr(engine, "gather", gather)
    return values


def cells(path):
    lines = [line.split(" | ") for line in path.read_text().splitlines() if " | " in line]
    return {row: dict(zip(lines[0][1:], values, strict=True)) for row, *values in lines[1:]}


def test_groups_are_means_over_their_digits_of_each_trial_then_over_trials(trials, tmp_path):
    engine.run_table(load_table("dos-3"), tmp_path, Options(seeds=2))
    said = cells(tmp_path / "dos-3" / "table.md")
    assert list(said) == ["Balanced", "Minority", "Majority"]
    assert said["Balanced"]["CNN precision"] == "85.0±7.1 (76.0)"
    # digits 0, 4, 5, 6 of the first trial: 13.75 %; digits 1, 2, 3, 9 of the second: 23.75 %
    assert said["Minority"]["CNN precision"] == "18.8±7.1 (32.0)"
    assert said["Minority"]["kNN recall"] == "9.4±3.5 (67.0)"
    assert said["Majority"]["kNN F1"] == "20.0±7.1 (71.0)"  # 15 and 25 %


def test_a_digits_figures_stand_side_by_side_for_balanced_and_imbalanced_data(trials, tmp_path):
    engine.run_table(load_table("dos-1"), tmp_path, Options(seeds=1))
    text = (tmp_path / "dos-1" / "table.md").read_text()
    assert text.count("## mnist-back-rotation, 1 seed\n") == text.count("\n## ") == 1
    said = cells(tmp_path / "dos-1" / "table.md")
    assert [row for row in said if row.endswith("*")] == ["0*", "4*", "5*", "6*"]
    assert said["6*"]["balanced precision"] == "90.0 (77.0)"
    assert said["6*"]["imbalanced precision"] == "16.0 (7.5)"
    assert said["9"]["imbalanced recall"] == "9.5 (38.0)"


def test_a_column_that_is_not_run_is_said_in_its_cells(trials, tmp_path, monkeypatch):
    whole = engine.gather
    monkeypatch.setattr(engine, "gather", lambda *a: {"balanced": whole(*a)["balanced"]})
    engine.run_table(load_table("dos-1").only("balanced"), tmp_path, Options(seeds=1))
    said = cells(tmp_path / "dos-1" / "table.md")
    assert said["1"]["imbalanced recall"] == "not run (78.0)"
    assert said["1"]["balanced recall"] == "45.0 (87.0)"


def test_tables_1_and_2_are_the_first_trial_of_table_3():
    one, two, three = map(load_table, TRIALS)
    assert one.columns == two.columns == three.columns
    assert {*one.recipes} == {*two.recipes} == {*three.recipes}  # which share the CNN's training
    assert one.grids(one.seeds) == two.grids(two.seeds) == three.grids(three.seeds)[:1]
    assert len(three.grids(three.seeds)) == 10


def test_the_first_trial_reduces_the_digits_that_the_paper_marks():
    table = load_table("dos-1")
    (data_seed, _), *_ = table.grids(1)
    kept = random_reduction([1200] * 10, 0.9, data_seed=data_seed)
    marked = [row for row, n in zip(table.rows, kept, strict=True) if n < 1200]
    assert marked == [row for row in table.rows if row.endswith("*")]


@pytest.mark.parametrize("name", TRIALS[:2])
def test_published_f1_follows_from_the_other_two_within_rounding(name):
    for figures in load_table(name).published["mnist-back-rotation"].values():
        for precision, recall, f1 in (figures[:3], figures[3:]):
            least, most = (2 / (1 / (precision + e) + 1 / (recall + e)) for e in (-0.5, 0.5))
            assert least - 0.5 <= f1 <= most + 0.5


@pytest.mark.parametrize("name", TRIALS[:2])
def test_published_precision_and_recall_fit_the_other_headings(name):
    """A digit is predicted recall / precision times as often as it occurs, once on average."""
    figures = np.array([*load_table(name).published["mnist-back-rotation"].values()])
    for p, r in ((figures[:, 0], figures[:, 1]), (figures[:, 3], figures[:, 4])):
        exchanged, printed = SHARES @ (p / r), SHARES @ (r / p)
        assert exchanged == pytest.approx(1, abs=0.003)
        assert printed - 1 > 0.005
