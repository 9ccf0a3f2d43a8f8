"""`Setup`: the schedules in closed form, what it refuses, and what `describe` records of it."""

import json
from math import cos, pi
from pathlib import Path

import pytest
from torch import nn

from imbtorch import InputError, Setup, fit
from imbtorch.models import mlp
from imbtorch.training.conform import conform
from imbtorch.training.optimizer import make_optimizer
from imbtorch.training.setup import SETUPS, usual_setup
from imbtorch.training.slots import describe

RESULTS = Path(__file__).resolve().parents[1] / "results"


def test_schedules_in_closed_form():
    cosine = Setup(lr=0.4, schedule="cosine", warmup=0.25)
    for p in (0.25, 0.3, 0.5, 0.9, 1.0):
        assert cosine.rate(p) == pytest.approx(0.4 * (1 + cos(pi * (p - 0.25) / 0.75)) / 2)
    assert cosine.rate(0.25) == 0.4
    assert cosine.rate(1.0) == pytest.approx(0, abs=1e-16)
    constant = Setup(lr=0.4, schedule="constant", warmup=0.25)
    assert {constant.rate(p) for p in (0.25, 0.8, 0.9, 0.999)} == {0.4}
    for setup in (cosine, constant, Setup(lr=0.4, warmup=0.25)):
        assert setup.rate(0.1) == pytest.approx(0.4 * 0.1 / 0.25)
    assert Setup(lr=0.4, schedule="cosine", warmup=0).rate(0) == 0.4
    assert Setup(lr=0.4, schedule="cosine", warmup=1).rate(0.999) == pytest.approx(0.3996)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("optimizer", ["adam", "", None, 1]),
        ("schedule", ["linear", [], 0.5]),
        ("clip", [0, -1.0, float("nan"), float("inf")]),
        ("label_smoothing", [-0.1, 1.0, float("nan")]),
        ("layer_decay", [0, -0.5, 1.01, float("nan")]),
        (
            "freeze",
            ["all", "but", "but:", "but:0", "but:-1", "but:1.5", "but:two", "but:²", 3, None],
        ),
        ("ema", [-0.1, 1.0, float("nan")]),
        ("batch_size", [0, 2.5, float("nan"), True]),
        ("warmup", [-0.1, 5, float("nan")]),
        ("milestones", [(160, 180), (0.8, 1), (0,), (float("nan"),), ("a",), 0.8, "0.8", None]),
        ("decay", [0, 10, float("nan")]),
    ],
)
def test_values_out_of_range_are_refused_by_name(name, values):
    for value in values:
        with pytest.raises(InputError, match=f"^{name} is "):
            Setup(**{name: value})


def test_a_schedule_in_epochs_is_told_to_be_of_fractions():
    for how in ({"milestones": (160, 180)}, {"warmup": 5}):
        with pytest.raises(InputError, match="of all epochs"):
            Setup(**how)
    assert Setup(milestones=[0.5]).rate(0.5) == pytest.approx(0.001)


def test_a_batch_size_is_a_whole_number_of_any_kind(blobs):
    setup = Setup(batch_size=64.0)
    assert describe(setup) == describe(Setup(batch_size=64))
    fit("erm", mlp((2,), 3), blobs, epochs=1, setup=setup)


def test_adamw_needs_a_momentum_below_1():
    with pytest.raises(InputError, match="momentum is 1"):
        Setup(optimizer="adamw", momentum=1)


def test_what_is_at_its_default_is_not_recorded():
    old = {
        "batch_size": 128,
        "lr": 0.1,
        "momentum": 0.9,
        "weight_decay": 2e-4,
        "warmup": 0.025,
        "milestones": [0.8, 0.9],
        "decay": 0.01,
    }
    assert describe(Setup()) == old
    more = {"optimizer": "adamw", "freeze": "but:2", "clip": 1.0}
    recorded = describe(Setup(**more))
    assert recorded == {**old, **more}
    conform(recorded, Setup, "setup")
    assert Setup(**{**recorded, "milestones": (0.8, 0.9)}) == Setup(**more)


def test_a_stored_result_keeps_its_identity():
    stored = json.loads((RESULTS / "digits" / "experiment.json").read_text())["setup"]
    setup = Setup(**{**stored, "milestones": tuple(stored["milestones"])})
    assert describe(setup) == stored


def test_usual_setups():
    for name, usual in SETUPS.items():
        assert usual_setup(name, pretrained=False, freeze="none") == usual
    for pretrained, freeze in (
        (True, "none"),
        (True, "but:2"),
        (True, "backbone"),
        (False, "none"),
    ):
        setup, epochs = usual_setup("timm:resnet18", pretrained=pretrained, freeze=freeze)
        assert setup.freeze == freeze
        assert epochs >= 1


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_only_adamw_spares_biases_and_norms(optimizer):
    network = nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.Linear(4, 2))
    network[0].weight.requires_grad_(False)
    made = make_optimizer(Setup(optimizer=optimizer, weight_decay=0.5), network)
    decays = {id(p): g["weight_decay"] for g in made.param_groups for p in g["params"]}
    trained = [p for p in network.parameters() if p.requires_grad]
    assert decays.keys() == {id(p) for p in trained}
    for p in trained:
        assert decays[id(p)] == (0.5 if optimizer == "sgd" or p.ndim >= 2 else 0)


def test_nothing_to_train_is_refused():
    with pytest.raises(InputError, match="nothing can be trained"):
        make_optimizer(Setup(), nn.Linear(2, 2).requires_grad_(False))
