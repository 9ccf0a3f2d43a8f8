"""What a `Setup` asks for acts in `fit`: freezing, learning rates by layer, averages, clipping."""

import copy
from contextlib import suppress
from dataclasses import replace
from functools import partial
from importlib.util import find_spec

import pytest
import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins import MixedPrecision
from torch import nn

from imbtorch import (
    ArrayDataset,
    InputError,
    Recipe,
    RefitHead,
    Setup,
    Snapshots,
    Train,
    fit,
    make_recipe,
)
from imbtorch.losses import AsymmetricLoss, FocalLoss
from imbtorch.models import Classifier, CosineHead, embed, predict_logits, split_head
from imbtorch.models.backbones.timm import import_timm
from imbtorch.training import DeepOversample, LocalEmbedding
from imbtorch.training.average import moving_average
from imbtorch.training.freeze import frozen
from imbtorch.training.head import head_epochs
from imbtorch.training.held_out import balanced_accuracy
from imbtorch.training.loop import train_epoch
from imbtorch.training.optimizer import make_optimizer
from imbtorch.training.setup import HEAD_SETUP

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


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(6, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 6))
        self.drop = nn.Dropout(0.2)

    def forward(self, x):
        return x + self.drop(self.layers(x))


def network():
    torch.manual_seed(0)
    layers = [nn.Linear(2, 6), nn.BatchNorm1d(6), Residual(), Residual(), Residual()]
    return split_head(nn.Sequential(*layers, nn.LayerNorm(6), nn.Linear(6, 3)), "6")


def copied(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def moved(before, after):
    return {name for name in before if not torch.equal(before[name], after[name])}


@pytest.mark.parametrize(
    ("freeze", "recipe"),
    [
        *[("but:1", name) for name in ("drw", "m2m:defer=0", "aos", "dos", "ldam", "mixup", "crt")],
        *[("backbone", name) for name in ("drw", "m2m:defer=0")],
    ],
)
def test_what_is_frozen_stays_bit_for_bit(freeze, recipe, blobs):
    model = network()
    before = copied(model)
    model.features[0].bias.requires_grad_(False)  # as the user left it
    result = fit(recipe, model, blobs, blobs, epochs=3, setup=Setup(batch_size=16, freeze=freeze))
    trained = ("head", "features.4", "features.5") if freeze == "but:1" else ("head",)
    after = copied(result.model)
    changed = moved({name: before[name] for name in before if name in after}, after)
    assert all(name.startswith(trained) for name in changed)
    if freeze == "but:1":
        assert {"features.4.layers.1.running_mean", "features.5.weight"} <= changed
    assert [n for n, p in model.named_parameters() if not p.requires_grad] == ["features.0.bias"]
    assert model.train().features[2].training  # the next training is free again
    if result.pretrained is not None:
        assert not moved(
            {k: v for k, v in before.items() if not k.startswith(trained)},
            copied(result.pretrained),
        )
        assert not result.pretrained.frozen


def test_gradients_flow_through_what_is_frozen():
    model = network()
    with frozen(model, Setup(freeze="but:1")):
        model.train()
        assert [m.training for m in model.features] == [False] * 4 + [True, True, True]
        x = torch.randn(4, 2, requires_grad=True)
        model(x).sum().backward()
        assert x.grad.abs().sum() > 0
        assert model.features[0].weight.grad is None
        assert model.features[4].layers[0].weight.grad is not None


def test_freeze_says_how_many_blocks_there_are(blobs):
    for number in (3, 99):
        with pytest.raises(InputError, match=f"freeze is 'but:{number}'; the network has 3 blocks"):
            fit("erm", network(), blobs, epochs=1, setup=Setup(freeze=f"but:{number}"))


def test_layer_decay_in_closed_form():
    """The blocks are the residual ones; what is before, between and after them joins them."""
    model = network()
    optimizer = make_optimizer(Setup(optimizer="adamw", layer_decay=0.5), model)
    scale = {p: g.get("lr_scale", 1) for g in optimizer.param_groups for p in g["params"]}
    block = {"0": 0, "1": 0, "2": 0, "3": 1, "4": 2, "5": 2}
    assert scale == {
        p: 1 if name.startswith("head") else 0.5 ** (3 - block[name.split(".")[1]])
        for name, p in model.named_parameters()
    }


def test_each_group_learns_at_its_own_rate():
    model = split_head(nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2)), "1")
    before = copied(model)
    fabric = Fabric(accelerator="cpu", devices=1)
    setup = Setup(lr=0.5, momentum=0, weight_decay=0, layer_decay=0.1)
    wrapped, optimizer = fabric.setup(model, make_optimizer(setup, model))
    x, y = torch.randn(5, 2), torch.tensor([0, 1, 0, 1, 1])
    train_epoch(fabric, wrapped, optimizer, [(x, y)], nn.CrossEntropyLoss(), lambda step: 0.5)
    for name, p in model.named_parameters():
        rate = 0.5 if name.startswith("head") else 0.05
        torch.testing.assert_close(p.detach(), before[name] - rate * p.grad)


