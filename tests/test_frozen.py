"""Frozen networks: data are embedded once, and everything else happens on the embeddings."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn
from torch.utils.data import TensorDataset

from imbtorch import InputError, load_checkpoint, load_data
from imbtorch.cli import main
from imbtorch.comparison.compare import compare
from imbtorch.comparison.frozen_task import embedded_once, identity_of
from imbtorch.comparison.given_data import given_data
from imbtorch.comparison.make_task import make_task
from imbtorch.comparison.validation import hold_validation
from imbtorch.files import WriteError
from imbtorch.metrics import evaluate
from imbtorch.models.backbones.timm import import_timm
from imbtorch.models.classifier import Classifier
from imbtorch.models.inference import embed
from imbtorch.training.shared_backbone import shared_tensors
from imbtorch.training.tensor_file import read_tensors, write_tensors

MODEL = "timm:test_resnet"
pytestmark = pytest.mark.usefixtures("own_embeddings")


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    """A folder of 40 images of two classes, and the weights of a small network."""
    rng, folder = np.random.default_rng(0), tmp_path_factory.mktemp("photos")
    for name, count, shade in (("cat", 28, 60), ("dog", 12, 150)):
        (folder / "data" / name).mkdir(parents=True)
        for i in range(count):
            pixels = rng.integers(shade, shade + 60, (32, 36, 3), np.uint8)
            Image.fromarray(pixels).save(folder / "data" / name / f"{i}.png")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        save_file(import_timm().create_model("test_resnet").state_dict(), folder / "w.safetensors")
    return folder


def task_of(photos, **options):
    weights, data = str(photos / "w.safetensors"), str(photos / "data")
    options = {"epochs": 3, "image_size": 24, "freeze": "backbone", **options}
    return make_task(data, model=MODEL, pretrained=weights, **options)


@pytest.fixture(scope="session")
def embedded(photos):
    """The task on the embeddings of the photos."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("IMBTORCH_CACHE", str(photos / "cache"))
        return embedded_once(task_of(photos), progress=False)


def test_the_key_changes_with_all_that_matters(photos, tmp_path):
    task = task_of(photos)
    other = tmp_path / "other.safetensors"
    weights = {n: 2 * w for n, w in import_timm().create_model("test_resnet").state_dict().items()}
    save_file(weights, other)
    tasks = [
        task,
        task_of(photos, image_size=28),
        task_of(photos, data_seed=1),
        task_of(photos, precision="bf16-mixed"),
        make_task(
            task.data.name, model=MODEL, pretrained=str(other), freeze="backbone", image_size=24
        ),
        replace(task, data=replace(task.data, digest="0" * 16)),
        *(replace(task, data=hold_validation(task.data, seed), data_seed=seed) for seed in (0, 1)),
    ]
    keys = {json.dumps(identity_of(one, split)) for one in tasks for split in ("train", "test")}
    assert len(keys) == 2 * len(tasks)
    same = [task_of(photos, epochs=9, lr=0.5), task_of(photos)]
    assert {json.dumps(identity_of(one, "train")) for one in same} < keys


class Own(TensorDataset):
    """A data set of a program's own, for all that is known."""


def test_embeddings_of_a_data_set_at_hand_are_never_those_of_another(photos):
    def embeddings(x):
        data = given_data((Own(x, y), Own(x[:20], y[:20])))
        embedded = embedded_once(replace(task_of(photos), data=data), progress=False)
        return data.digest, embedded.data.train.x

    x, y = torch.rand(40, 3, 24, 24), torch.arange(40) % 2
    other = x.clone()
    other[14] = 0  # neither among the 16 nor among the first
    (digest, first), (same, second) = embeddings(x), embeddings(other)
    assert digest == same
    assert (first != second).any(1).nonzero().flatten().tolist() == [14]
    assert torch.equal(embeddings(x)[1], first)


