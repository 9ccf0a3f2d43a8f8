"""A stored network predicts new images: by path, named in tables, in arrays."""

import csv
import shutil

import numpy as np
import pandas as pd
import pytest

from imbtorch.cli import main
from made_images import image, images
from predicting import predicted, probabilities

pytestmark = pytest.mark.usefixtures("own_cache")


def test_images_at_any_depth_by_path_and_broken_ones_are_listed(of_images, tmp_path, capsys):
    new = tmp_path / "new"
    for place in ("b.png", "deep/er/a.png", "deep/c, d.png"):
        image(new / place, len(place))
    (new / "broken.jpg").write_bytes(b"no image")
    (new / "deep" / "empty.png").write_bytes(b"")
    (new / "notes.txt").write_text("x")
    made = predicted(of_images, new, tmp_path / "p.csv", status=1)
    paths = ["b.png", "broken.jpg", "deep/c, d.png", "deep/empty.png", "deep/er/a.png"]
    assert made["path"].tolist() == paths
    there = ~made["path"].isin(["broken.jpg", "deep/empty.png"])
    assert made.loc[~there].drop(columns="path").isna().all(axis=None)
    assert set(made.loc[there, "predicted"]) <= {"cat", "dog"}
    np.testing.assert_allclose(probabilities(made)[there].sum(1), 1, atol=1e-6)
    said = capsys.readouterr().out
    assert "3 of 5" in said
    assert "  broken.jpg: " in said
    assert "  deep/empty.png: " in said
    one = predicted(of_images, new / "b.png", tmp_path / "one.csv")
    np.testing.assert_allclose(probabilities(one), probabilities(made)[:1], atol=1e-6)


def test_images_named_in_a_table_and_in_arrays(of_images, tmp_path):
    image(tmp_path / "img" / "a.png", 1)
    image(tmp_path / "img" / "b.png", 2)
    names = ["img/b.png", "img/missing.png", "img/a.png"]
    pd.DataFrame({"file": names, "note": ["x", "y", "z"]}).to_csv(tmp_path / "t.csv", index=False)
    made = predicted(of_images, tmp_path / "t.csv", tmp_path / "p.csv", status=1)
    assert made["path"].tolist() == names
    assert made["predicted"].isna().tolist() == [False, True, False]
    alone = predicted(of_images, tmp_path / "img", tmp_path / "q.csv")
    np.testing.assert_allclose(probabilities(made)[[2, 0]], probabilities(alone), atol=1e-6)
    bytes_ = np.random.default_rng(0).integers(0, 256, (4, 3, 12, 12)).astype(np.uint8)
    np.savez(tmp_path / "a.npz", features=bytes_)
    assert len(predicted(of_images, tmp_path / "a.npz", tmp_path / "a.csv")) == 4


def test_names_of_files_that_are_no_text_are_escaped(of_images, tmp_path):
    image(tmp_path / "new" / "a.png", 1)
    shutil.copy(tmp_path / "new" / "a.png", bytes(tmp_path / "new") + b"/\xff\n,.png")
    predicted(of_images, tmp_path / "new", tmp_path / "p.csv")
    with (tmp_path / "p.csv").open(newline="") as file:
        assert [row["path"] for row in csv.DictReader(file)] == ["a.png", "\\udcff\n,.png"]


@pytest.mark.parametrize("data", ["", " "])
def test_no_name_is_not_the_folder_one_is_in(of_images, tmp_path, monkeypatch, capsys, data):
    """An unset variable of a shell is no DATA."""
    images(tmp_path / "here", "cat", n=2)
    monkeypatch.chdir(tmp_path / "here")
    assert main(["predict", of_images, data]) == 2
    assert "DATA is empty" in capsys.readouterr().err
    assert main(["predict", of_images, ".", "--out", "../p.csv"]) == 0
