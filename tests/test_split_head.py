"""What follows a head is refused, where it can be seen: its logits are what a network returns."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from imbtorch import InputError, split_head
from imbtorch.models import CosineHead


class Network(nn.Module):
    """Computes something of the logits, and keeps its embeddings."""

    def __init__(self, last):
        super().__init__()
        self.first, self.fc, self.last = nn.Linear(4, 8), nn.Linear(8, 3), last

    def forward(self, x, mask=None):
        self.kept = torch.relu(self.first(x))
        return self.last(self.fc(self.kept if mask is None else self.kept * mask))


@pytest.mark.parametrize(
    ("last", "said"),
    [
        (lambda z: F.log_softmax(z, 1), "computes log_softmax of what its head 'fc' returns"),
        (lambda z: z / 2, "computes truediv"),
        (nn.Softmax(1), "computes last"),
        (lambda z: {"probabilities": z.sigmoid()}, "computes sigmoid"),
    ],
)
def test_what_is_computed_of_logits_is_said(last, said):
    with pytest.raises(InputError, match=f"model is a Network, whose forward {said}"):
        split_head(Network(last), "fc")


@pytest.mark.parametrize(
    "last",
    [
        nn.Identity(),
        nn.Dropout(),
        lambda z: z.squeeze(1).float(),
        lambda z: {"logits": z, "probabilities": z.softmax(1)},
        lambda z: (z, z.sum()),
    ],
)
def test_what_returns_the_logits_is_split(last):
    network, x = Network(last).eval(), torch.rand(5, 4)
    found = split_head(network, "fc").eval()
    assert not hasattr(network, "kept")  # it was not run
    made = network(x)
    expected = made["logits"] if isinstance(made, dict) else made
    torch.testing.assert_close(found(x), expected[0] if isinstance(expected, tuple) else expected)


def test_what_cannot_be_traced_is_split():
    class Branching(Network):
        def forward(self, x):
            return super().forward(x if x.sum() > 0 else -x)

    network, x = Branching(nn.Identity()), torch.rand(5, 4)
    torch.testing.assert_close(split_head(network, "fc")(x), network(x))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_the_cosines_of_an_embedding_of_zeros_are_0(dtype):
    head = CosineHead(4, 3).to(dtype)
    assert torch.equal(head(torch.zeros(2, 4, dtype=dtype)), torch.zeros(2, 3, dtype=dtype))