@pytest.mark.filterwarnings("ignore:class .* has no enemy")
@pytest.mark.parametrize("recipe", ["ldam+drw", "smote:k=2", "aos", "eos:k=3", "crt", "knn", "lr"])
def test_any_loss_sampler_and_head_trains_and_is_stored_whole(recipe, embedded, tmp_path):
    task, path = embedded, tmp_path / "m.safetensors"
    fitted = task.fit(recipe, 0)
    row = task.result(recipe, 0, fitted)
    task.save(path, recipe, 0, fitted.model, share=True)
    restored = task.restore(path)
    x, _ = embed(restored, task.data.test)
    again, _ = embed(fitted.model, task.data.test)
    assert torch.equal(restored.head(x), fitted.model.head(again))
    assert row["embedding_seconds"] == task.frozen.seconds


def test_a_frozen_comparison_and_its_checkpoints(photos, tmp_path, capsys):
    task, out = task_of(photos, epochs=5), tmp_path / "out"
    recipes = ["erm", "m2m"]
    outcome = compare(task, recipes, seeds=1, out=out, progress=False)
    stored = out / "checkpoints"
    (shared,) = stored.glob("backbone-*.safetensors")
    heads = [stored / f"{recipe}-seed0.safetensors" for recipe in recipes]
    assert max(path.stat().st_size for path in heads) < shared.stat().st_size / 4
    assert "All samples were embedded once, in " in (out / "report.html").read_text()
    embedded = embedded_once(task, progress=False)
    for row, head in zip(outcome.rows, heads, strict=True):
        network, header = load_checkpoint(head)
        assert header["input"]["kind"] == "image"
        again = evaluate(network, task.data.test, task.data.counts)
        assert again["confusion"] == row["metrics"]["confusion"]
        # from the pixels, the same embeddings as from the store
        x, _ = embed(network, task.data.test)
        there, _ = embed(embedded.restore(head), embedded.data.test)
        torch.testing.assert_close(x, there, rtol=1e-4, atol=1e-4)
    alone = tmp_path / "alone.safetensors"
    shutil.copy(heads[0], alone)
    with pytest.raises(InputError, match="holds a head alone; its frozen network, backbone-"):
        load_checkpoint(alone)
    (stored / "erm-embeddings.npz").unlink()
    shared.write_bytes(shared.read_bytes()[:-4])
    with pytest.warns(UserWarning, match="it is written again"):
        compare(task, ["erm"], seeds=1, out=out, progress=False)
    assert load_checkpoint(heads[0])
    assert (stored / "erm-embeddings.npz").exists()


