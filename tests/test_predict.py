"""A stored network predicts new data without labels: every row once, whatever lies beside it."""

import csv
import shutil

import numpy as np
import pandas as pd
import pytest
import torch

from fraud import fraud_table
from imbtorch import load_checkpoint, save_checkpoint
from imbtorch.cli import main
from imbtorch.comparison import predictions
from imbtorch.data.inputs import FeatureInput, input_from_json
from imbtorch.data.new_rows import open_new, usable
from imbtorch.errors import InputError
from imbtorch.metrics.decision import Decision
from imbtorch.metrics.prior import correct_prior
from imbtorch.models.inference import predict_logits
from odd_folders import image, images

pytestmark = pytest.mark.usefixtures("own_cache")
FAST = ["--model", "mlp", "--epochs", "1", "--recipe"]


def trained(data, out, recipe="erm"):
    assert main(["train", str(data), *FAST, recipe, "--out", str(out)]) == 0
    return str(out)


def predicted(network, data, out, *options, status=0):
    assert main(["predict", network, str(data), "--out", str(out), *options]) == status
    return pd.read_csv(out) if out.suffix == ".csv" else pd.read_parquet(out)


def probabilities(made):
    return made.filter(like="probability_").to_numpy()


def table(n, seed):
    rng = np.random.default_rng(seed)
    label = np.arange(n) % 4 == 0
    far = 4 * label + rng.normal(size=n)
    return pd.DataFrame({"far": far, "near": rng.normal(size=n)}), np.where(label, "b, c", "a")


