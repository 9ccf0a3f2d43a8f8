"""The network that M2m translates against begins afresh, whatever the asking one has learned."""

import pytest
import torch
from torch import nn

from imbtorch import InputError, Setup, build_model, fit, split_head
from imbtorch.models import Classifier
from imbtorch.training import Pretrained, train_pretrained


def images():
    rng = torch.Generator().manual_seed(0)
    return torch.rand(36, 3, 8, 8, generator=rng), torch.tensor([0] * 30 + [1] * 6)


class Own(nn.Module):
    """A network with what has no initialization of its own: attention and a bare parameter."""

    def __init__(self):
        super().__init__()
        self.token = nn.Parameter(torch.ones(1, 1, 4))
        self.norm = nn.BatchNorm1d(4)
        self.attention = nn.MultiheadAttention(4, 1, batch_first=True)
        self.fc = nn.Linear(4, 2)

    def forward(self, x):
        x = self.norm(x.flatten(1)[:, :4])[:, None] + self.token
        return self.fc(self.attention(x, x, x, need_weights=False)[0][:, 0])


def made(kind):
    torch.manual_seed(0)
    return (
        build_model("small-cnn", (3, 8, 8), 2, seed=0) if kind == "built in" else split_head(Own())
    )


@pytest.mark.filterwarnings("ignore:.*no sample:UserWarning")
@pytest.mark.parametrize("kind", ["built in", "own"])
def test_it_does_not_depend_on_when_it_is_asked_for(kind):
    found = [
        fit(f"m2m:defer={defer}", made(kind), images(), epochs=2).pretrained.state_dict()
        for defer in (0, 0.5)
    ]
    for name, value in found[0].items():
        torch.testing.assert_close(found[1][name], value, rtol=0, atol=0)


def test_what_is_frozen_is_kept_with_its_statistics():
    network = made("own")
    norm = network.features.norm
    norm.running_mean.fill_(3), norm.running_var.fill_(9)
    result = train_pretrained(network, images(), 1, Setup(freeze="backbone", batch_size=8))
    own = result.model.features.state_dict()
    for name, value in network.features.state_dict().items():
        torch.testing.assert_close(own[name], value, rtol=0, atol=0)
    assert not torch.equal(result.model.head.weight, network.head.weight)


@pytest.mark.parametrize("kind", ["built in", "own"])
def test_what_requires_no_gradients_is_kept_too(kind):
    network = made(kind)
    with torch.no_grad():
        for value in network.features.parameters():
            value.add_(0.1)  # as of a network that has learned
    if kind == "own":
        network.features.norm.momentum = 0.0  # its statistics stay where they begin
        network.features.norm.running_mean.fill_(3)
    network.features.requires_grad_(False)
    g = train_pretrained(network, images(), 1, Setup(batch_size=8)).model
    for (name, value), own in zip(
        network.features.state_dict().items(), g.features.state_dict().values(), strict=True
    ):
        assert torch.equal(own, value) or name.endswith("num_batches_tracked"), name
    assert not torch.equal(g.head.weight, network.head.weight)
    assert [p.requires_grad for p in g.parameters()] == [
        p.requires_grad for p in network.parameters()
    ]


def test_a_network_that_is_itself_trained_is_refused():
    model = made("own")
    for other in (model, Classifier(model.features, nn.Linear(4, 2)), Pretrained(model)):
        with pytest.raises(InputError, match=r"pretrained shares features\.token with model.*copy"):
            fit("m2m", model, images(), epochs=5, pretrained=other)
    model.features.requires_grad_(False)  # what is not trained may be shared
    fit("m2m", model, images(), epochs=1, pretrained=Classifier(model.features, nn.Linear(4, 2)))


def test_what_was_lent_is_left_as_it_was_and_no_gradients_stay():
    other = made("own").train()
    other.features.norm.eval()
    modes = [module.training for module in other.modules()]
    result = fit("m2m:defer=0", made("own"), images(), epochs=1, pretrained=other)
    assert result.pretrained is other
    assert [module.training for module in other.modules()] == modes
    assert all(p.grad is None for p in result.model.parameters())