def test_train_writes_one_file_that_is_whole(photos, tmp_path, capsys):
    options = ["--model", MODEL, "--pretrained", str(photos / "w.safetensors"), "--epochs", "2"]
    options += ["--image-size", "24"]
    data, model, out = str(photos / "data"), str(tmp_path / "m.safetensors"), tmp_path / "x.npz"
    assert main(["train", data, *options, "--freeze", "backbone", "--out", model]) == 0
    said = capsys.readouterr().out
    assert "trained: the head, on embeddings that are made once" in said
    assert "2 epochs, batch size " in said
    assert main(["evaluate", model, data]) == 0
    assert main(["embed", model, data, str(out)]) == 0
    by_checkpoint = dict(np.load(out))
    assert main(["embed", data, str(out), *options[:4], *options[6:]]) == 0
    by_name = dict(np.load(out))
    assert sorted(by_name) == sorted({*by_checkpoint} - {"test_logits"})
    last = load_checkpoint(model)[0].features[-1]
    np.testing.assert_allclose(
        last(torch.from_numpy(by_name["train_features"])),
        by_checkpoint["train_features"],
        rtol=1e-4,
        atol=1e-4,
    )
    assert load_data(str(out)).counts == [21, 9]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--freeze", "backbone"], "freeze is 'backbone'; model auto is built in"),
        (["--model", MODEL, "--freeze", "but:1", "--from-scratch"], "starts from random weights"),
        (["--model", MODEL, "--pretrained", "no.pth"], "pretrained is 'no.pth'; there is no such"),
        (["--pretrained", "no.pth"], "model auto has no pretrained weights"),
        (["--model", MODEL, "--pretrained", "w", "--from-scratch"], "is set: choose one"),
        (["--model", MODEL, "--freeze", "backbone", "--augment", "crop"], "augment is 'crop'"),
        (["--model", MODEL, "--freeze", "backbone", "--layer-decay", "0.5"], "layer_decay is 0.5"),
        (["--model", MODEL, "--optimizer", "sgd"], "give --lr too"),
    ],
)
def test_options_that_do_not_fit_together_are_one_line(options, said, capsys, monkeypatch):
    monkeypatch.setattr("imbtorch.models.backbones.timm._make", lambda *_: pytest.fail("made"))
    monkeypatch.setattr(
        "imbtorch.comparison.make_task.load_data", lambda *_, **__: pytest.fail("opened")
    )
    assert main(["compare", "nowhere", "--recipes", "erm", *options]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


def test_more_blocks_than_a_network_has_are_refused_before_any_run(photos):
    assert task_of(photos, freeze="but:4").setup.trained_blocks == 4
    with pytest.raises(InputError, match="freeze is 'but:5'; the network has 5 blocks below"):
        task_of(photos, freeze="but:5")


def test_a_cache_folder_that_cannot_be_written_to_is_named(photos, monkeypatch):
    monkeypatch.setenv("IMBTORCH_CACHE", str(photos / "w.safetensors"))
    with pytest.raises(WriteError, match=r"cannot be written to \(Not a dir.* set IMBTORCH_CACHE"):
        embedded_once(task_of(photos), progress=False)


def test_embed_needs_a_network_from_elsewhere(photos, capsys):
    assert main(["embed", str(photos / "data"), "x.npz", "--model", "resnet32"]) == 2
    assert "model is 'resnet32'; without a checkpoint, a pretrained" in capsys.readouterr().err


@pytest.mark.parametrize("recipe", ["dos", "triplet", "lmle", "focal+dos"])
def test_recipes_that_train_the_features_are_refused_for_frozen_ones(recipe, embedded, capsys):
    command = ["compare", "nowhere", "--model", MODEL, "--freeze", "backbone"]
    assert main([*command, "--recipes", f"erm,{recipe}"]) == 2
    assert "trains the features, and these are frozen" in capsys.readouterr().err
    with pytest.raises(InputError, match="trains the features"):
        embedded.recipe(recipe)


def test_folds_share_one_pass_and_divide_its_embeddings(photos, tmp_path, monkeypatch):
    monkeypatch.setattr("imbtorch.comparison.compare.report_on", lambda *args, **options: None)
    task = embedded_once(task_of(photos, folds=4), progress=False)
    everything = np.load(next((tmp_path / "cache").rglob("embeddings.npy")))
    assert len(everything) == 40
    for seed in (0, 3, 5):
        at, fold = task.at(seed), task.at(seed).data.fold
        assert not np.intersect1d(fold.train, fold.test).size
        assert np.array_equal(at.data.train.x.numpy(), everything[fold.train])
        assert np.array_equal(at.data.test.x.numpy(), everything[fold.test])
        mean = at.network(seed).features[0].mean.flatten()
        torch.testing.assert_close(mean, at.data.train.x.mean(0))
    assert len(list((tmp_path / "cache").rglob("embeddings.npy"))) == 1
    rows = compare(
        task_of(photos, folds=2), ["erm", "m2m"], seeds=1, out=tmp_path / "out", progress=False
    ).rows
    assert [(row["seed"], row["fold"], row["folds"]) for row in rows] == [(0, 0, 2), (1, 1, 2)] * 2
    assert len(list((tmp_path / "cache").rglob("embeddings.npy"))) == 1


def test_what_heads_share_is_all_but_the_last_layer_and_stands_in_it_once(tmp_path):
    """Layers that share a weight, and an inner layer of the same number as the last one."""
    inner = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4))
    inner[2].weight = inner[0].weight
    model = Classifier(nn.Sequential(nn.Flatten(), inner, nn.Linear(4, 3)), nn.Linear(3, 2))
    shared = shared_tensors(model)
    assert [*shared] == [f"features.1.{i}.{kind}" for i in (0, 2) for kind in ("weight", "bias")]
    write_tensors(tmp_path / "shared.safetensors", shared, {})
    stored, _ = read_tensors(tmp_path / "shared.safetensors")
    assert torch.equal(stored["features.1.2.weight"], inner[0].weight)
