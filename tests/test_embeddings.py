"""Embeddings as files: the commands embed and resample."""

import numpy as np

from imbtorch import load_data
from imbtorch.cli import main
from imbtorch.models.inference import predict_logits
from imbtorch.resampling import EOS
from imbtorch.training.checkpoint import load_checkpoint


def test_resample_writes_what_fit_resample_returns(feature_file, tmp_path, capsys):
    out = tmp_path / "deep" / "out.npz"
    command = ["resample", str(feature_file), str(out), "--method", "eos:k=20"]
    assert main([*command, "--seed", "3"]) == 0
    assert "64 synthetic" in capsys.readouterr().out
    with np.load(feature_file) as stored, np.load(out) as made:
        eos = EOS(20, random_state=3)
        x, y = eos.fit_resample(stored["features"], stored["labels"])
        assert np.array_equal(made["features"], x)
        assert np.array_equal(made["labels"], y)
        assert np.array_equal(made["enemy_indices"], eos.enemy_indices_)
    assert [p.name for p in out.parent.iterdir()] == ["out.npz"]


def test_resample_carries_other_arrays_over(tmp_path):
    source, out = tmp_path / "in.npz", tmp_path / "out.npz"
    x = np.random.default_rng(0).normal(size=(12, 2)).astype(np.float32)
    np.savez(source, train_features=x, train_labels=[0] * 9 + [1] * 3, test_features=x[:2])
    assert main(["resample", str(source), str(out), "--method", "smote:k=2"]) == 0
    with np.load(out) as made:
        assert np.bincount(made["train_labels"]).tolist() == [9, 9]
        assert np.array_equal(made["train_features"][:12], x)
        assert np.array_equal(made["test_features"], x[:2])


def test_resample_refuses_what_it_cannot_use(feature_file, tmp_path, capsys):
    wrong, nan = tmp_path / "wrong.npz", tmp_path / "nan.npz"
    np.savez(wrong, images=np.zeros(3))
    np.savez(nan, features=[[np.nan], [0.0]], labels=[0, 1])
    text = tmp_path / "text.npz"
    text.write_text("no archive")
    out = str(tmp_path / "out.npz")
    for command, message in (
        ([str(wrong), out], "holds the arrays images"),
        ([str(nan), out], "NaN or infinite values in 1 of 2 rows (0)"),
        ([str(text), out], "not a readable .npz"),
        ([str(tmp_path / "absent.npz"), out], "not a readable .npz"),
        ([str(feature_file), out, "--method", "smite"], "did you mean smote"),
        ([str(feature_file), out, "--method", "eos:k=96"], "1..95"),
        ([str(feature_file), str(tmp_path / "out.csv")], "ends in .npz"),
    ):
        assert main(["resample", *command]) == 2
        assert message in capsys.readouterr().err
    assert not (tmp_path / "out.npz").exists()


def test_embed_gives_the_training_set_and_what_the_head_makes_of_it(tmp_path, capsys):
    model, out = tmp_path / "model.safetensors", tmp_path / "out.npz"
    options = ["--epochs", "1", "--ratio", "20", "--out", str(model)]
    assert main(["train", "digits", "--recipe", "erm", *options]) == 0
    assert main(["embed", str(model), "digits", str(out)]) == 0
    assert "embeddings of size 120" in capsys.readouterr().out
    network, header = load_checkpoint(model)
    with np.load(out) as made:
        assert np.bincount(made["train_labels"]).tolist() == header["data"]["counts"]
        assert made["classes"].tolist() == header["data"]["classes"]
        assert made["test_logits"].shape == (len(made["test_labels"]), 10)
        assert made["train_features"].shape[1] == made["test_features"].shape[1] == 120
    logits, labels = predict_logits(network, load_data("digits", ratio=20).test)
    with np.load(out) as made:
        np.testing.assert_allclose(made["test_logits"], logits.numpy(), atol=1e-5)
        assert np.array_equal(made["test_labels"], labels.numpy())


def test_what_a_checkpoint_settles_is_refused(tmp_path, capsys):
    for option in ("--columns x", "--image-size 8", "--data-seed 5", "--precision bf16-mixed"):
        arguments = ["none.safetensors", "digits", str(tmp_path / "e.npz"), *option.split()]
        assert main(["embed", *arguments]) == 2
        assert "that is settled: leave it out" in capsys.readouterr().err
