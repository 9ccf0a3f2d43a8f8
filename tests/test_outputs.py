"""Networks that return more than a Tensor: the logits are found, or an error says what came."""

from collections import namedtuple
from dataclasses import make_dataclass
from functools import cache

import pytest
import torch
from torch import nn

from imbtorch import InputError, evaluate, fit, join_head, split_head
from imbtorch.data.checks import logits_of
from imbtorch.models import Classifier, embed, predict_logits
from imbtorch.transforms import AOS, M2m, adversarial, translate

COUNTS = [30, 10]
X = torch.rand(40, 1, 8, 8, generator=torch.Generator().manual_seed(0))
Y = torch.repeat_interleave(torch.arange(2), torch.tensor(COUNTS))
Output = make_dataclass("Output", ["logits", "hidden"])
Named = namedtuple("Named", "logits aux")
FORMS = {
    "Tensor": lambda z: z,
    "dataclass": lambda z: Output(z, None),
    "dict": lambda z: {"hidden": None, "logits": z},
    "tuple": lambda z: (z, z.mean()),
    "list": lambda z: [z],
    "named tuple": lambda z: Named(z, z),
    "two of one shape": lambda z: (z, 2 * z),
}
WRONG = {
    "dict": (lambda z: {"out": z, "aux": z}, "a dict with the keys out, aux"),
    "loss first": (lambda z: (z.mean(), z), r"a tuple of Tensors \(\), \(\d+, "),
    "embeddings first": (lambda z: (z.repeat(1, 5), z), r"a tuple of Tensors \(\d+, \d+\), \("),
    "nothing": (lambda z: None, "a NoneType"),
    "empty": (lambda z: (), "a tuple of Tensors"),
    "no Tensor": (lambda z: Output([1], None), "a Output"),
}


class Network(nn.Module):
    """With batch normalization it is traced by `FoldedNetwork`, without it is not."""

    def __init__(self, form, normalized):
        super().__init__()
        torch.manual_seed(0)
        self.form, self.conv = form, nn.Conv2d(1, 4, 3)
        self.norm = nn.BatchNorm2d(4) if normalized else nn.Identity()
        self.fc = nn.Linear(144, 2)

    def forward(self, x):
        return self.form(self.fc(self.norm(self.conv(x)).relu().flatten(1)))


def doors(form, normalized):
    """Yield the result of each function that calls a network."""

    def net():
        return Network(form, normalized)

    yield lambda: embed(split_head(net(), "fc"), (X, Y))[0]
    yield lambda: predict_logits(net(), (X, Y))[0]
    yield lambda: predict_logits(split_head(net(), "fc"), (X, Y))[0]
    yield lambda: evaluate(split_head(net(), "fc"), (X, Y), COUNTS)["balanced_accuracy"]
    yield lambda: AOS(COUNTS, p=1.0, epsilon=0.1)(X, Y, net())[0]
    yield lambda: adversarial(X, Y, net(), 0.1)
    yield lambda: M2m(net(), COUNTS, beta=0.5, gamma=0.0, seed=0)(X, Y, net())[0]
    yield lambda: translate(X, Y, 1 - Y, net(), net().eval(), lam=0.1, steps=2, step_size=0.1)
    for recipe in ("m2m:beta=0.5:gamma=0", "dos"):
        yield lambda recipe=recipe: fit(
            recipe, split_head(net(), "fc"), (X, Y), (X, Y), epochs=5
        ).history[-1]["loss"]


@cache
def of_plain_logits(normalized):
    return [door() for door in doors(FORMS["Tensor"], normalized)]


@pytest.mark.parametrize("normalized", [True, False])
@pytest.mark.parametrize("form", [name for name in FORMS if name != "Tensor"])
def test_every_function_finds_the_logits(form, normalized):
    plain = of_plain_logits(normalized)
    for found, expected in zip(doors(FORMS[form], normalized), plain, strict=True):
        torch.testing.assert_close(found(), expected, rtol=0, atol=0)


@pytest.mark.parametrize(("form", "said"), WRONG.values(), ids=WRONG)
def test_every_function_says_what_the_network_returned(form, said):
    # once its head is taken, a network returns embeddings twice: they are of one width
    for door in list(doors(form, True)):
        with pytest.raises(InputError, match=f"the network returned {said}"):
            door()


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_network_put_together_again_returns_what_it_did(form):
    net = Network(form, True).eval()
    joined = join_head(split_head(net, "fc"), "fc")
    assert type(joined(X)) is type(net(X))
    assert torch.equal(logits_of(joined(X)), logits_of(net(X)))


def test_a_head_may_return_more_too():
    class Head(nn.Linear):
        def forward(self, h):
            return {"logits": super().forward(h), "h": h}

    assert Classifier(nn.Flatten(), Head(64, 2))(X).shape == (40, 2)


def test_a_network_of_transformers():
    transformers = pytest.importorskip("transformers")
    config = transformers.ResNetConfig(
        num_channels=1, embedding_size=4, hidden_sizes=[4, 8], depths=[1, 1], num_labels=2
    )
    network = transformers.ResNetForImageClassification(config)
    model = split_head(network, "classifier.1")
    logits, _ = predict_logits(network, (X, Y))
    torch.testing.assert_close(predict_logits(model, (X, Y))[0], logits)
    assert embed(model, (X, Y))[0].shape == (40, 8)
    assert len(fit("drs+eos:k=5", model, (X, Y), (X, Y), epochs=1).history) == 11


def test_fit_blames_the_samples_only_for_what_they_are():
    class Fails(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(3, 2)

        def forward(self, x):
            return self.fc(x["image"])

    with pytest.raises(InputError, match=r"cannot take samples of shape \(1, 8, 8\)"):
        fit("erm", split_head(Fails(), "fc"), (X, Y), epochs=1)
