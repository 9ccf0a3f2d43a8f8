"""A network from a file of the user's: what its function is given, and when the file is run."""

import numpy as np
import pytest
import torch

from imbtorch import InputError, build_model, fit, load_checkpoint, save_checkpoint
from imbtorch.cli import main
from imbtorch.comparison.make_task import make_task
from imbtorch.models.build import fresh_copy

FILE = """
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from imbtorch.models import Classifier, CosineHead

with Path(__file__).with_suffix(".ran").open("a") as ran:
    ran.write("x")


def whole(num_classes, input_shape, pretrained):
    network = nn.Sequential(nn.Linear(input_shape[0], 5), nn.ReLU(), nn.Linear(5, num_classes))
    if pretrained:
        nn.init.ones_(network[0].weight)
    return network


def features():
    return nn.Sequential(nn.Linear(3, 6), nn.ReLU())


def cosine(num_classes):
    return Classifier(features(), CosineHead(6, num_classes))


@dataclass
class Output:
    pooler_output: torch.Tensor


class Named(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(3, 4)

    def forward(self, x):
        return Output(self.first(x))


def text():
    return "no network"


def fails():
    raise KeyError("weights")


def unbiased(num_classes):
    return nn.Sequential(features(), nn.Linear(6, num_classes, bias=False))


def tokens(input_shape):
    return nn.Sequential(nn.Flatten(0), nn.Linear(3, 2))


def other(num_classes):
    return nn.Sequential(nn.Linear(3, 4), nn.Linear(4, num_classes + 1))


def needs(n_classes, *, width=3, **more):
    return nn.Linear(3, n_classes)


def ends():
    raise SystemExit(3)
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(FILE)
    return path


def times_run(file):
    ran = file.with_suffix(".ran")
    return len(ran.read_text()) if ran.exists() else 0


def test_a_function_is_given_what_it_names(file):
    model = build_model(f"{file}:whole", (3,), 4)
    assert model.head.weight.shape == (4, 5)
    assert bool((model.features[1][0].weight == 1).all())
    assert model(torch.randn(2, 3)).shape == (2, 4)
    scratch = build_model(f"{file}:whole", (3,), 4, pretrained=False)
    assert not (scratch.features[1][0].weight == 1).any()


def test_features_alone_get_a_head(file):
    assert build_model(f"{file}:features", (3,), 4).head.weight.shape == (4, 6)
    assert build_model(f"{file}:Named", (3,), 2).head.weight.shape == (2, 4)  # in a dataclass


def test_a_classifier_keeps_its_own_head(file):
    model = build_model(f"{file}:cosine", (3,), 4)
    assert type(model.head).__name__ == "CosineHead"
    assert bool((model(torch.randn(9, 3)).abs() <= 1 + 1e-6).all())


def test_it_is_trained_and_starts_again(file):
    x, y = torch.randn(30, 3), torch.arange(30) % 3
    model = build_model(f"{file}:whole", (3,), 3)
    fit("m2m", model, (x, y), epochs=2)
    fresh = fresh_copy(model, 1)
    assert bool((fresh.features[1][0].weight == 1).all())


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("{file}:absent", "has no function 'absent': it has"),
        ("{folder}/none.py:make", "there is no file"),
        ("{file}:text", "which made a str, not a network"),
        ("{file}:fails", r"code fails in line \d+ of .*mine\.py: KeyError: 'weights'"),
        ("{file}:features", r"cannot take inputs of shape \(7,\)"),
        ("{file}:tokens", r"returns \(2,\) for one input"),
        ("{file}:other", "a head from 4 values to 3 classes; its embeddings have 4 .* 2 classes"),
        ("{file}:needs", "needs n_classes; a factory is given num_classes, input_shape, pretr"),
        ("{file}:ends", "mine.py: SystemExit: 3"),
    ],
)
def test_what_is_wrong_with_it_is_one_line(file, tmp_path, name, said):
    shape = (7,) if name.endswith(":features") else (3,)
    with pytest.raises(InputError, match=said):
        build_model(name.format(file=file, folder=tmp_path), shape, 2)


def test_a_header_does_not_make_its_file_run(file, tmp_path):
    name, path = f"{file}:whole", tmp_path / "m.safetensors"
    model = build_model(name, (3,), 4).eval()
    save_checkpoint(path, model)
    before = times_run(file)
    with pytest.raises(InputError, match=r"run only if you name it: --model path/to/module\.py"):
        load_checkpoint(path)
    assert times_run(file) == before
    moved = file.rename(tmp_path / "moved.py")
    again, _ = load_checkpoint(path, f"{moved}:whole")
    x = torch.randn(2, 3)
    assert torch.equal(again(x), model(x))
    for other in ("mlp", f"{moved}:features", "timm:test_vit"):
        with pytest.raises(InputError, match=r"holds|does not fit"):
            load_checkpoint(path, other)


def test_a_built_in_network_is_not_made_by_a_file(file, tmp_path):
    save_checkpoint(tmp_path / "m.safetensors", build_model("mlp", (3,), 4))
    with pytest.raises(InputError, match="holds 'mlp'"):
        load_checkpoint(tmp_path / "m.safetensors", f"{file}:whole")
    assert times_run(file) == 0
    assert load_checkpoint(tmp_path / "m.safetensors", "mlp")[0].head.out_features == 4


def test_evaluate_makes_it_again_if_it_is_named(file, tmp_path, capsys):
    rng = np.random.default_rng(0)
    data = str(tmp_path / "made.npz")
    np.savez(data, features=rng.normal(size=(24, 3)), labels=[0] * 16 + [1] * 8)
    task = make_task(data, epochs=1, model="mlp")
    model = build_model(f"{file}:whole", (3,), 2)
    header = {**task.header("erm", 0), "model": f"{file}:whole"}
    path = str(tmp_path / "m.safetensors")
    save_checkpoint(path, model, header)
    assert main(["evaluate", path, data]) == 2
    assert "--model path/to/module.py:factory" in capsys.readouterr().err
    assert main(["evaluate", path, data, "--model", f"{file}:whole"]) == 0
    assert "6 samples" in capsys.readouterr().out


def test_what_a_comparison_stores_of_it_is_read_again(file, tmp_path):
    """M2m's pretrained network and the runs' own: the user named the file for this task."""
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "made.npz", features=rng.normal(size=(24, 3)), labels=[0] * 16 + [1] * 8)
    task = make_task(str(tmp_path / "made.npz"), epochs=1, model=f"{file}:whole")
    path = tmp_path / "kept" / "pretrained.safetensors"
    first, written = task.pretrained(path)(), path.stat().st_mtime_ns
    again = task.pretrained(path)()
    assert path.stat().st_mtime_ns == written
    x = torch.randn(5, 3)
    assert torch.equal(again.eval()(x), first.eval()(x))
    task.save(tmp_path / "run.safetensors", "erm", 0, first)
    assert torch.equal(task.restore(tmp_path / "run.safetensors")(x), first(x))


@pytest.mark.parametrize("recipe", ["erm", "post-hoc", "crt"])
def test_a_head_that_a_phase_gave_a_bias_is_read_again(file, tmp_path, recipe, blobs):
    x = torch.cat([blobs[0], blobs[0][:, :1]], 1)
    model = fit(recipe, build_model(f"{file}:unbiased", (3,), 3), (x, blobs[1]), epochs=1).model
    assert (model.head.bias is None) == (recipe == "erm")
    path, name = tmp_path / "m.safetensors", f"{file}:unbiased"
    save_checkpoint(path, model)
    for own in (name, build_model(name, (3,), 3)):
        assert torch.equal(load_checkpoint(path, own)[0](x), model(x))


@pytest.mark.parametrize("model", ["timm:test_vit", "small-cnn"])
def test_gray_images_are_not_flipped_whatever_the_network_reads_them_as(model):
    """Digits do not survive a flip."""
    task = make_task("digits", model=model, from_scratch=model.startswith("timm"))
    assert task.augment == "crop"
