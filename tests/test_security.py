"""No file runs code when it is opened, and no name is taken for markup."""

import pickle
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tqdm import tqdm

from imbtorch import InputError, load_checkpoint, load_data, make_recipe
from imbtorch.comparison.grid import run_grid
from imbtorch.comparison.make_task import make_task
from imbtorch.comparison.report.html import write_report
from imbtorch.comparison.report.table import print_classes
from imbtorch.models.backbones.weights import read_weights
from imbtorch.reproduction.page import write_page
from imbtorch.reproduction.quick import few_of_each


class Evil:
    """What would run if anything unpickled it."""

    def __init__(self, trace):
        self.trace = str(trace)

    def __reduce__(self):
        return (Path(self.trace).write_text, ("ran",))


def test_no_file_runs_code_when_it_is_opened(tmp_path, own_cache):
    trace = tmp_path / "trace"
    evil = Evil(trace)
    array = np.empty(4, dtype=object)
    array[:] = evil
    np.savez(tmp_path / "objects.npz", features=array, labels=np.zeros(4))
    (tmp_path / "pickle.npz").write_bytes(pickle.dumps(evil))
    torch.save({"w": torch.zeros(1), "evil": evil}, tmp_path / "m.pt")
    folder = tmp_path / "scripted"
    folder.mkdir()
    script = f"from pathlib import Path\nPath({str(trace)!r}).write_text('ran')\n"
    (folder / "scripted.py").write_text(script)
    for name in ("objects.npz", "pickle.npz", "scripted"):
        with pytest.raises(InputError):
            load_data(str(tmp_path / name))
    for name in ("m.pt", "pickle.npz"):
        with pytest.raises(InputError, match="damaged"):
            load_checkpoint(tmp_path / name)
        with pytest.raises(InputError, match="not a file of weights"):
            read_weights(str(tmp_path / name))
    assert not trace.exists()
    torch.load(tmp_path / "m.pt", weights_only=False)  # the trap works
    assert trace.exists()


@pytest.mark.parametrize(
    "word",
    [
        r"pickle\.load",
        r"torch\.load\((?!.*weights_only=True)",
        "allow_pickle=True",
        "extractall",
        "weights_only=False",
    ],
)
def test_the_package_does_not_unpickle_or_unpack(word):
    import imbtorch

    files = Path(imbtorch.__file__).parent.rglob("*.py")
    assert not [str(path) for path in files if re.search(word, path.read_text())]


def test_foreign_code_is_not_trusted():
    import imbtorch

    files = Path(imbtorch.__file__).parent.rglob("*.py")
    assert not [str(path) for path in files if "trust_remote_code=True" in path.read_text()]


SCRIPT = "<script>alert(1)</script>"


def test_labels_are_escaped_in_the_report(tmp_path):
    rng = np.random.default_rng(0)
    labels = np.repeat([SCRIPT, "b"], [60, 20])
    name = str(tmp_path / f"{SCRIPT.replace('/', '_')}.npz")
    np.savez(name, features=rng.normal(size=(80, 3)).astype(np.float32), labels=labels)
    task = few_of_each(replace(make_task(name), epochs=2))
    with tqdm(total=0, disable=True) as bar:
        rows = run_grid(task, [make_recipe("erm", 2)], [0], tmp_path / "out", bar).rows
    assert SCRIPT in rows[0]["data"]["classes"]
    rows[0]["recipe"]["name"] = rows[0]["model"] = SCRIPT
    embeddings = {SCRIPT: {"features": rng.normal(size=(20, 3)), "labels": np.arange(20) % 2}}
    html = write_report(tmp_path / "report", rows, embeddings, {}).read_text()
    assert SCRIPT not in html
    assert html.count("<script") == 2  # the page's numbers, and what draws them
    assert "&lt;script&gt;" in html


def test_class_names_are_no_markup(tmp_path, capsys):
    """Neither a formula in the figures nor a style on the terminal."""
    names = ["$\\x$", "[/b]", "[red]a", "%s{}"]
    task = make_task("digits", ratio=5, epochs=2, model="mlp")
    task = few_of_each(replace(task, data=replace(task.data, classes=(*names, *"456789"))))
    with tqdm(total=0, disable=True) as bar:
        rows = run_grid(task, [make_recipe("erm", 2)], [0], tmp_path, bar).rows
    assert write_report(tmp_path, rows, {}, {}).exists()
    print_classes(rows[0]["metrics"], task.data.classes, task.data.counts)
    said = capsys.readouterr().out
    assert [name for name in names if name not in said] == []


def test_labels_are_escaped_in_a_page(tmp_path):
    table = f"# {SCRIPT}\n\n| recipe | a |\n|---|---|\n| {SCRIPT} | 1 |\n"
    write_page(tmp_path, table, f"compare {SCRIPT}")
    html = (tmp_path / "table.html").read_text()
    assert "<script" not in html
    assert html.count("&lt;script&gt;") >= 3
