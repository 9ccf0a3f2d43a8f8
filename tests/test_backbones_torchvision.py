"""torchvision's networks, with a compiled part that fits the build of torch or without one."""

import sys
from types import ModuleType

import torch

from imbtorch import build_model
from imbtorch.data.images.image_input import ImageInput
from imbtorch.models.backbones import open_backbone, torchvision
from imbtorch.models.backbones.torchvision import _DECLARED, import_torchvision


def test_what_torchvision_knows_of_a_network_is_used():
    found = open_backbone("torchvision:efficientnet_b0")
    assert found.takes == ImageInput((224, 224), 3, crop=224 / 256, interpolation="bicubic")
    assert found.mean == (0.485, 0.456, 0.406)
    model = build_model("torchvision:shufflenet_v2_x0_5", (3, 32, 32), 3, pretrained=False)
    assert model.head.weight.shape == (3, 1024)
    assert model.embeddings(torch.rand(2, 3, 32, 32)).shape == (2, 1024)


def test_the_declared_operators_are_declared_once():
    assert import_torchvision() is import_torchvision()
    assert len(_DECLARED) <= 1


def test_a_torchvision_that_works_is_left_alone(monkeypatch):
    works = ModuleType("torchvision")
    monkeypatch.setitem(sys.modules, "torchvision", works)
    monkeypatch.setattr(torchvision, "_DECLARED", [])
    assert import_torchvision() is works
    assert torchvision._DECLARED == []
