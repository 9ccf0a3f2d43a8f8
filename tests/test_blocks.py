"""The blocks of networks of all makes, as many as their authors count."""

import itertools
from importlib.util import find_spec

import pytest
import torch
from torch import nn

from imbtorch.models import build_model
from imbtorch.models.backbones.timm import import_timm
from imbtorch.models.backbones.torchvision import import_torchvision
from imbtorch.training.blocks import blocks_of

TIMM = {
    "resnet18": 8,
    "vit_tiny_patch16_224": 12,
    "convnext_tiny": 18,  # 3 + 3 + 9 + 3
    "tf_efficientnet_lite0": 16,
    "swin_tiny_patch4_window7_224": 12,
    "vgg11": 2,  # nothing repeats: its convolutions, its linear layers
}
TORCHVISION = {"resnet50": 16, "vit_b_16": 12, "convnext_tiny": 18, "mobilenet_v3_small": 11}
HF = {  # the embeddings are a block of their own where they are more than a layer
    "Bert": (3, {"num_hidden_layers": 2}),
    "DistilBert": (3, {"n_layers": 2}),
    "ViT": (3, {"num_hidden_layers": 2}),
    "Swin": (12, {}),
    "ConvNext": (18, {}),
    "ResNet": (16, {}),
    "T5": (4, {"num_layers": 2}),  # of the encoder and of the decoder
}
OWN = {"resnet32": 15, "resnet56": 27, "wide-resnet": 9, "densenet": 48, "small-cnn": 4, "mlp": 1}

needs_timm = pytest.mark.skipif(not find_spec("timm"), reason="timm is not installed")


def check(name, network, count):
    """Each parameter, and each module that does something, lies in one block."""
    network = nn.Sequential(nn.Identity(), network, nn.Identity())  # as between normalizations
    blocks = blocks_of(network)
    assert len(blocks) == count, name
    parameters = [p for block in blocks for p in block.parameters]
    assert len(parameters) == len(set(parameters)), name
    assert set(parameters) == set(network.parameters()), name
    held = {m for block in blocks for module in block.modules for m in module.modules()}
    assert not [m for m in network.modules() if m not in held and not [*m.children()]], name


@pytest.mark.parametrize("name", OWN)
def test_our_networks(name):
    check(name, build_model(name, (3, 32, 32), 10).features, OWN[name])


@needs_timm
def test_networks_of_timm():
    timm = import_timm()
    with torch.device("meta"):
        for name, count in TIMM.items():
            check(name, timm.create_model(name, num_classes=0), count)


@needs_timm
def test_networks_of_torchvision():
    models = import_torchvision().models
    with torch.device("meta"):
        for name, count in TORCHVISION.items():
            network = models.get_model(name)
            network.fc = network.heads = network.classifier = nn.Identity()
            check(name, network, count)


def test_networks_of_transformers():
    transformers = pytest.importorskip("transformers")
    with torch.device("meta"):
        for name, (count, options) in HF.items():
            config = getattr(transformers, f"{name}Config")(**options)
            check(name, getattr(transformers, f"{name}Model")(config), count)


def linear(*sizes):
    return [nn.Linear(a, b) for a, b in itertools.pairwise(sizes)]


def test_layers_alone_begin_blocks_with_their_weights():
    first, second = linear(2, 3, 4)
    norm, relu = nn.BatchNorm1d(3), nn.ReLU()
    blocks = blocks_of(nn.Sequential(relu, first, norm, second))
    assert [block.modules for block in blocks] == [[relu, first, norm], [second]]


def test_a_network_without_chains_is_opened_from_the_outside():
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(2))
            self.stem = nn.Linear(2, 2)
            self.first, self.second = (nn.Sequential(*linear(2, 2, 2)) for _ in range(2))
            self.norm = nn.LayerNorm(2)

    own = Own()
    first, second = blocks_of(own)
    assert first.modules == [own.stem, own.first]
    assert first.parameters[0] is own.scale
    assert second.modules == [own.second, own.norm]


def test_what_is_shared_belongs_to_the_first():
    first, second, third = (nn.Sequential(*linear(2, 2, 2)) for _ in range(3))
    third[0].weight = first[0].weight
    blocks = blocks_of(nn.Sequential(first, second, third))
    assert [len(block.parameters) for block in blocks] == [4, 4, 3]


def test_features_without_parameters_have_no_blocks():
    assert blocks_of(nn.Flatten()) == []
