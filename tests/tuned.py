"""A network with residual blocks, and what of it a training moves."""

import torch
from lightning_fabric.plugins import MixedPrecision
from torch import nn

from imbtorch import Recipe, fit
from imbtorch.models import split_head


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


SCALED = MixedPrecision("16-mixed", "cpu", torch.amp.GradScaler("cpu"))


def run(setup, phases, blobs, **options):
    return fit(Recipe("made", phases), network(), blobs, blobs, setup=setup, **options)
