"""Every odd input through every door: it is read rightly, or refused in one line.

Refused: exit status 2, one line that names the thing, and nothing written.
"""

import re

import numpy as np
import pytest

import odd_arrays
import odd_columns
import odd_exports
import odd_folders
import odd_images
import odd_labels
import odd_table_files
from imbtorch import InputError, load_data
from imbtorch.cli import main
from imbtorch.comparison.make_task import make_task

pytestmark = pytest.mark.usefixtures("own_cache")

CASES = [
    *(*odd_folders.CASES, *odd_images.CASES),
    *(*odd_columns.CASES, *odd_labels.CASES, *odd_table_files.CASES),
    *(*odd_exports.CASES, *odd_arrays.CASES),
]
RIGHT = [case for case in CASES if case.right]
REFUSED = [case for case in CASES if not case.right]


def by_name(cases):
    return pytest.mark.parametrize("case", cases, ids=[case.name for case in cases])


def made(case, folder):
    """Write the input, and return the DATA argument."""
    path = folder / f"data{case.suffix}"
    data = case.make(path)
    return str(path) if data is None else data


def keywords(case):
    names = (option.removeprefix("--").replace("-", "_") for option in case.options[::2])
    values = (int(v) if v.lstrip("-").isdigit() else v for v in case.options[1::2])
    return dict(zip(names, values, strict=True))


@by_name(RIGHT)
def test_loaded_rightly(case, tmp_path):
    data = load_data(made(case, tmp_path), profile="none", **keywords(case))
    got = (len(data.train), len(data.test), sum(data.left_out.values()))
    assert got == (case.train, case.test, case.left_out)
    if isinstance(case.classes, int):
        assert len(data.classes) == case.classes
    elif case.classes:
        assert data.classes == case.classes
    if case.shape:
        assert data.shape == case.shape
    if case.said:
        assert case.said in "\n".join(data.notes)
    if case.counts:
        assert (data.counts, data.test.y.bincount().tolist()) == case.counts
    if case.analyzer:
        assert data.input.analyzer == case.analyzer
        assert not any("hold none of" in note for note in data.notes)
    if case.mean:
        low, high = (data.train.x[data.train.y == k].float().mean() for k in (0, 1))
        assert case.mean == (pytest.approx(float(low), abs=12), pytest.approx(float(high), abs=12))


@by_name(RIGHT)
def test_inspected_rightly(case, tmp_path, capsys):
    data = made(case, tmp_path)
    assert main(["inspect", data, *case.options]) == 0
    out = capsys.readouterr().out
    assert f"{case.train} training and {case.test} held-out samples" in out
    assert not case.left_out or f"{case.left_out} samples left out" in out
    if case.said and "labels mapped" not in case.said and "test set has no" not in case.said:
        assert case.said in out


@by_name(RIGHT)
def test_trained_measured_and_embedded_rightly(case, tmp_path, capsys):
    """The same data are found again by the stored network: its held-out samples are measured."""
    data = made(case, tmp_path)
    out = str(tmp_path / "model.safetensors")
    how = ["--profile", "none", "--model", "mlp", "--epochs", "1", "--recipe", "erm"]
    assert main(["train", data, *case.options, *how, "--out", out]) == 0
    said = capsys.readouterr().out
    assert f"{case.train} training samples" in said
    assert f"{case.test} held out; {case.left_out} left out" in said
    pairs = zip(case.options[::2], case.options[1::2], strict=True)
    splits = [word for pair in pairs if pair[0] in SAME for word in pair]
    assert main(["evaluate", out, data, *splits]) == 0
    assert f"{case.test} samples of" in capsys.readouterr().out
    assert main(["embed", out, data, str(tmp_path / "e.npz"), *splits]) == 0
    with np.load(tmp_path / "e.npz") as arrays:
        assert (len(arrays["train_labels"]), len(arrays["test_labels"])) == (case.train, case.test)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    path = tmp_path_factory.mktemp("stored") / "digits.safetensors"
    assert main(["train", "digits", "--epochs", "1", "--recipe", "erm", "--out", str(path)]) == 0
    return str(path)


SAME = ("--label", "--train-split", "--test-split")
"""Options that evaluate and embed take as well; columns and sizes are those of the network."""
DOORS = {
    "inspect": lambda data, out: ["inspect", data],
    "compare": lambda data, out: ["compare", data, "--out", out],
    "train": lambda data, out: ["train", data, "--out", out],
}
STORED = {
    "evaluate": lambda stored, data, out: ["evaluate", stored, data],
    "embed": lambda stored, data, out: ["embed", stored, data, out + ".npz"],
}


def refuses(arguments, tmp_path, capsys):
    before = sorted(tmp_path.rglob("*"))
    capsys.readouterr()
    assert main(arguments) == 2
    said = capsys.readouterr()
    last = said.err.strip().splitlines()[-1]
    assert last.startswith("imbtorch: error: ")
    assert "Traceback" not in said.err
    assert [p for p in sorted(tmp_path.rglob("*")) if "cache" not in p.parts] == [
        p for p in before if "cache" not in p.parts
    ]
    return last


@pytest.mark.parametrize("door", DOORS)
@by_name(REFUSED)
def test_refused_in_one_line(case, door, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = made(case, tmp_path)
    arguments = [*DOORS[door](data, str(tmp_path / "out")), *case.options]
    if door == "inspect" and case.doors == "unreadable":
        assert main(arguments) == 0
        assert case.said in capsys.readouterr().out
    elif door == "inspect" and case.doors == 3:
        assert main(arguments) == 0
        assert "without a training sample" in capsys.readouterr().out
    else:
        assert case.said in refuses(arguments, tmp_path, capsys)


@by_name(REFUSED[::3])
def test_tune_refuses_as_compare_does(case, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = made(case, tmp_path)
    arguments = ["tune", data, "--out", str(tmp_path / "out"), *case.options]
    assert case.said in refuses(arguments, tmp_path, capsys)


@pytest.mark.parametrize("door", STORED)
@by_name([case for case in REFUSED if not case.options])
def test_refused_by_a_stored_network(case, door, tmp_path, capsys, monkeypatch, checkpoint):
    """It says the same, or that its network takes other inputs or classes."""
    monkeypatch.chdir(tmp_path)
    data = made(case, tmp_path)
    refuses(STORED[door](checkpoint, data, str(tmp_path / "out")), tmp_path, capsys)


def test_the_table_is_long():
    rows = 3 * len(RIGHT) + len(DOORS) * len(REFUSED) + 2 * len(REFUSED[::3])
    rows += len(STORED) * sum(not case.options for case in REFUSED)
    assert rows >= 150


@by_name(REFUSED[::3])
def test_python_refuses_with_input_errors(case, tmp_path):
    with pytest.raises(InputError) as raised:
        load_data(made(case, tmp_path), **keywords(case))
    assert case.said in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("profile", ["none", "exponential", "step", "random:0.9"])
def test_the_samples_are_divided_without_remainder(profile):
    """Training, held-out and left-out samples are all samples, under any profile."""
    task = make_task("digits", profile=profile, ratio=20, model="mlp", epochs=1)
    line = next(line for line in task.describe() if line.startswith("digits:"))
    trained, held, left = (
        int(re.search(rf"(\d+) {words}", line)[1])
        for words in ("training samples", "held out", "left out")
    )
    assert trained + held + left == 1797
    assert (trained, held) == (len(task.data.train), len(task.data.test))
