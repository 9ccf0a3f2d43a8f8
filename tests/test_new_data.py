"""A stored network meets data: all of a new set, or what was held out of its own, in its form."""

import shutil

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from imbtorch import InputError, load_data
from imbtorch.cli import main
from imbtorch.data.load_for import TrainedOn, load_for
from made_images import images

pytestmark = pytest.mark.usefixtures("own_cache")


def trained(data, out):
    path = str(out / "model.safetensors")
    how = ["--model", "mlp", "--epochs", "1", "--recipe", "erm", "--out", path]
    assert main(["train", str(data), *how]) == 0
    return path


@pytest.fixture
def pets(tmp_path):
    """A folder without splits, and a network trained on it."""
    images(tmp_path / "pets", "cat", "dog", n=12)
    return tmp_path / "pets", trained(tmp_path / "pets", tmp_path)


def measured(network, data, capsys, *options):
    capsys.readouterr()
    assert main(["evaluate", network, str(data), *options]) == 0
    return capsys.readouterr().out


def test_all_of_a_new_folder_is_measured(pets, tmp_path, capsys):
    images(tmp_path / "new", "dog", n=43)
    images(tmp_path / "new", "cat", n=1)
    assert "44 samples of" in measured(pets[1], tmp_path / "new", capsys)


def test_a_new_folder_of_one_class_is_measured(pets, tmp_path, capsys):
    images(tmp_path / "new", "dog", n=5)
    assert "5 samples of" in measured(pets[1], tmp_path / "new", capsys)


def test_its_own_data_are_known_wherever_they_are_stored(pets, tmp_path, capsys):
    shutil.copytree(pets[0], tmp_path / "copy")
    out = measured(pets[1], tmp_path / "copy", capsys)
    assert "6 samples of" in out
    assert "the data the network was trained on" in out
    (tmp_path / "copy" / "cat" / "0.png").unlink()
    assert "23 samples of" in measured(pets[1], tmp_path / "copy", capsys)


def test_a_named_split_is_measured(pets, tmp_path, capsys):
    for split, n in {"train": 3, "val": 4, "test": 5}.items():
        images(tmp_path / "new" / split, "cat", "dog", n=n)
    assert "10 samples of" in measured(pets[1], tmp_path / "new", capsys)
    assert "8 samples of" in measured(pets[1], tmp_path / "new", capsys, "--test-split", "val")
    assert "6 samples of" in measured(
        pets[1], tmp_path / "new", capsys, "--train-split", "train", "--test-split", "none"
    )


def test_unknown_classes_are_named(pets, tmp_path, capsys):
    images(tmp_path / "new", "cat", "owl")
    assert main(["evaluate", pets[1], str(tmp_path / "new")]) == 2
    assert "['owl']" in capsys.readouterr().err


def table(n, seed):
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 2, n)
    return pd.DataFrame(
        {
            "far": 9 * label + rng.normal(size=n),
            "near": rng.normal(size=n),
            "label": np.array(["a", "b"])[label],
        }
    )


def test_columns_are_found_by_name_in_any_order(tmp_path, capsys):
    table(60, 0).to_csv(tmp_path / "old.csv", index=False)
    network = trained(tmp_path / "old.csv", tmp_path)
    new = table(40, 1)
    new.to_csv(tmp_path / "same.csv", index=False)
    new.assign(more=range(7, 47))[["label", "near", "more", "far"]].to_csv(
        tmp_path / "other.csv", index=False
    )
    first, second = (
        measured(network, tmp_path / name, capsys).splitlines()[-3:]
        for name in ("same.csv", "other.csv")
    )
    assert first == second
    new.rename(columns={"far": "distance"}).to_csv(tmp_path / "renamed.csv", index=False)
    assert main(["evaluate", network, str(tmp_path / "renamed.csv")]) == 2
    assert "no column 'far'" in capsys.readouterr().err


def test_a_network_gets_its_columns_in_its_own_order(tmp_path):
    old, new = table(60, 0), table(40, 1)
    old.to_csv(tmp_path / "old.csv", index=False)
    new[["near", "label", "far"]].to_csv(tmp_path / "new.csv", index=False)
    data = load_data(str(tmp_path / "old.csv"), profile="none")
    made = TrainedOn(data.classes, data.counts, data.profile, 0, data.digest)
    opened = load_for(str(tmp_path / "new.csv"), data.input, made)
    expected = new[["far", "near"]].to_numpy(np.float32)
    np.testing.assert_allclose(opened.test.x.numpy(), expected, rtol=1e-6)


dtypes = st.sampled_from(
    ["f2", "f4", "f8", ">f4", "i1", "u1", "i8", "u8", "?", "c8", "U2", "S2", "M8[D]"]
)
shapes = st.integers(0, 8).flatmap(
    lambda n: st.sampled_from([(), (n,), (n, 2), (n, 0), (n, 4, 4), (n, 3, 4, 4), (n, 4, 4, 3)])
)
anything = dtypes.flatmap(lambda dtype: arrays_of.arrays(dtype, shapes))


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(features=anything, labels=anything)
def test_any_arrays_are_loaded_or_refused(features, labels, tmp_path):
    path = tmp_path / "any.npz"
    np.savez(path, features=features, labels=labels)
    try:
        data = load_data(str(path), profile="none")
    except InputError:
        return
    total = len(data.train) + len(data.test) + sum(data.left_out.values())
    assert total == len(labels) == len(features)
    assert min(data.counts) >= 1
