"""A step of SAM and of ImbSAM: closed forms, and what stays as it was."""

import copy
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from lightning_fabric import Fabric
from lightning_fabric.plugins import MixedPrecision
from torch import nn

from imbtorch import InputError, Setup
from imbtorch.training import SAM, ImbSAM, ascended
from imbtorch.training.loop import train_epoch
from imbtorch.training.optimizer import make_optimizer

COUNTS = [60, 20, 8]
STEPS = {"sam": SAM(0.3), "imb-sam": ImbSAM(COUNTS, 0.3)}
PLAIN = Setup(lr=0.1, momentum=0, weight_decay=0)


class Quadratic(nn.Module):
    """L(w) = (w_0^2 + 4 w_1^2) / 2, at w = (3, 1): the gradient is (3, 4), its norm 5."""

    def __init__(self):
        super().__init__()
        self.first = nn.Parameter(torch.tensor([3.0], dtype=torch.float64))
        self.second = nn.Parameter(torch.tensor([1.0], dtype=torch.float64))

    def loss(self):
        return (self.first**2 + 4 * self.second**2).sum() / 2


def test_the_gradient_is_that_of_the_ascended_weights():
    model = Quadratic()
    model.loss().backward()
    with ascended(model, 0.5):
        torch.testing.assert_close(model.first.item(), 3 + 0.5 * 3 / 5)
        torch.testing.assert_close(model.second.item(), 1 + 0.5 * 4 / 5)
        assert model.first.grad is None
        model.loss().backward()
    assert (model.first.item(), model.second.item()) == (3, 1)
    torch.testing.assert_close(model.first.grad.item(), 3.3)
    torch.testing.assert_close(model.second.grad.item(), 4 * 1.4)


def test_what_has_no_gradient_stays():
    model = Quadratic()
    model.second.requires_grad_(False)
    model.loss().backward()
    with ascended(model, 0.5):
        assert (model.first.item(), model.second.item()) == (3.5, 1)
    flat = Quadratic()
    (0 * flat.loss()).backward()  # nowhere to go
    with ascended(flat, 0.5):
        assert (flat.first.item(), flat.second.item()) == (3, 1)


def test_the_weights_come_back_after_an_error():
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    model[0](torch.ones(3, 2)).sum().backward()

    def fails():
        with ascended(model, 1e3):
            model(torch.randn(3, 2))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])


def one_step(step, network=None, batch=None, loss=None, precision=None, clip=None, setup=PLAIN):
    """Train a fresh or given network on one batch; return it."""
    model = network or nn.Linear(2, 3)
    x, y = batch or (torch.tensor([[1.0, 2.0], [0.5, -1.0], [2.0, 0.0]]), torch.tensor([0, 1, 2]))
    fabric = Fabric(accelerator="cpu", devices=1, plugins=precision)
    wrapped, optimizer = fabric.setup(model, make_optimizer(setup, model))
    loss = loss or nn.CrossEntropyLoss()
    train_epoch(fabric, wrapped, optimizer, [(x, y)], loss, lambda _: setup.lr, None, clip, step)
    return model


def linear(*weights):
    model = nn.Linear(2, 1, bias=False).double()
    with torch.no_grad():
        model.weight.copy_(torch.tensor([weights]))
    return model


def squares(z, y):
    """1 z^2 / 2 of samples of class 0, the head, and 4 z^2 / 2 of class 1."""
    return ((1 + 3 * y) * z[:, 0] ** 2).sum() / 2


def test_imb_sam_ascends_for_the_tail_alone():
    """Each sample is a coordinate: only the tail's is moved, by rho."""
    batch = torch.eye(2).double(), torch.tensor([0, 1])
    both = one_step(SAM(0.5), linear(3, 1), batch, squares)
    tail = one_step(ImbSAM([9, 1], 0.5), linear(3, 1), batch, squares)
    close = partial(torch.testing.assert_close, check_dtype=False)
    close(both.weight.detach(), torch.tensor([[3 - 0.1 * 3.3, 1 - 0.1 * 5.6]]))
    close(tail.weight.detach(), torch.tensor([[3 - 0.1 * 3.0, 1 - 0.1 * 4 * 1.5]]))


