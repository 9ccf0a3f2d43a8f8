"""What a `Setup` freezes stays bit for bit, and the rest trains."""

import pytest
import torch

from imbtorch import InputError, Setup, fit
from imbtorch.training.freeze import frozen
from tuned import copied, moved, network


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
