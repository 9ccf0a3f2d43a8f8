"""FoldedNetwork is the network's evaluation mode, and leaves the network alone."""

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations

from imbtorch.models import CosineHead, mlp, resnet32
from imbtorch.transforms.folded import FoldedNetwork


@pytest.mark.parametrize("training", [True, False])
def test_folded_network_equals_evaluation_mode(training):
    network = resnet32((3, 8, 8), 4)
    with torch.no_grad():
        for _ in range(3):
            network.train()(torch.rand(16, 3, 8, 8))
    folded, x = FoldedNetwork(network), torch.rand(5, 3, 8, 8)
    network.eval()
    torch.testing.assert_close(folded(x), network(x), rtol=1e-4, atol=1e-4)
    with torch.no_grad():  # trained further: refresh takes it over
        for parameter in network.parameters():
            parameter.mul_(1.1)
        network.train()(torch.rand(16, 3, 8, 8))
    network.eval()
    folded.refresh()
    torch.testing.assert_close(folded(x), network(x), rtol=1e-4, atol=1e-4)
    network.train(training)
    folded.refresh()
    assert network.training == training
    assert all(p.grad is None for p in network.parameters())


def test_networks_that_cannot_be_traced_are_used_as_they_are():
    class Branching(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm, self.out = nn.BatchNorm1d(3), nn.Linear(3, 2)

        def forward(self, x):
            return self.out(self.norm(x) if x.sum() > 0 else x)

    network, x = Branching(), torch.rand(4, 3)
    torch.testing.assert_close(FoldedNetwork(network)(x), network.eval()(x))


@pytest.mark.parametrize("fixed", [True, False])
def test_networks_that_make_tensors_of_their_own_are_used_as_they_are(fixed):
    class Shifted(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("mean", torch.zeros(1))
            self.conv, self.norm = nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)

        def forward(self, x):
            mean = self.mean.view(1, 1, 1, 1) if fixed else torch.ones(()).to(x)
            return self.norm(self.conv(x - mean)).flatten(1)

    network, x = Shifted().eval(), torch.rand(4, 1, 3, 3)
    folded = FoldedNetwork(network)
    network.mean += 0.5  # trained further
    folded.refresh()
    torch.testing.assert_close(folded(x), network(x))


def test_compiled_for_batches_of_any_size():
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten())
    folded = FoldedNetwork(network.eval(), compile=True)
    for size in (5, 3, 1):
        x = torch.rand(size, 1, 4, 4, requires_grad=True)
        torch.testing.assert_close(folded(x), network(x))
        folded(x).sum().backward()
        assert x.grad is not None
    assert folded._compiled is not None


def test_without_a_compiler_the_network_is_used_as_it_is(monkeypatch, caplog):
    def compile(module):
        def fail(x):
            raise RuntimeError("no working C++ compiler found")

        return fail

    monkeypatch.setattr(torch, "compile", compile)
    network, x = nn.Linear(3, 2), torch.rand(4, 3)
    folded = FoldedNetwork(network, compile=True)
    torch.testing.assert_close(folded(x), network(x))
    assert "not compiled" in caplog.text
    assert "no working C++ compiler" in caplog.text


class Shared(nn.Module):
    """One convolution before two normalizations, or before one and once more alone."""

    def __init__(self, norms, tied=False):
        super().__init__()
        self.first = nn.Conv2d(2, 2, 1)
        self.second = nn.Conv2d(2, 2, 1) if tied else self.first
        self.second.weight = self.first.weight
        self.norms = nn.ModuleList(norms)

    def forward(self, x):
        for convolution, norm in zip((self.first, self.second), self.norms, strict=True):
            x = norm(convolution(x))
        return x.flatten(1)


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize(
    "last", [nn.BatchNorm2d(2), nn.Identity(), nn.BatchNorm2d(2, track_running_stats=False)]
)
def test_what_is_used_twice_or_normalized_by_the_batch_is_not_folded(last, tied):
    network = Shared([nn.BatchNorm2d(2), last], tied)
    with torch.no_grad():
        network.train()(3 + 2 * torch.randn(64, 2, 4, 4))
    x = torch.randn(5, 2, 4, 4)
    folded = FoldedNetwork(network)
    torch.testing.assert_close(folded(x), network.eval()(x), rtol=1e-5, atol=1e-5)


def conv_and_norm():
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(144, 5)
    )
    with torch.no_grad():
        network[1].running_mean.normal_()
        network[1].weight.uniform_(0.5, 2)
    return network


@pytest.mark.parametrize("computed", [parametrizations.weight_norm, parametrizations.spectral_norm])
def test_layers_whose_weights_are_computed_stay_as_they_are(computed):
    network, x = conv_and_norm(), torch.rand(3, 3, 8, 8)
    computed(network[0])
    network.eval()(x)
    torch.testing.assert_close(FoldedNetwork(network)(x), network(x))


@pytest.mark.parametrize("hooked", [0, 1, 3, None])
def test_hooks_are_called(hooked):
    network, x = conv_and_norm().eval(), torch.rand(3, 3, 8, 8)
    layer = network if hooked is None else network[hooked]
    layer.register_forward_hook(lambda module, given, made: 2 * made)
    layer.register_forward_pre_hook(lambda module, given: (given[0] + 1,))
    torch.testing.assert_close(FoldedNetwork(network)(x), network(x))


def test_the_scale_of_a_cosine_head_is_refreshed():
    network = mlp((4,), 3)
    network.head = CosineHead(network.head.in_features, 3)
    folded, x = FoldedNetwork(network), torch.rand(2, 4)
    network.head.scale.fill_(64)
    folded.refresh()
    torch.testing.assert_close(folded(x), 64 * network.eval()(x))


class Reused(nn.Module):
    """A convolution before a norm, used in another place and way as well."""

    def __init__(self, use):
        super().__init__()
        self.conv, self.norm, self.use = nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), use
        self.block = nn.Sequential(self.conv, nn.ReLU()) if use == "block" else None

    def forward(self, x):
        h = self.norm(input=self.conv(x))
        if self.use == "weight":
            h = h * self.conv.weight.sum()
        if self.use == "bias":
            h = h * self.conv.bias.sum()
        return (h + self.block(x) if self.block else h).flatten(1)


@pytest.mark.parametrize("use", ["weight", "bias", "block", "nothing else"])
def test_a_convolution_used_in_another_way_is_not_folded(use):
    network = Reused(use).eval()
    network.norm.running_mean.fill_(1), network.norm.running_var.fill_(4)
    folded, x = FoldedNetwork(network), torch.rand(2, 1, 5, 5)
    torch.testing.assert_close(folded(x), network(x))
    kinds = [type(module) for module in folded._module.modules()]
    assert (nn.BatchNorm2d in kinds) == (use != "nothing else")


def test_another_head_is_taken_over():
    network, x = mlp((2,), 2, seed=0).eval(), torch.randn(3, 2)
    folded = FoldedNetwork(network)
    network.head = CosineHead(256, 2)
    folded.refresh()
    torch.testing.assert_close(folded(x).softmax(1), network.probabilities(network(x)))
