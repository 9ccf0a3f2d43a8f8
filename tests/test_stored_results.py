"""Stored results: damage is noticed, set aside and mended, and a row is what was put in."""

import json
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from filelock import FileLock
from hypothesis import given, settings
from hypothesis import strategies as st

from damage import flipped
from imbtorch import InputError
from imbtorch.comparison.make_task import make_task
from imbtorch.comparison.result_file import ResultFile
from imbtorch.comparison.store import ResultStore
from imbtorch.files import seal, unseal
from imbtorch.metrics.confusion import pack, unpack

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
VALUES = st.dictionaries(st.text().filter(lambda name: name != "checksum"), JSON, max_size=5)


@settings(max_examples=40)
@given(VALUES.filter(lambda values: all(x == x for x in values.values())))
def test_what_is_sealed_comes_back(values):
    values = json.loads(json.dumps(values))
    if "Infinity" in json.dumps(values):
        return
    assert unseal(seal(values)) == values
    assert unseal(json.dumps(values)) == values  # stored by an earlier version


@given(st.data())
def test_a_flipped_bit_is_noticed_or_changes_nothing(data):
    values = {"recipe": {"name": "erm", "phases": [1, 2.5]}, "seed": 3, "metrics": {"f1": 0.8125}}
    sealed = seal(values).encode()
    position = data.draw(st.integers(0, len(sealed) - 1))
    try:
        found = unseal(flipped(sealed, position, data.draw(st.integers(0, 7))))
    except ValueError:
        return
    # only the name of the checksum can change: all else is still right
    assert {name: found[name] for name in values} == values


def test_times_are_not_part_of_the_checksum():
    first, second = ({"seed": 0, "seconds": s, "pretrained_seconds": s} for s in (1.0, 2.0))
    assert json.loads(seal(first))["checksum"] == json.loads(seal(second))["checksum"]


@pytest.fixture
def store(tmp_path):
    store = ResultStore(tmp_path, {"model": "mlp"})
    for seed in range(3):
        store.append({"recipe": {"name": "erm"}, "seed": seed, "model": "mlp", "f1": seed / 7})
    return store


def test_a_damaged_line_is_moved_and_its_run_made_again(store):
    lines = store.path.read_bytes().splitlines(keepends=True)
    damaged = lines[1].replace(b"0.142857", b"0.942857")  # still JSON, with another figure
    store.path.write_bytes(lines[0] + damaged + b"\xff\x00 garbage\n" + lines[2])
    with pytest.warns(UserWarning, match=r"2 damaged or incomplete lines"):
        again = ResultStore(store.folder, {"model": "mlp"})
    assert store.path.read_bytes() == lines[0] + lines[2]
    moved = store.folder / "results.jsonl.damaged"
    assert moved.read_bytes() == damaged + b"\xff\x00 garbage\n"
    assert [row["seed"] for row in again.rows] == [0, 2]
    assert again.row({"name": "erm"}, 1, lambda: {"f1": 0.5})["f1"] == 0.5
    assert [row["seed"] for row in ResultStore(store.folder, {"model": "mlp"}).rows] == [0, 2, 1]


def test_a_damage_of_another_process_does_not_hide_later_rows(store):
    other = ResultStore(store.folder, {"model": "mlp"})
    with store.path.open("ab") as file:
        file.write(b"garbage\n")
    with pytest.warns(UserWarning, match="damaged"):
        other.row({"name": "rs"}, 0, lambda: {"f1": 0.25})
    assert store.row({"name": "rs"}, 0, lambda: pytest.fail("run again"))["f1"] == 0.25


def test_rows_without_a_checksum_are_read(store):
    rows = [{"recipe": {"name": "erm"}, "seed": s, "f1": 0.5} for s in (0, 1)]
    store.path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert ResultStore(store.folder, {"model": "mlp"}).rows == rows


def test_equal_recipes_are_found_whatever_their_numbers_are_written_as(store):
    store.append({"recipe": {"name": "a", "phases": [{"beta": 1, "k": [2]}]}, "seed": 0})
    assert store.has({"phases": [{"k": (2.0,), "beta": 1.0}], "name": "a"}, 0)
    assert not store.has({"phases": [{"k": [3], "beta": 1}], "name": "a"}, 0)


def test_a_line_that_lacks_only_its_end_is_kept(store):
    store.path.write_bytes(store.path.read_bytes()[:-1])
    store.append({"recipe": {"name": "rs"}, "seed": 0})
    assert len(ResultStore(store.folder, {"model": "mlp"}).rows) == 4