SCALED = MixedPrecision("16-mixed", "cpu", torch.amp.GradScaler("cpu"))


@pytest.mark.parametrize("precision", [None, MixedPrecision("bf16-mixed", "cpu"), SCALED])
def test_gradients_are_clipped_to_their_norm(precision):
    model = nn.Linear(2, 3)
    weight = model.weight.detach().clone()
    fabric = Fabric(accelerator="cpu", devices=1, plugins=precision)
    setup = Setup(lr=1.0, momentum=0, weight_decay=0, clip=1e-3)
    wrapped, optimizer = fabric.setup(model, make_optimizer(setup, model))
    batch = torch.randn(5, 2), torch.tensor([0, 1, 2, 1, 0])
    train_epoch(
        fabric, wrapped, optimizer, [batch], nn.CrossEntropyLoss(), lambda step: 1.0, None, 1e-3
    )
    gradients = torch.cat([p.grad.flatten() for p in model.parameters()])
    assert gradients.norm().item() == pytest.approx(1e-3, rel=1e-3)
    torch.testing.assert_close(model.weight.detach(), weight - model.weight.grad)


def test_the_average_in_closed_form():
    model = nn.BatchNorm1d(1)
    model.register_buffer("places", torch.arange(5))
    average, expected = moving_average(model, 0.6), None
    for step in range(12):
        value = float(step**2)
        model.weight.data.fill_(value)
        model.running_mean.fill_(2 * value)
        model.num_batches_tracked.fill_(step)
        average.update_parameters(model)
        d = min(0.6, (1 + step) / (10 + step))
        expected = value if expected is None else d * expected + (1 - d) * value
    assert average.module.weight.item() == pytest.approx(expected)
    assert average.module.running_mean.item() == pytest.approx(2 * expected)
    assert average.module.num_batches_tracked == 11  # not 10.99, cut off
    assert average.module.places.tolist() == [0, 1, 2, 3, 4]


def run(setup, phases, blobs, **options):
    return fit(Recipe("made", phases), network(), blobs, blobs, setup=setup, **options)


def test_the_average_is_measured_returned_and_what_a_head_is_fitted_on(blobs):
    setup = Setup(batch_size=16, ema=0.9)
    live = run(replace(setup, ema=0), [Train(2), Train(2)], blobs)
    averaged = run(setup, [Train(2), Train(2)], blobs)
    whole = run(setup, [Train(4)], blobs)
    assert [r["loss"] for r in averaged.history] == [r["loss"] for r in live.history]
    assert not moved(copied(whole.model), copied(averaged.model))  # it goes on over phases
    assert "features.0.weight" in moved(copied(live.model), copied(averaged.model))
    logits, y = predict_logits(averaged.model, blobs)
    assert averaged.history[-1]["balanced_accuracy"] == balanced_accuracy(logits, y)
    refitted = run(setup, [Train(2), Train(2), RefitHead(2)], blobs)
    assert torch.equal(refitted.embedded.x, embed(averaged.model, blobs)[0])
    changed = moved(copied(averaged.model), copied(refitted.model))
    assert changed == {"head.weight", "head.bias"}


