"""Files of a run are found by recipe and seed, and are never those of another recipe."""

from functools import partial

import numpy as np
import pytest

from imbtorch import Recipe, Train, compare, load_checkpoint
from imbtorch.comparison.kept import checkpoint_path, stored, stored_outputs
from imbtorch.losses import FocalLoss

pytestmark = pytest.mark.usefixtures("no_report")


def mine(gamma, name):
    return Recipe(name, [Train(2, loss=partial(FocalLoss, gamma=gamma))])


def kept(folder, name):
    """Return what is kept of two runs, by checkpoint, outputs, pictures and log."""
    found = []
    for seed in (0, 1):
        path = checkpoint_path(folder, name, seed)
        log = path.parents[1] / "logs" / path.stem / "metrics.csv"
        network, header = load_checkpoint(path)
        found += [header["recipe"]["phases"][0]["loss"]["gamma"], log.read_text()]
        found += [network.head.weight.tolist(), stored_outputs(folder, name, seed)["predicted"]]
    return [*found, stored(folder, [name], "embeddings")[name]["features"].tolist()]


def same(a, b):
    return all(map(np.array_equal, a, b))


def test_recipes_of_one_name_keep_their_files_apart(blobs, tmp_path):
    name = "a:long/name" * 20

    def run(gamma):
        options = {"seeds": 2, "model": "linear", "log": "csv", "progress": False}
        compare(blobs, recipes=[mine(gamma, name)], out=tmp_path, **options)
        return kept(tmp_path, name)

    first, other = run(0.0), run(5.0)
    assert (first[0], other[0]) == (0.0, 5.0)
    assert not same(first, other)
    rows = (tmp_path / "results.jsonl").read_bytes()
    assert same(run(0.0), first)
    assert same(run(5.0), other)
    assert same(run(5.0), other)
    checkpoint_path(tmp_path, name, 0).unlink()  # whose the other files are is not known then
    assert same(run(0.0), first)
    assert (tmp_path / "results.jsonl").read_bytes() == rows