@pytest.mark.parametrize("junk", [bytes(100), b"{", b"garbage \xff", b'{"seed": 1}'])
def test_what_follows_the_last_line_is_moved_at_once(junk, store):
    whole = store.path.read_bytes()
    store.path.write_bytes(whole + junk)
    with pytest.warns(UserWarning, match=r"1 damaged or incomplete line,"):
        again = ResultStore(store.folder, {"model": "mlp"})
    assert store.path.read_bytes() == whole
    assert (store.folder / "results.jsonl.damaged").read_bytes() == junk + b"\n"
    assert again.rows == store.rows


def test_a_row_that_lacks_only_its_end_is_read_at_once_and_nothing_is_said(store):
    store.path.write_bytes(store.path.read_bytes()[:-1])
    assert ResultStore(store.folder, {"model": "mlp"}).rows == store.rows
    assert not (store.folder / "results.jsonl.damaged").exists()


def test_a_line_that_is_being_written_is_waited_for(store):
    """Only who holds the lock writes: then an incomplete line is no damage."""
    whole = store.path.read_bytes()
    line = seal({"recipe": {"name": "rs"}, "seed": 0}).encode() + b"\n"
    halfway = threading.Event()

    def write():
        with FileLock(store.folder / ".lock"):
            store.path.write_bytes(whole + line[:9])
            halfway.set()
            time.sleep(0.1)
            store.path.write_bytes(whole + line)

    writer = threading.Thread(target=write)
    writer.start()
    assert halfway.wait(60)
    assert len(ResultStore(store.folder, {"model": "mlp"}).rows) == 4
    writer.join()
    assert store.path.read_bytes() == whole + line


def test_an_append_reads_nothing_of_what_is_there(tmp_path, monkeypatch):
    path = tmp_path / "results.jsonl"
    path.write_bytes(b'{"recipe": {}, "seed": 0}\n')
    file = ResultFile(path, FileLock(tmp_path / ".lock"))
    path.write_bytes(b"x" * 10_000_000 + b"\n")
    monkeypatch.setattr(ResultFile, "_repair", lambda self: pytest.fail("read the whole file"))
    file.append({"recipe": {}, "seed": 1})
    assert path.stat().st_size < 10_000_200


def test_a_damaged_label_is_written_again_if_the_rows_say_the_same(store):
    label = store.folder / "experiment.json"
    whole = label.read_bytes()
    for damaged in (b"", b"\xff\xfe", whole[:9], whole.replace(b"mlp", b"mlq"), b"[]"):
        label.write_bytes(damaged)
        with pytest.warns(UserWarning, match=r"experiment\.json.* is damaged .*written again"):
            ResultStore(store.folder, {"model": "mlp"})
        assert label.read_bytes() == whole
        assert label.with_name("experiment.json.damaged").read_bytes() == damaged
    label.write_bytes(b"{")
    with pytest.raises(InputError, match="unknown origin"):
        ResultStore(store.folder, {"model": "resnet32"})
    assert label.read_bytes() == b"{"


def test_a_label_without_a_checksum_is_read(store):
    (store.folder / "experiment.json").write_text('{"model": "mlp"}')
    assert len(ResultStore(store.folder, {"model": "mlp"}).rows) == 3
    with pytest.raises(InputError, match="its model differ"):
        ResultStore(store.folder, {"model": "cnn"})


@given(st.integers(1, 130), st.integers(0, 2**31))
def test_a_confusion_matrix_comes_back(num_classes, seed):
    rng = np.random.default_rng(seed)
    matrix = rng.poisson(0.05, (num_classes, num_classes))
    packed = json.loads(json.dumps(pack(matrix)))
    assert isinstance(packed, dict) == (num_classes > 100)
    np.testing.assert_array_equal(unpack(packed, num_classes), matrix)


def test_many_classes_take_little_room():
    matrix = np.zeros((8142, 8142), np.int32)
    rng = np.random.default_rng(0)
    np.add.at(matrix, tuple(rng.integers(0, 8142, (2, 24_426))), 1)
    assert len(json.dumps(pack(matrix))) < 500_000


def test_versions_name_threads_and_kernels_and_rows_are_found_without(feature_file, tmp_path):
    task = replace(make_task(str(feature_file)), epochs=1)
    row = task.result("erm", 0, task.fit("erm", 0))
    found = row["versions"]
    assert found["threads"] == torch.get_num_threads()
    assert found["kernels"] == torch.backends.cpu.get_cpu_capability()
    assert found["device"]
    assert "versions" not in task.identity()
    store = ResultStore(tmp_path / "out", task.identity())
    store.append({**row, "versions": {"torch": "2.5.0"}})
    again = ResultStore(tmp_path / "out", task.identity())
    assert again.has(task.recipe("erm").describe(), 0)
