"""inspect: counts, duplicates, unreadable files, and what it says of them."""

import numpy as np
import pytest
from PIL import Image

from imbtorch import InputError
from imbtorch.cli import main
from imbtorch.comparison.inspect import inspect_data
from imbtorch.comparison.inspection import lines


def write_images(folder, counts, rng, size=8):
    for name, n in counts.items():
        (folder / name).mkdir(parents=True)
        for i in range(n):
            pixels = rng.integers(0, 255, (size, size, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{i}.png")


def test_images_with_everything_wrong(tmp_path):
    """Each fault is put in once or twice, and found as often."""
    rng = np.random.default_rng(0)
    write_images(tmp_path / "train", {"cat": 30, "lynx": 4}, rng)
    write_images(tmp_path / "test", {"cat": 31, "lynx": 3}, rng)
    train, test = tmp_path / "train", tmp_path / "test"
    (train / "cat" / "copy.png").write_bytes((train / "cat" / "0.png").read_bytes())
    (train / "lynx" / "other.png").write_bytes((train / "cat" / "1.png").read_bytes())
    (test / "cat" / "known.png").write_bytes((train / "cat" / "2.png").read_bytes())
    (train / "cat" / "broken.png").write_bytes(b"no image")
    found = inspect_data(str(tmp_path))
    assert (found.classes, found.train, found.test) == (["cat", "lynx"], [32, 5], [32, 3])
    assert found.ratio == 32 / 5
    assert (found.repeated, found.contradicting, found.leaked) == (2, 1, 1)
    assert len(found.unreadable) == 1
    assert "broken.png" in found.unreadable[0]
    said = "\n".join(lines(found))
    for part in ("cannot be read", "1 held-out samples", "occur with several labels", "lynx (3)"):
        assert part in said
    assert "too few for SMOTE" in said
    assert "remix" in found.recipes


def test_features_with_gaps_and_no_held_out_split(tmp_path):
    x = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32)
    x[7, 1] = np.nan
    path = tmp_path / "table.npz"
    np.savez(path, features=x, labels=np.array(["often"] * 48 + ["rare"] * 12))
    found = inspect_data(str(path), data_seed=3)
    assert (found.train, found.test) == ([36, 9], [12, 3])
    when = "once all samples can be read"
    assert lines(found)[-1] == f"next, {when}: imbtorch compare {path} --data-seed 3 --recipes auto"
    assert len(found.unreadable) == 1
    assert any("no held-out split" in note for note in found.notes)
    assert "smote" in found.recipes


@pytest.mark.usefixtures("own_cache")
def test_how_samples_are_held_out_is_said_as_it_is_done(tmp_path):
    quarter = "no held-out split is stored: a quarter of each class is held out"
    path = tmp_path / "visits.csv"
    lines = [f"{i / 7:.3f},{i // 4},{i % 3 == 0}" for i in range(48)]
    path.write_text("\n".join(["age,patient,label", *lines]))
    assert quarter in inspect_data(str(path)).notes
    grouped = inspect_data(str(path), test_split="group:patient").notes
    assert "held out by the column 'patient', which is no input" in grouped
    assert not any("a quarter of each class" in note for note in grouped)
    path.write_text("\n".join(["age,patient,label", *lines, *lines]))
    assert f"{quarter}, as far as copies stay together" in inspect_data(str(path)).notes


def test_a_class_in_one_split_alone_is_said(tmp_path):
    path = tmp_path / "table.npz"
    x = np.arange(12, dtype=np.float32).reshape(6, 2)
    np.savez(
        path,
        train_features=x,
        train_labels=[0, 0, 0, 1, 1, 2],
        test_features=x + 100,
        test_labels=[0, 0, 1, 1, 3, 3],
    )
    found = inspect_data(str(path))
    assert found.ratio == float("inf")
    assert found.recipes == []
    said = "\n".join(found.notes)
    assert "without a training sample: 3" in said
    assert "without a held-out sample: 2" in said


def test_command_prints_counts_and_what_is_next(capsys):
    assert main(["inspect", "digits"]) == 0
    out = capsys.readouterr().out
    assert "1347 training and 450 held-out samples of 10 classes" in out
    assert "imbtorch compare digits --recipes auto" in out


def test_nothing_to_read(tmp_path):
    path = tmp_path / "table.npz"
    np.savez(path, features=np.full((8, 2), np.nan, np.float32), labels=[0, 0, 0, 0, 1, 1, 1, 1])
    with pytest.raises(InputError, match="can be read"):
        inspect_data(str(path))