@pytest.fixture(scope="module")
def of_table(tmp_path_factory):
    """A network trained on a table with class-balanced sampling."""
    folder = tmp_path_factory.mktemp("table")
    x, y = table(80, 0)
    x.assign(label=y).to_csv(folder / "old.csv", index=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("datasets.config.HF_DATASETS_CACHE", folder / "cache")
        return trained(folder / "old.csv", folder / "t.safetensors", "drs")


@pytest.fixture(scope="module")
def of_images(tmp_path_factory):
    """A network trained on a folder of images in two class folders."""
    folder = tmp_path_factory.mktemp("images")
    images(folder / "pets", "cat", "dog", n=8)
    return trained(folder / "pets", folder / "i.safetensors")


def expected(network, x):
    model, header = load_checkpoint(network)
    logits, _ = predict_logits(model, (x, np.zeros(len(x), np.int64)))
    return model.probabilities(logits).numpy(), header


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


def test_texts(tmp_path):
    words = ["oil price rose", "wheat and grain", "oil fell", "grain harvest of wheat"] * 8
    pd.DataFrame({"text": words, "label": ["oil", "grain"] * 16}).to_csv(
        tmp_path / "old.csv", index=False
    )
    network = trained(tmp_path / "old.csv", tmp_path / "x.safetensors")
    pd.DataFrame({"text": ["oil", None, "=wheat"]}).to_csv(tmp_path / "new.csv", index=False)
    made = predicted(network, tmp_path / "new.csv", tmp_path / "p.csv")
    spec = input_from_json(load_checkpoint(network)[1]["input"])
    p, _ = expected(network, spec.transform(["oil", "", "=wheat"]).numpy())
    np.testing.assert_allclose(probabilities(made), p, atol=1e-6)


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


PRIORS = {"uniform": [1, 1], "0.9,0.1": [0.9, 0.1], "file": [3, 1]}


@pytest.mark.parametrize("prior", PRIORS)
def test_a_prior_corrects_from_what_the_recipe_makes_the_network_assume(of_table, tmp_path, prior):
    x, _ = table(30, 4)
    np.savez(tmp_path / "new.npz", features=x.to_numpy())
    given = prior
    if prior == "file":
        given = str(tmp_path / "prior.csv")
        pd.DataFrame({"class": ["b, c", "a"], "share": [1, 3]}).to_csv(given, index=False)
    made = predicted(of_table, tmp_path / "new.npz", tmp_path / "p.csv", "--prior", given)
    p, _ = expected(of_table, x.to_numpy(np.float32))
    corrected = correct_prior(p, [1, 1], PRIORS[prior])  # drs: equal shares
    np.testing.assert_allclose(probabilities(made), corrected, atol=1e-6)
    assert made["predicted"].tolist() == [("a", "b, c")[k] for k in corrected.argmax(1)]


@pytest.mark.parametrize(
    ("prior", "message"),
    [
        ("0.9", "2 classes"),
        ("much", "uniform, numbers"),
        ("2,-1", "at least 0"),
        ("", "uniform"),
        (",".join(["0.01"] * 100), "100 numbers; the network has 2 classes"),
        (b"class,share\na,1\nb,2\n", "each of ['a', 'b, c'] is needed once"),
        (b"class,share\na,1\n'b, c'\n", "each of ['a', 'b, c'] is needed once"),
        (b'class,share\na,1\n"b, c"\n', "uniform, numbers"),
        (b"class,share\n\xf6,1\n", "cannot be read as CSV"),
        (b"name,share\na,1\n", "with the columns class, share"),
    ],
)
def test_a_prior_that_cannot_be_meant_is_refused(of_table, tmp_path, capsys, prior, message):
    np.savez(tmp_path / "new.npz", features=np.zeros((2, 2)))
    if isinstance(prior, bytes):
        (tmp_path / "prior.csv").write_bytes(prior)
        prior = str(tmp_path / "prior.csv")
    args = ["predict", of_table, str(tmp_path / "new.npz"), "--prior", prior]
    assert main([*args, "--out", str(tmp_path / "p.csv")]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "p.csv").exists()


def test_a_stored_decision_has_a_column_of_its_own(of_table, tmp_path, capsys):
    model, header = load_checkpoint(of_table)
    decision = Decision(2.0, (0.0, 1.5), "f1")
    network = str(tmp_path / "d.safetensors")
    save_checkpoint(network, model, {**header, "decision": decision.to_json()})
    x, _ = table(60, 5)
    np.savez(tmp_path / "new.npz", features=x.to_numpy())
    made = predicted(network, tmp_path / "new.npz", tmp_path / "p.csv")
    p = decision.calibrated(expected(of_table, x.to_numpy(np.float32))[0])
    np.testing.assert_allclose(probabilities(made), p, atol=1e-6)
    decided = [("a", "b, c")[k] for k in decision.classes(p)]
    assert made["decision"].tolist() == decided
    assert made["predicted"].tolist() != decided
    assert "decision for f1" in capsys.readouterr().out
    other = predicted(network, tmp_path / "new.npz", tmp_path / "q.csv", "--prior", "99,1")
    assert other["decision"].tolist() == decided  # its offsets are for the network's own


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
    assert "which is DATA" in capsys.readouterr().err
    assert (tmp_path / "few.csv").read_bytes() == before
    for out in ("p.txt", "p"):
        assert main(["predict", of_table, str(tmp_path / "two.npz"), "--out", out]) == 2
        assert ".csv or .parquet" in capsys.readouterr().err


def test_a_table_with_gaps_and_categories_that_no_training_row_has(tmp_path, capsys):
    old, new = fraud_table(200, 0, share=0.2), fraud_table(60, 1, share=0.2, unseen=True)
    old.to_csv(tmp_path / "old.csv", index=False)
    network = trained(tmp_path / "old.csv", tmp_path / "f.safetensors")
    new.drop(columns="label").iloc[:, ::-1].to_csv(tmp_path / "new.csv", index=False)
    made = predicted(network, tmp_path / "new.csv", tmp_path / "p.csv")
    assert len(made) == 60
    spec = input_from_json(load_checkpoint(network)[1]["input"])
    p, _ = expected(network, spec.transform(pd.read_csv(tmp_path / "new.csv")).numpy())
    np.testing.assert_allclose(probabilities(made), p, atol=1e-6)
    assert "input" in capsys.readouterr().out
    pd.DataFrame(new[["amount"]]).to_csv(tmp_path / "few.csv", index=False)
    args = ["predict", network, str(tmp_path / "few.csv"), "--out", str(tmp_path / "q.csv")]
    assert main(args) == 2
    assert "has no column" in capsys.readouterr().err


def test_what_no_training_row_has_is_said_over_all_blocks(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("imbtorch.comparison.predictions.ROWS", (16, 16))
    old = fraud_table(200, 0, share=0.2)
    old.assign(shop=old.shop.fillna("none")).to_csv(tmp_path / "old.csv", index=False)
    network = trained(tmp_path / "old.csv", tmp_path / "f.safetensors")
    new = fraud_table(60, 1, share=0.2).assign(abroad=[*["yes", "no"] * 29, "True", "False"])
    new.assign(when=None).to_csv(tmp_path / "new.csv", index=False)
    capsys.readouterr()
    predicted(network, tmp_path / "new.csv", tmp_path / "p.csv")
    said = " ".join(capsys.readouterr().out.split())
    assert "'abroad' holds categories that no training row has ('yes', 'no') in 58 rows" in said
    assert "'when' is empty in 60 rows" in said


def test_a_parquet_file_without_rows_is_said_to_have_none(of_table, tmp_path, capsys):
    pd.DataFrame({"x": [1.0]}).head(0).to_parquet(tmp_path / "none.parquet")
    assert main(["predict", of_table, str(tmp_path / "none.parquet")]) == 2
    assert "it holds no rows" in capsys.readouterr().err


def test_a_prior_that_excludes_the_certain_class_leaves_no_row_without_a_class():
    """A probability of 1, of a class that is not there in use, is that of the best other class."""
    predictor = predictions.Predictor(None, None, "abc", None, [1, 1, 1], [0, 1, 3])
    p, _ = predictor.decide(np.array([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]]))
    np.testing.assert_allclose(p, [[0, 0.25, 0.75], [0, 1, 0]], atol=1e-12)


def test_texts_without_a_word_are_said(tmp_path, capsys):
    texts = ["good fine shop", "bad broken shop"] * 20
    frame = pd.DataFrame({"text": texts, "label": ["a", "b"] * 20})
    frame.to_csv(tmp_path / "old.csv", index=False)
    network = trained(tmp_path / "old.csv", tmp_path / "t.safetensors")
    new = pd.DataFrame({"text": ["good", None, "", " "]})
    new.to_parquet(tmp_path / "new.parquet")
    capsys.readouterr()
    assert len(predicted(network, tmp_path / "new.parquet", tmp_path / "p.csv")) == 4
    assert "3 texts without a word" in capsys.readouterr().out


@pytest.mark.parametrize("data", ["", " "])
def test_no_name_is_not_the_folder_one_is_in(of_images, tmp_path, monkeypatch, capsys, data):
    """An unset variable of a shell is no DATA."""
    images(tmp_path / "here", "cat", n=2)
    monkeypatch.chdir(tmp_path / "here")
    assert main(["predict", of_images, data]) == 2
    assert "DATA is empty" in capsys.readouterr().err
    assert main(["predict", of_images, ".", "--out", "p.csv"]) == 0
