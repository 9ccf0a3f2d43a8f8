"""What a user sees of samples and columns is what stands in the file."""

import numpy as np
import pandas as pd
import pytest

from imbtorch.cli import main
from imbtorch.comparison.report.mistakes import confident_mistakes
from imbtorch.data.load import load_data
from imbtorch.files import write_npz
from imbtorch.npz import read_npz


@pytest.fixture
def kinds(tmp_path, own_cache):
    """Return a table whose labels stand in a column with an unusual name."""
    rng = np.random.default_rng(0)
    kind = np.repeat(["good", "bad"], [90, 30])
    path = tmp_path / "kinds.csv"
    size = rng.normal(size=120) + 3 * (kind == "bad")
    table = pd.DataFrame({"size": size, "age": rng.normal(size=120), "outcome": kind})
    table.sample(frac=1, random_state=0).to_csv(path, index=False)
    return path


def test_a_mistake_names_the_row_of_the_file(kinds):
    data, table = load_data(str(kinds), label="outcome"), pd.read_csv(kinds)
    assert data.test_rows is not None
    y = data.test.y.numpy()
    p = np.full((len(y), 2), 0.1)
    p[np.arange(len(y)), 1 - y] = 0.9  # all are wrong
    outputs = {"labels": y, "predicted": 1 - y, "probabilities": p}
    for one in confident_mistakes(outputs, data.classes, data.test_rows, data.input.columns):
        assert table["outcome"][one["row"]] == one["true"]
        for name, value in one["cells"]:
            assert float(value) == pytest.approx(table[name][one["row"]], rel=0.01)


def test_the_label_column_of_the_training_is_found_again(kinds, tmp_path, capsys):
    out = str(tmp_path / "m.safetensors")
    options = ["--label", "outcome", "--recipe", "erm", "--epochs", "1", "--out", out]
    assert main(["train", str(kinds), *options]) == 0
    pd.read_csv(kinds)[:50].assign(note="x").to_csv(tmp_path / "new.csv", index=False)
    capsys.readouterr()
    assert main(["evaluate", out, str(tmp_path / "new.csv")]) == 0
    said = capsys.readouterr().out
    assert "label: outcome" in said
    assert "note (no input of the network)" in said


def test_an_npz_holds_what_was_given_and_no_objects(tmp_path):
    path = tmp_path / "x.npz"
    write_npz(path, {"a": np.arange(3)})
    assert [*read_npz(path, "x")] == ["a"]  # and nothing that NumPy takes for one more array
    with pytest.raises(ValueError, match="'b' holds objects"):
        write_npz(path, {"b": np.array([None], dtype=object)})
    assert [*read_npz(path, "x")] == ["a"]
