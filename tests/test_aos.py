"""AOS on networks where the gradient's sign is known."""

import functools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from imbtorch import InputError, fit
from imbtorch.models import Classifier, CosineHead, resnet32, small_cnn
from imbtorch.transforms import AOS, M2m, adversarial


def linear(weight):
    layer = nn.Linear(len(weight[0]), len(weight), bias=False)
    layer.weight.data = torch.tensor(weight)
    return layer


def test_the_step_is_epsilon_times_the_sign_of_the_gradient():
    # two classes: the gradient of CE(y = 0) is p_1 (w_1 - w_0)
    f = linear([[1.0, -2.0, 0.5], [0.0, 3.0, 0.7]])
    x = torch.tensor([[0.3, 0.2, 0.9], [0.3, 0.2, 0.9]])
    moved = adversarial(x, torch.tensor([0, 1]), f, 0.1)
    expected = x + 0.1 * torch.tensor([[-1.0, 1.0, 1.0], [1.0, -1.0, -1.0]])
    torch.testing.assert_close(moved, expected)


@given(st.floats(0, 0.5), st.integers(0, 100))
def test_no_input_value_moves_further_than_epsilon_nor_out_of_range(epsilon, seed):
    rng = torch.Generator().manual_seed(seed)
    f, x = (
        nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 3)),
        torch.rand(6, 5, generator=rng),
    )
    moved = adversarial(x, torch.arange(6) % 3, f, epsilon, (0.0, 1.0))
    assert ((moved - x).abs() <= epsilon + 1e-6).all()
    assert ((moved >= 0) & (moved <= 1)).all()


def test_minority_is_below_the_mean_count_and_p_is_its_probability():
    counts = [50, 40, 30, 20, 10]  # mean 30: classes 3 and 4
    aos = AOS(counts, epsilon=0.1, p=0.3, seed=0)
    y = torch.arange(5).repeat(2000)
    x = torch.zeros(len(y), 2)
    moved = (aos(x, y, nn.Linear(2, 5))[0] != x).any(1)
    assert not moved[y < 3].any()
    for k in (3, 4):
        # five standard deviations of a binomial share of 2000 draws
        assert moved[y == k].float().mean().item() == pytest.approx(
            0.3, abs=5 * (0.21 / 2000) ** 0.5
        )


def test_extremes_of_p_epsilon_and_the_profile_leave_the_batch_alone():
    x, y, f = torch.rand(8, 2), torch.tensor([0, 1] * 4), nn.Linear(2, 2)
    for aos in (AOS([9, 1], p=0.0), AOS([9, 1], epsilon=0.0, p=1.0), AOS([5, 5], p=1.0)):
        out, labels = aos(x, y, f)
        assert torch.equal(out, x)
        assert torch.equal(labels, y)


def test_the_loss_of_moved_samples_rises_and_the_others_stay():
    torch.manual_seed(0)
    f = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    x, y = torch.randn(40, 4), torch.tensor([0, 1] * 20)
    out, _ = AOS([90, 10], epsilon=0.01, p=1.0)(x, y, f)
    loss = nn.CrossEntropyLoss(reduction="none")
    assert torch.equal(out[y == 0], x[y == 0])
    assert (loss(f(out), y)[y == 1] > loss(f(x), y)[y == 1]).all()


def test_the_cosines_of_a_cosine_head_are_scaled_as_in_training():
    torch.manual_seed(0)
    x, y = torch.randn(64, 5), torch.arange(64) % 3
    f = Classifier(nn.Linear(5, 4), CosineHead(4, 3, scale=30.0))
    inputs = x.clone().requires_grad_()
    nn.functional.cross_entropy(30.0 * f(inputs), y, reduction="sum").backward()
    torch.testing.assert_close(adversarial(x, y, f, 0.1), x + 0.1 * inputs.grad.sign())


def test_the_network_is_asked_in_evaluation_mode_and_left_as_it_was():
    f = resnet32((3, 8, 8), 2).train()
    f.features.requires_grad_(False)
    before = {k: v.clone() for k, v in f.state_dict().items()}
    x, y = torch.rand(8, 3, 8, 8), torch.tensor([0, 1] * 4)
    out, _ = AOS([9, 1], epsilon=0.05, p=1.0, input_range=(0.0, 1.0))(x, y, f)
    assert f.training
    assert [p.requires_grad for p in f.head.parameters()] == [True, True]
    assert not any(p.requires_grad for p in f.features.parameters())
    assert all(p.grad is None for p in f.parameters())
    assert all(torch.equal(v, before[k]) for k, v in f.state_dict().items())
    assert not out.requires_grad
    assert not x.requires_grad
    # in evaluation mode a sample's step does not depend on the rest of the batch
    alone, _ = AOS([9, 1], epsilon=0.05, p=1.0, input_range=(0.0, 1.0))(x[1:2], y[1:2], f)
    torch.testing.assert_close(alone[0], out[1])


def test_it_works_where_gradients_are_switched_off():
    with torch.no_grad():
        out, _ = AOS([9, 1], epsilon=0.05, p=1.0)(
            torch.zeros(2, 3), torch.tensor([0, 1]), nn.Linear(3, 2)
        )
    assert (out[1] != 0).all()


def test_nan_and_bad_arguments_are_refused():
    with pytest.raises(InputError, match="NaN"):
        AOS([9, 1])(torch.tensor([[float("nan")]]), torch.tensor([1]), nn.Linear(1, 2))
    for name, value in (("epsilon", -0.1), ("p", 1.5), ("p", float("nan"))):
        with pytest.raises(InputError, match=name):
            AOS([9, 1], **{name: value})


def test_float16_does_not_lose_the_gradients_of_a_sure_network():
    network = nn.Linear(8, 2)
    with torch.no_grad():
        network.weight.mul_(30)
    x = torch.randn(32, 8, generator=torch.Generator().manual_seed(0))
    y = network(x).argmax(1)
    with torch.autocast("cpu", torch.float16):
        moved = adversarial(x, y, network, 0.1)
    surely = (network(x).softmax(1).amin(1) > 1e-30)[:, None]
    assert ((moved != x) | ~surely).all()


@pytest.mark.parametrize("name", ["aos", "m2m:defer=0"])
def test_images_beyond_0_to_1_are_moved_without_bounds_and_that_is_said(name, monkeypatch):
    seen = []

    def kept(self, *arguments, input_range, **options):
        seen.append(input_range)
        original(self, *arguments, input_range=input_range, **options)

    kind = AOS if name == "aos" else M2m
    original = kind.__init__
    monkeypatch.setattr(kind, "__init__", functools.wraps(original)(kept))
    x = torch.rand(24, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    y = torch.tensor([0] * 18 + [1] * 6)
    for scaled in (x, (255 * x).byte()):
        fit(name, small_cnn((3, 8, 8), 2), (scaled, y), epochs=1)
        assert seen.pop() == (0.0, 1.0)
    with pytest.warns(UserWarning, match="images reach from -2 to"):
        fit(name, small_cnn((3, 8, 8), 2), (4 * x - 2, y), epochs=1)
    assert seen.pop() is None
