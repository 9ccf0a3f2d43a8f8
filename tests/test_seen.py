"""A network's own training samples are known again, and no decision is chosen on them."""

import numpy as np
import pandas as pd
import pytest

from imbtorch import load_checkpoint, save_checkpoint
from imbtorch.cli import main
from imbtorch.data.arrays import ArrayDataset
from imbtorch.data.seen import fingerprints, share_seen
from imbtorch.sklearn import ImbalancedClassifier


def table(n, seed):
    length, width = np.random.default_rng(seed).normal(size=(2, n))
    label = np.where(np.arange(n) % 6, "ok", "fraud")
    return pd.DataFrame({"length": length, "width": width, "label": label})


def decide(capsys, *arguments, command="decide"):
    capsys.readouterr()
    status = main([command, *map(str, arguments)])
    shown = capsys.readouterr()
    return status, shown.out + shown.err


def test_the_share_that_counts_is_that_of_the_samples_to_choose_on():
    rows = np.arange(5000, dtype=np.float32)[:, None]
    remembered = fingerprints(ArrayDataset(rows, np.zeros(5000, int)))
    for trained, new in ((400, 0), (200, 200), (40, 360), (0, 400), (5000, 45_000)):
        x = np.concatenate([rows[:trained], 9000 + np.arange(new, dtype=np.float32)[:, None]])
        data = ArrayDataset(np.concatenate([x, x]), np.zeros(2 * len(x), int))
        share = share_seen(data, remembered, 5000)
        assert share == pytest.approx(trained / (trained + new), abs=0.05)


def test_an_estimators_file_tells_what_it_was_trained_on(tmp_path, capsys):
    train = table(300, 0)
    model = ImbalancedClassifier("erm", epochs=1, random_state=0)
    model.fit(train[["length", "width"]], train["label"]).save(tmp_path / "m")
    ImbalancedClassifier.load(tmp_path / "m").save(tmp_path / "again")
    train.iloc[:100].to_csv(tmp_path / "part.csv", index=False)
    table(100, 1).to_csv(tmp_path / "new.csv", index=False)
    how = ("--maximize", "f1", "--out", tmp_path / "new.safetensors")
    status, text = decide(capsys, tmp_path / "again", tmp_path / "part.csv", *how)
    assert (status, "was trained on about 100% of its samples" in text) == (2, True)
    status, text = decide(capsys, tmp_path / "again", tmp_path / "new.csv", *how)
    assert (status, "was trained on" in text) == (0, False)
    network, header = load_checkpoint(tmp_path / "m")
    save_checkpoint(tmp_path / "old", network, {**header, "seen": []})
    status, text = decide(capsys, tmp_path / "old", tmp_path / "part.csv", *how)
    assert (status, "warning: which samples the network was trained on" in text) == (0, True)


def test_evaluate_says_which_share_was_trained_on(feature_file, tmp_path, capsys):
    out = tmp_path / "m.safetensors"
    how = ["--epochs", "1", "--recipe", "erm", "--out", str(out)]
    assert main(["train", str(feature_file), *how]) == 0
    with np.load(feature_file) as stored:
        x, y = stored["features"], stored["labels"]
    np.savez(tmp_path / "more.npz", features=[*x, x[0] + 1], labels=[*y, y[0]])
    np.savez(tmp_path / "new.npz", features=x + 1, labels=y)
    for data, warned in (("more", True), ("new", False), (feature_file, False)):
        path = data if data is feature_file else tmp_path / f"{data}.npz"
        status, text = decide(capsys, out, path, command="evaluate")
        assert (status, "figures are too good" in text) == (0, warned), text
        assert not warned or "trained on about 7" in text