def test_training_after_a_head_starts_from_the_average(blobs):
    result = run(Setup(batch_size=16, ema=0.9), [Train(1), RefitHead(1), Train(1)], blobs)
    assert len(result.history) == 3


def test_a_head_on_embeddings_is_not_averaged(blobs):
    with pytest.raises(InputError, match=r"setup has ema 0\.9"):
        run(Setup(), [Train(1), RefitHead(1, setup=Setup(ema=0.9))], blobs)


def test_a_head_learns_alike_where_gradients_are_scaled(blobs):
    def losses(plugin):
        torch.manual_seed(0)
        fabric = Fabric(accelerator="cpu", devices=1, plugins=plugin)
        options = {"setup": HEAD_SETUP, "seed": 0, "fabric": fabric}
        return [*head_epochs(nn.Linear(2, 3), ArrayDataset(*blobs), 3, **options)]

    assert losses(SCALED) == losses(None)


def smoothed(loss, smoothing, blobs):
    """Return the first epoch's loss."""
    setup = Setup(batch_size=88, lr=1e-9, label_smoothing=smoothing)
    return run(setup, [Train(1, loss=loss)], blobs).history[0]["loss"]


def test_losses_are_given_the_label_smoothing(blobs):
    own = partial(nn.CrossEntropyLoss, label_smoothing=0.3)
    plain = smoothed(nn.CrossEntropyLoss, 0.0, blobs)
    by_setup = smoothed(nn.CrossEntropyLoss, 0.3, blobs)
    assert plain != by_setup == smoothed(own, 0.0, blobs) == smoothed(own, 0.2, blobs)
    assert by_setup == smoothed(nn.CrossEntropyLoss(label_smoothing=0.3), 0.2, blobs)
    assert smoothed(AsymmetricLoss, 0.0, blobs) == smoothed(
        partial(AsymmetricLoss, label_smoothing=0.1), 0, blobs
    )
    assert smoothed(AsymmetricLoss, 0.3, blobs) != smoothed(AsymmetricLoss, 0.0, blobs)


@pytest.mark.parametrize(
    ("phase", "name"),
    [
        (Train(1, loss=FocalLoss), "FocalLoss"),
        (Train(1, loss=FocalLoss()), "FocalLoss"),
        (Train(1, loss=partial(FocalLoss, gamma=1.0)), "FocalLoss"),
        (Train(1, loss=nn.CrossEntropyLoss()), "CrossEntropyLoss"),
        (LocalEmbedding(1), "LocalEmbedding"),
    ],
)
def test_a_loss_without_label_smoothing_is_refused_before_training(phase, name, blobs):
    with pytest.raises(InputError, match=f"label_smoothing is 0.1; {name} of the recipe made"):
        run(Setup(label_smoothing=0.1), [Train(1), phase], blobs)


def test_micro_clusters_take_it_too(blobs):
    losses = [
        run(Setup(label_smoothing=s), [Train(1), DeepOversample(1)], blobs).history[-1]["loss"]
        for s in (0.0, 0.2)
    ]
    assert losses[0] != losses[1]


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


@pytest.mark.parametrize(("optimizer", "unit"), [("adamw", True), ("sgd", False)])
def test_adamw_turns_a_new_cosine_head(optimizer, unit):
    x, y = torch.randn(40, 400), torch.arange(2).repeat_interleave(20)
    network = Classifier(nn.Identity(), nn.Linear(400, 2))
    setup = Setup(optimizer=optimizer, lr=1e-9, weight_decay=0.0)
    head = fit("ldam", network, (x, y), epochs=1, setup=setup).model.head
    assert torch.allclose(head.weight.norm(dim=1), torch.ones(2)) == unit
    before = CosineHead(400, 2, seed=3)
    after = copy.deepcopy(before)
    after.to_unit_length()
    assert torch.allclose(before(x), after(x), atol=1e-6)
