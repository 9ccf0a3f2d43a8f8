"""The head of a network is found by its name or its place, or asked for; outputs are unwrapped."""

from dataclasses import make_dataclass

import pytest
import torch
from torch import nn

from imbtorch import InputError, join_head, split_head
from imbtorch.data.checks import embeddings_of
from imbtorch.models import CosineHead, find_head
from imbtorch.models.backbones.timm import import_timm
from imbtorch.models.backbones.torchvision import import_torchvision


def network(**layers):
    made = nn.Module()
    for name, layer in layers.items():
        made.add_module(name, layer)
    return made


def linear():
    return nn.Linear(4, 3)


@pytest.mark.parametrize(
    ("made", "head"),
    [
        (network(body=linear(), fc=linear()), "fc"),
        (network(head=linear(), body=linear()), "head"),
        (network(body=linear(), classifier=nn.Sequential(linear(), nn.Dropout())), "classifier.0"),
        (network(body=linear(), heads=network(head=linear())), "heads.head"),
        (network(transformer=linear(), score=nn.Linear(4, 3, bias=False)), "score"),
        (network(body=linear(), fc=CosineHead(4, 3)), "fc"),
        (network(conv=nn.Conv2d(3, 4, 3), last=linear()), "last"),
        (nn.Sequential(linear(), nn.ReLU(), linear()), "2"),
        (nn.Sequential(linear(), nn.Sequential(nn.ReLU(), linear(), nn.Identity())), "1.1"),
    ],
)
def test_a_head_is_found(made, head):
    assert find_head(made) == head


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (network(first=linear(), second=linear()), "linear layers are 'first', 'second'"),
        (network(fc=linear(), classifier=linear()), "linear layers are 'fc', 'classifier'"),
        (network(head=linear(), head_dist=linear()), "linear layers are 'head', 'head_dist'"),
        (network(head=network(head=linear(), head_dist=linear())), "'head.head', 'head.head_dist'"),
        (network(head=nn.ModuleList([linear(), linear()])), "'head.0', 'head.1'"),
        (network(body=linear(), fc=nn.Sequential(linear(), nn.ReLU())), "'body', 'fc.0'"),
        (network(conv=nn.Conv2d(3, 4, 3)), "it has no linear layer"),
        (network(words=nn.Embedding(4, 3)), "it has no linear layer"),
        (
            nn.Sequential(*(linear() for _ in range(20)), nn.ReLU()),
            "'0', '1', '2', ..., '15', '16', '17', '18'",
        ),
    ],
)
def test_a_head_that_is_not_certain_is_asked_for(made, said):
    with pytest.raises(InputError, match=said):
        split_head(made)


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("test_vit", "head"),
        ("test_resnet", "fc"),
        ("test_efficientnet", "classifier"),
        ("test_convnext", "head.fc"),
    ],
)
def test_heads_of_timm(name, head):
    made = import_timm().create_model(name, num_classes=5).eval()
    assert find_head(made) == head
    split, x = split_head(made).eval(), torch.rand(2, 3, 160, 160)
    torch.testing.assert_close(split(x), made(x))
    assert split.embeddings(x).shape == (2, split.head.in_features)
    torch.testing.assert_close(join_head(split, head)(x), made(x))


def test_heads_of_torchvision():
    models = import_torchvision().models
    with torch.device("meta"):
        for name, head in [
            ("alexnet", "classifier.6"),
            ("mobilenet_v3_small", "classifier.3"),
            ("shufflenet_v2_x0_5", "fc"),
            ("convnext_tiny", "classifier.2"),
            ("vit_b_32", "heads.head"),
        ]:
            assert find_head(models.get_model(name)) == head
        with pytest.raises(InputError, match="no linear layer"):
            find_head(models.get_model("squeezenet1_1"))


H = torch.zeros(2, 3)
PLACES = torch.zeros(2, 5, 3)


def output(**parts):
    return make_dataclass("Output", parts)(**parts)


@pytest.mark.parametrize(
    "made",
    [
        H,
        {"logits": H, "pooler_output": PLACES},
        {"last_hidden_state": PLACES, "pooler_output": H},
        {"pooler_output": H.view(2, 3, 1, 1)},
        {"image_embeds": H},
        {"pooler_output": None, "embeddings": H},
        output(logits=H, hidden_states=PLACES),
        output(last_hidden_state=PLACES, pooler_output=H),
        (H, PLACES),
    ],
)
def test_embeddings_are_found_in_an_output(made):
    assert embeddings_of(made).shape == (2, 3)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ({"last_hidden_state": PLACES, "pooler_output": None}, r"pooled to one \(B, D\)"),
        (output(last_hidden_state=PLACES), r"pooled to one \(B, D\)"),
        ({"image_embeds": H, "text_embeds": H}, "image_embeds and text_embeds; one of them"),
        ({"values": H}, "with the keys values"),
        ((H, torch.zeros(2, 7)), r"\(2, 3\), \(2, 7\)"),
    ],
)
def test_outputs_that_are_not_clear_are_refused(made, said):
    with pytest.raises(InputError, match=said):
        embeddings_of(made)


def test_a_head_that_shares_its_weight_is_trained_alone():
    class Language(nn.Module):
        def __init__(self):
            super().__init__()
            self.words = nn.Embedding(7, 4)
            self.head = nn.Linear(4, 7, bias=False)
            self.head.weight = self.words.weight

        def forward(self, x):
            return self.head(self.words(x).mean(1))

    made, x = Language(), torch.tensor([[1, 2], [3, 4]])
    split = split_head(made)
    assert torch.equal(split(x), made(x))
    with torch.no_grad():
        split.head.weight.add_(1)
    assert torch.equal(split.features.words.weight, made.words.weight)


def test_a_head_is_not_joined_where_none_was_taken():
    split = split_head(nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)))
    for name in ("fc", "0", ""):
        with pytest.raises(InputError, match=f"head is '{name}'; split_head has taken no head"):
            join_head(split, name)


def test_one_linear_layer_is_no_network_to_split():
    with pytest.raises(InputError, match=r"one linear layer.* wrap it, as by nn\.Sequential"):
        split_head(linear())


@pytest.mark.parametrize("h", [0.0, 1e-25])
def test_embeddings_of_next_to_nothing_have_small_cosines_and_a_gradient(h):
    h = torch.full((2, 4), h, requires_grad=True)
    cosines = CosineHead(4, 3)(h)
    cosines.sum().backward()
    assert (cosines.abs() <= 1).all()
    assert (h.grad.abs() < 1e13).all()