def test_imb_sam_in_closed_form_where_the_classes_share_weights():
    x = torch.tensor([[1.0, 2.0], [2.0, -1.0], [0.5, 0.5]]).double()
    y = torch.tensor([0, 1, 1])
    w = torch.tensor([3.0, 1.0]).double()
    head, tail = ((k * x[y == c].T @ x[y == c]) for c, k in ((0, 1), (1, 4)))  # Hessians
    g = tail @ w
    expected = w - 0.1 * (head @ w + tail @ (w + 0.5 * g / g.norm()))
    found = one_step(ImbSAM([9, 1], 0.5), linear(3, 1), (x, y), squares).weight
    torch.testing.assert_close(found.detach()[0], expected)


def test_imb_sam_is_sam_where_all_are_in_the_tail_and_plain_where_none_are():
    def weight(step, y, setup=PLAIN):
        torch.manual_seed(0)
        x = torch.tensor([[1.0, 2.0], [0.5, -1.0], [2.0, 0.0]])
        return one_step(step, batch=(x, torch.tensor(y))).weight.detach()

    imb = ImbSAM(COUNTS, 0.3)
    assert imb.tail.tolist() == [0, 1, 1]
    torch.testing.assert_close(weight(imb, [1, 2, 1]), weight(SAM(0.3), [1, 2, 1]))
    torch.testing.assert_close(weight(imb, [0, 0, 0]), weight(None, [0, 0, 0]))
    assert not torch.allclose(weight(imb, [0, 2, 1]), weight(SAM(0.3), [0, 2, 1]))


def test_labels_as_probabilities_are_the_labels_they_stand_for():
    def weight(y):
        torch.manual_seed(0)
        batch = torch.tensor([[1.0, 2.0], [0.5, -1.0], [2.0, 0.0]]), y
        return one_step(ImbSAM(COUNTS, 0.3), batch=batch).weight.detach()

    y = torch.tensor([0, 2, 1])
    torch.testing.assert_close(weight(y), weight(F.one_hot(y, 3).float()))


def test_a_step_of_its_own_loop_in_float64_takes_probabilities_too():
    probabilities = torch.tensor([[0.75, 0.25], [0.0, 1.0]], dtype=torch.float64)

    def backward(share=None):
        assert share.tolist() == [0.25, 1.0]
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ImbSAM([9, 1])(backward, linear(3, 1), probabilities)


def test_the_tail():
    assert ImbSAM([500, 60, 20, 19], eta=20).tail.tolist() == [0, 0, 0, 1]
    assert ImbSAM([500, 60, 20, 19]).tail.tolist() == [0, 1, 1, 1]
    for step, reason in (
        (ImbSAM([5, 5, 5]), "the same count"),
        (ImbSAM(COUNTS, eta=8), "eta is 8"),
    ):
        with pytest.raises(InputError, match=f"{reason}.* none is the tail"):
            one_step(step)


@pytest.mark.parametrize("precision", [None, "bf16-mixed"])
@pytest.mark.parametrize("name", STEPS)
def test_statistics_are_those_of_the_first_pass(name, precision):
    def network():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))

    precision = precision and MixedPrecision(precision, "cpu")
    plain, stepped = (one_step(s, network(), precision=precision) for s in (None, STEPS[name]))
    for (key, a), b in zip(plain.named_buffers(), stepped.buffers(), strict=True):
        assert torch.equal(a, b), key
    assert stepped[1].num_batches_tracked == 1
    assert not torch.equal(plain[0].weight, stepped[0].weight)


@pytest.mark.parametrize("name", STEPS)
def test_clipping_acts_on_the_gradient_of_the_step(name):
    model = one_step(STEPS[name], clip=1e-3)
    norm = torch.cat([p.grad.flatten() for p in model.parameters()]).norm()
    torch.testing.assert_close(norm.item(), 1e-3, rtol=1e-3, atol=0)


@pytest.mark.parametrize("clip", [None, 0.2])
@pytest.mark.parametrize("name", STEPS)
def test_scaled_gradients_make_the_same_step(name, clip):
    """Of 16-mixed: the direction of a scaled gradient is the same, one that overflows is left."""

    def weight(scale=None):
        scaled = scale and MixedPrecision(
            "16-mixed", "cpu", torch.amp.GradScaler("cpu", init_scale=scale)
        )
        setup = Setup(lr=0.1, momentum=0, weight_decay=0, clip=clip)
        network = copy.deepcopy(start)
        one_step(STEPS[name], network, precision=scaled, clip=clip, setup=setup)
        return network.weight.detach()

    start = nn.Linear(2, 3)
    torch.testing.assert_close(weight(2.0**10), weight(), rtol=2e-3, atol=1e-4)
    assert torch.equal(weight(1e38), start.weight)
