"""A part is held out by a column of a table; copies of a sample are on one side, or told of."""

import csv
import warnings

import numpy as np
import pytest

from imbtorch.comparison.compare import compare
from imbtorch.comparison.inspect import inspect_data
from imbtorch.comparison.make_task import make_task
from imbtorch.comparison.validation import validation_task
from imbtorch.data.load import load_data
from imbtorch.errors import InputError

N = 80
Y = np.array([0, 0, 0, 1] * (N // 4))


def table(tmp_path, **columns):
    """Write a table with a number that tells its rows apart; return its path."""
    columns = {"number": np.arange(N), "shade": np.arange(N) % 7 + Y, **columns, "label": Y}
    with (tmp_path / "table.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return str(tmp_path / "table.csv")


def numbers(dataset):
    return dataset.x[:, 0].numpy().astype(int)


def load(data, **options):
    return load_data(data, columns="number,shade", **options)


def test_no_patient_is_on_both_sides(tmp_path):
    patients = [f"p{i // 5}" for i in range(N)]
    data = load(table(tmp_path, patient=patients), test_split="group:patient")
    train, test = ({patients[i] for i in numbers(part)} for part in (data.train, data.test))
    assert not train & test
    assert len(train | test) == 16
    assert 0.15 < len(data.test) / N < 0.35
    assert data.test_split == "group:patient"


def test_the_validation_split_divides_no_patient(tmp_path):
    patients = np.arange(N) // 5
    path = table(tmp_path, patient=patients)
    task = make_task(path, columns="number,shade", test_split="group:patient", epochs=1)
    inner = validation_task(task).data
    parts = [set(patients[numbers(part)]) for part in (inner.train, inner.test, task.data.test)]
    assert min(map(len, parts)) > 0
    assert sum(map(len, parts)) == len(set.union(*parts)) == 16


@pytest.mark.parametrize("form", ["dates", "moments", "years"])
def test_the_latest_are_held_out_and_validated_on(tmp_path, form):
    order = np.random.default_rng(0).permutation(N)
    times = {
        "dates": [f"{2000 + i // 12}-{i % 12 + 1:02}-28" for i in order],
        "moments": [f"2024-01-01T{i // 60:02}:{i % 60:02}:00+02:00" for i in order],
        "years": order + 1900,
    }[form]
    path = table(tmp_path, when=times)
    task = make_task(path, columns="number,shade", test_split="time:when", epochs=1)
    assert sorted(order[numbers(task.data.test)]) == list(range(60, 80))
    inner = validation_task(task).data
    assert sorted(order[numbers(inner.test)]) == list(range(48, 60))


def test_a_date_says_from_when_on(tmp_path):
    path = table(tmp_path, **{"a:b": [f"2024-01-01T00:{i % 60:02}:{i // 60:02}" for i in range(N)]})
    data = load(path, test_split="time:a:b:2024-01-01T00:50:00")
    assert set(numbers(data.test)) == set(range(50, 60))
    assert (
        load_data(table(tmp_path, year=np.arange(N)), test_split="time:year:70").test.x.shape[0]
        == 10
    )


def test_the_column_is_no_input_unless_it_is_named(tmp_path):
    path = table(tmp_path, ward=np.arange(N) % 9 * 2)
    data = load_data(path, test_split="group:ward")
    assert "ward" not in data.input.columns
    assert "held out by the column 'ward', which is no input" in data.notes
    named = load_data(path, test_split="group:ward", columns="shade,ward")
    assert named.input.columns == ("shade", "ward")


def test_rows_without_a_group_are_left_out_with_a_word(tmp_path):
    patients = ["" if i < 3 else f"p{i // 5}" for i in range(N)]
    data = load(table(tmp_path, patient=patients), test_split="group:patient")
    assert data.left_out == {"without a value in 'patient'": 3}
    assert not {0, 1, 2} & {*numbers(data.train), *numbers(data.test)}


def test_what_is_doubtful_is_refused_with_the_next_step(tmp_path):
    some = ["" if y == 1 else str(i % 9) for i, y in enumerate(Y)]
    path = table(tmp_path, when=["31/12/2024"] * N, late=Y, one=["p"] * N, gap=[""] * N, some=some)
    for split, words in {
        "group:nobody": "columns number, shade",
        "group:label": "besides its label",
        "time:when": "31/12/2024.*written as 2024-01-31",
        "time:late": "all samples of class 1 are among the latest",
        "time:number:x": "a number is needed",
        "time:number:1000": "no samples would be held out",
        "group:gap": "'gap' holds no value: divide by another",
        "group:some": "no row of these classes has a value in 'some': 1;",
        "time:some": "no row of these classes has a value in 'some': 1;",
        "time:gap": "'gap' holds no value: divide by another",
        "group:one": r"2 groups of 'one'.*0 \(1\)",
    }.items():
        with pytest.raises(InputError, match=words):
            load(path, test_split=split)
    with pytest.raises(InputError, match="digits has no such column"):
        load_data("digits", test_split="group:patient")


def copied(tmp_path, **arrays):
    x = np.random.default_rng(0).normal(size=(N, 3))
    x[1::2] = x[::2]  # each sample twice
    y = np.repeat(np.arange(N // 2) % 4 == 0, 2).astype(int)
    names = {"features": x, "labels": y, **arrays}
    np.savez(tmp_path / "copied.npz", **names)
    return str(tmp_path / "copied.npz")


def test_copies_are_on_one_side_also_in_validation(tmp_path):
    task = make_task(copied(tmp_path), epochs=1)
    inner = validation_task(task).data
    parts = [
        {row.tobytes() for row in p.x.numpy()} for p in (inner.train, inner.test, task.data.test)
    ]
    assert sum(map(len, parts)) == len(set.union(*parts)) == N // 2
    assert inspect_data(copied(tmp_path)).leaked == 0
    folds = make_task(copied(tmp_path), epochs=1, folds=3)
    for seed in range(3):
        fold = folds.at(seed).data.fold
        assert not np.intersect1d(fold.train // 2, fold.test // 2).size


def test_stored_splits_that_share_samples_are_told_of(tmp_path, monkeypatch):
    x = np.random.default_rng(0).normal(size=(N, 3))
    splits = {
        "train_features": x,
        "train_labels": Y,
        "test_features": x[:30],
        "test_labels": Y[:30],
    }
    np.savez(tmp_path / "shared.npz", **splits)
    task = make_task(str(tmp_path / "shared.npz"), epochs=1)
    assert task.data.leaked == 30
    monkeypatch.setattr("imbtorch.comparison.compare.report_on", lambda *args, **options: None)
    with pytest.warns(UserWarning, match="30 of 30 held-out samples are also in the training set"):
        compare(task, ["erm"], seeds=1, out=tmp_path / "out", progress=False)
    splits["test_features"] = x[:30] + 1
    np.savez(tmp_path / "apart.npz", **splits)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load_data(str(tmp_path / "apart.npz")).leaked == 0
