"""All that a `Setup` asks for at once: networks from elsewhere, and runs that were interrupted."""

from contextlib import suppress
from dataclasses import replace
from functools import partial
from importlib.util import find_spec

import pytest
import torch

from imbtorch import RefitHead, Setup, Snapshots, Train, fit, make_recipe
from imbtorch.models import split_head
from imbtorch.models.backbones.timm import import_timm
from tuned import copied, moved, run

FULL = Setup(
    batch_size=16,
    lr=0.01,
    optimizer="adamw",
    schedule="cosine",
    layer_decay=0.7,
    clip=0.5,
    ema=0.9,
    freeze="but:2",
    label_smoothing=0.1,
)


def bert():
    transformers = pytest.importorskip("transformers")
    sizes = {"num_attention_heads": 2, "hidden_size": 8, "intermediate_size": 16, "num_labels": 3}
    config = transformers.BertConfig(vocab_size=50, num_hidden_layers=3, **sizes)
    network = transformers.BertForSequenceClassification(config)
    return split_head(network, "classifier"), torch.randint(0, 50, (44, 7))


def resnet():
    if not find_spec("timm"):
        pytest.skip("timm is not installed")
    network = import_timm().create_model("test_resnet", num_classes=3)
    return split_head(network, "fc"), torch.rand(44, 3, 32, 32)


@pytest.mark.parametrize(
    ("make", "trained"),
    [
        (resnet, ("features.layer3", "features.layer4")),
        (bert, ("features.bert.encoder.layer.1", "features.bert.encoder.layer.2")),
    ],
)
def test_networks_from_elsewhere(make, trained, blobs):
    model, x = make()
    before = copied(model)
    fit("drw+crt", model, (x, blobs[1][::2]), epochs=2, setup=FULL)
    changed = moved(before, copied(model))
    assert changed >= {"head.weight", "head.bias"}
    assert any(name.startswith(trained[0]) for name in changed)
    pooler = "features.bert.pooler"  # joins the block before it
    assert all(name.startswith((*trained, pooler, "head")) for name in changed)


class Killed(BaseException):
    """As a signal would end the run."""


RECIPES = {
    "drw": make_recipe("drw", 5).phases,
    "crt": [Train(2), Train(2), RefitHead(2)],
    "m2m": make_recipe("m2m:defer=0", 3).phases,
}


@pytest.mark.parametrize(
    ("optimizer", "name", "kill_at"),
    [
        *[("adamw", "drw", 1), ("adamw", "drw", 4), ("adamw", "crt", 4), ("adamw", "crt", 5)],
        *[("adamw", "m2m", 2), ("sgd", "drw", 2)],
    ],
)
def test_an_interrupted_run_ends_as_if_it_had_not_been(optimizer, name, kill_at, blobs, tmp_path):
    def on_epoch(row):
        if row["epoch"] == kill_at:
            raise Killed

    setup = replace(FULL, optimizer=optimizer)
    go = partial(run, setup, RECIPES[name], blobs)
    whole = go()
    with suppress(Killed):
        go(on_epoch=on_epoch, snapshots=Snapshots(tmp_path, every=0))
    again = go(snapshots=Snapshots(tmp_path, every=0))
    assert again.history == whole.history
    assert not moved(copied(whole.model), copied(again.model))


def test_states_of_another_setup_are_left_alone(blobs, tmp_path):
    others = {
        "optimizer": "sgd",
        "schedule": "constant",
        "layer_decay": 0.8,
        "clip": None,
        "ema": 0.0,
        "freeze": "none",
        "label_smoothing": 0.0,
    }
    go = partial(run, phases=[Train(1)], blobs=blobs)
    first = go(FULL, snapshots=Snapshots(tmp_path))
    for name, value in others.items():
        setup = replace(FULL, **{name: value})
        there = go(setup, snapshots=Snapshots(tmp_path))
        assert moved(copied(first.model), copied(there.model)), name
    assert len([*tmp_path.iterdir()]) == 1 + len(others)
