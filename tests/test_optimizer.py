"""Learning rates by layer, clipped gradients, and what AdamW needs of a new head."""

import copy

import pytest
import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins import MixedPrecision
from torch import nn

from imbtorch import Setup, fit
from imbtorch.models import Classifier, CosineHead, split_head
from imbtorch.training.loop import train_epoch
from imbtorch.training.optimizer import make_optimizer
from tuned import SCALED, copied, network


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
