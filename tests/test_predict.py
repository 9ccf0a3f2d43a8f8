"""A stored network predicts new data without labels: every row once, whatever lies beside it."""

import numpy as np
import pandas as pd
import pytest
import torch

from imbtorch.cli import main
from imbtorch.comparison import predictions
from imbtorch.data.inputs import FeatureInput
from imbtorch.data.new_rows import open_new, usable
from imbtorch.errors import InputError
from made_images import images
from predicting import expected, predicted, probabilities, table

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_table_in_any_order_of_columns_and_without_labels(of_table, tmp_path, suffix):
    x, _ = table(50, 1)
    x.assign(more="x")[["near", "more", "far"]].to_parquet(tmp_path / "new.parquet")
    made = predicted(of_table, tmp_path / "new.parquet", tmp_path / f"p.{suffix}")
    assert [*made] == ["row", "predicted", "probability_a", "probability_b, c"]
    assert made["row"].tolist() == [*range(50)]
    p, _ = expected(of_table, x.to_numpy(np.float32))
    np.testing.assert_allclose(probabilities(made), p, atol=1e-6)
    assert made["predicted"].tolist() == [("a", "b, c")[k] for k in p.argmax(1)]
    assert not [*tmp_path.glob("*.part")]


def test_a_label_column_changes_nothing(of_table, tmp_path):
    x, y = table(20, 1)
    x.to_csv(tmp_path / "new.csv", index=False)
    x.assign(label=y).to_csv(tmp_path / "labelled.csv", index=False)
    first, second = (
        predicted(of_table, tmp_path / f"{name}.csv", tmp_path / f"{name}-p.csv")
        for name in ("new", "labelled")
    )
    assert first.equals(second)


def test_blocks_of_any_size_give_the_same(of_table, tmp_path, monkeypatch):
    x, _ = table(53, 2)
    np.savez(tmp_path / "new.npz", features=x.to_numpy())
    whole = predicted(of_table, tmp_path / "new.npz", tmp_path / "p.csv")
    monkeypatch.setattr(predictions, "ROWS", (1, 7))
    parts = predicted(of_table, tmp_path / "new.npz", tmp_path / "p.csv")
    np.testing.assert_allclose(probabilities(whole), probabilities(parts), atol=1e-6)
    assert whole["row"].equals(parts["row"])


def test_a_large_npz_is_never_in_memory_as_a_whole(tmp_path, monkeypatch):
    x = np.arange(600.0).reshape(300, 2)
    np.savez(tmp_path / "c.npz", features=x)
    np.savez_compressed(tmp_path / "z.npz", features=x)
    np.savez(tmp_path / "f.npz", features=np.asfortranarray(x))
    for name in ("c", "z", "f"):
        rows = open_new(str(tmp_path / f"{name}.npz"), FeatureInput((2,)))
        blocks = [*rows.blocks(64)]
        assert [len(block) for block in blocks] == [64, 64, 64, 64, 44]
        np.testing.assert_array_equal(np.concatenate(blocks), x)
    whole = (tmp_path / "c.npz").read_bytes()
    (tmp_path / "torn.npz").write_bytes(whole[:-900])
    with pytest.raises(InputError, match="not a readable"):
        open_new(str(tmp_path / "torn.npz"), FeatureInput((2,)))


def test_a_row_that_is_not_finite_is_listed_and_the_others_are_predicted(of_table, tmp_path):
    x, _ = table(40, 3)
    x.loc[[0, 17, 39], "far"] = [np.nan, np.inf, np.nan]
    np.savez(tmp_path / "new.npz", features=x.to_numpy())
    made = predicted(of_table, tmp_path / "new.npz", tmp_path / "p.csv", status=1)
    assert made.index[made["predicted"].isna()].tolist() == [0, 17, 39]
    rest = x.drop([0, 17, 39])
    p, _ = expected(of_table, rest.to_numpy(np.float32))
    np.testing.assert_allclose(probabilities(made.dropna()), p, atol=1e-6)


def test_where_no_row_can_be_read_there_is_no_file(of_table, tmp_path, capsys):
    np.savez(tmp_path / "new.npz", features=np.full((9, 2), np.nan))
    args = ["predict", of_table, str(tmp_path / "new.npz"), "--out", str(tmp_path / "p.csv")]
    assert main(args) == 2
    assert "none of the 9 rows" in capsys.readouterr().err
    assert sorted(p.name for p in tmp_path.iterdir() if p.is_file()) == ["new.npz"]


def test_usable_finds_exactly_the_rows_that_fail_alone():
    x = np.arange(40.0).reshape(20, 2)
    x[[3, 4, 11], 0] = np.nan
    tensors, faults = usable(FeatureInput((2,)), x)
    assert sorted(faults) == [3, 4, 11]
    np.testing.assert_array_equal(torch.cat(tensors), np.delete(x, [3, 4, 11], 0))


def test_doubtful_or_wrong_data_are_refused_with_the_next_step(
    of_table, of_images, tmp_path, capsys
):
    np.savez(tmp_path / "two.npz", train_features=np.zeros((3, 2)), test_features=np.ones((4, 2)))
    np.savez(tmp_path / "wide.npz", features=np.zeros((3, 5)))
    np.savez(tmp_path / "none.npz", features=np.zeros((0, 2)))
    images(tmp_path / "pets", "cat")
    pd.DataFrame({"far": [1.0]}).to_csv(tmp_path / "few.csv", index=False)
    pd.DataFrame({"far": ["x"], "near": ["y"]}).to_csv(tmp_path / "words.csv", index=False)
    for network, data, message in (
        (of_table, "two.npz", "--split"),
        (of_table, "wide.npz", "shape (5,); (2,) is needed"),
        (of_table, "none.npz", "no rows"),
        (of_table, "pets", "takes rows of numbers; DATA holds images"),
        (of_table, "few.csv", "no column 'near'"),
        (of_table, "words.csv", "holds no numbers"),
        (of_table, "nowhere.csv", "no such file"),
        (of_images, "wide.npz", "takes images; DATA holds rows of numbers"),
        (of_images, "few.csv", "none of them holds images"),
    ):
        args = ["predict", network, str(tmp_path / data), "--out", str(tmp_path / "p.csv")]
        assert main(args) == 2
        assert message in capsys.readouterr().err
        assert not (tmp_path / "p.csv").exists()
    made = predicted(of_table, tmp_path / "two.npz", tmp_path / "p.csv", "--split", "test")
    assert len(made) == 4
    before = (tmp_path / "few.csv").read_bytes()
    few = str(tmp_path / "few.csv")
    assert main(["predict", of_table, few, "--out", few]) == 2
    assert "which is read: name another --out" in capsys.readouterr().err
    assert (tmp_path / "few.csv").read_bytes() == before
    for out in ("p.txt", "p"):
        assert main(["predict", of_table, str(tmp_path / "two.npz"), "--out", out]) == 2
        assert ".csv or .parquet" in capsys.readouterr().err
