"""M2m on networks where the answer is known, and its draws against the formulas."""

import pytest
import torch
from scipy.stats import chisquare
from torch import nn

from imbtorch import InputError, M2m, acceptance_matrix, resnet32, translate

COUNTS = [1000, 300, 100, 20]


def linear(weight):
    layer = nn.Linear(len(weight[0]), len(weight), bias=False)
    layer.weight.data = torch.tensor(weight)
    return layer


def run(x, k0, k, f, g, **options):
    options = {"lam": 0.0, "steps": 10, "step_size": 0.1, **options}
    return translate(x, torch.tensor(k0), torch.tensor(k), f, g, **options)


def test_translation_walks_straight_for_two_classes():
    # for a linear g of two classes the gradient's direction never changes
    g = linear([[1.0, 0.0], [0.0, 1.0]])
    x = run(torch.tensor([[0.5, 0.5]]), [0], [1], g, g)
    torch.testing.assert_close(x, torch.tensor([[0.5 - 0.5**0.5, 0.5 + 0.5**0.5]]))


def test_regulariser_follows_the_logit_of_the_seed_class():
    # g constant: only lam * f_{k0} is left, whose gradient is f's weight row
    f, g = linear([[3.0, 4.0], [1.0, 0.0]]), linear([[0.0, 0.0], [0.0, 0.0]])
    x = run(torch.zeros(1, 2), [0], [1], f, g, lam=0.5, steps=5)
    torch.testing.assert_close(x, torch.tensor([[-0.3, -0.4]]))


def test_objective_is_the_sum_of_both_terms():
    f, g = linear([[0.0, 2.0], [0.0, 0.0]]), linear([[1.0, 0.0], [0.0, 0.0]])
    x, lam = torch.tensor([[0.4, 0.7]]), 0.3
    p = torch.tensor([0.4, 0.0]).softmax(0)[0]
    gradient = torch.tensor([p, lam * 2.0])  # d CE(g, k=1) / dx = p_0 w_0, plus lam f's row
    expected = x - 0.1 * gradient / gradient.norm()
    torch.testing.assert_close(run(x, [0], [1], f, g, lam=lam, steps=1), expected)


def test_clamp_and_noise_keep_to_their_limits():
    g = linear([[1.0, 0.0], [0.0, 1.0]])
    x = run(torch.tensor([[0.1, 0.9]]), [0], [1], g, g, input_range=(0.0, 1.0))
    torch.testing.assert_close(x, torch.tensor([[0.0, 1.0]]))
    seeds = torch.rand(50, 3, 4, 4)
    rng = torch.Generator().manual_seed(0)
    f = nn.Sequential(nn.Flatten(), nn.Linear(48, 2))
    start = run(seeds, [0] * 50, [1] * 50, f, f, steps=0, noise=0.09, rng=rng)
    moved = (start - seeds).flatten(1).norm(dim=1)
    torch.testing.assert_close(moved, torch.full((50,), 0.09))


@pytest.mark.parametrize("beta", [0.9, 0.99, 0.999])
def test_acceptance_equals_the_formula(beta):
    accept = acceptance_matrix(COUNTS, beta)
    for k0, n0 in enumerate(COUNTS):
        for k, n in enumerate(COUNTS):
            assert accept[k0, k].item() == pytest.approx(1 - beta ** max(n0 - n, 0))


def test_selection_seed_class_and_rejection_have_their_frequencies():
    beta, per_class, rounds = 0.99, 8, 3000
    m2m = M2m(nn.Identity(), COUNTS, beta=beta, random_state=0)
    y = torch.arange(4).repeat_interleave(per_class)
    accept = acceptance_matrix(COUNTS, beta)
    observed = torch.zeros(4, 4)  # seed class, target class
    for _ in range(rounds):
        chosen, seeds = m2m.draw.seeds(y, m2m.draw.choose(y), y)
        observed.index_put_((y[seeds], y[chosen]), torch.ones(len(seeds)), accumulate=True)
    trials = rounds * per_class
    for k in range(1, 4):
        q = accept[:, k] / accept[:, k].sum()
        kept = (1 - COUNTS[k] / COUNTS[0]) * q * accept[:, k]
        expected = torch.cat([kept, 1 - kept.sum().reshape(1)]) * trials
        seen = torch.cat([observed[:, k], trials - observed[:, k].sum().reshape(1)])
        possible = expected > 0
        assert seen[~possible].sum() == 0
        assert chisquare(seen[possible], expected[possible]).pvalue > 1e-4
    assert observed[:, 0].sum() == 0  # the largest class is never a target


def always(target, classes=2):
    """A network that gives `target` probability 1 whatever it sees."""

    class Constant(nn.Module):
        def forward(self, x):
            out = torch.zeros(len(x), classes)
            out[:, target] = 50.0
            return out + 0 * x.flatten(1).sum(1, keepdim=True)

    return Constant()


def test_accepted_translations_take_the_minority_places_only():
    x, y = torch.rand(40, 3), torch.tensor([0, 1] * 20)
    m2m = M2m(always(1), [1000, 10], beta=0.9, noise=0.5, random_state=0)
    out, labels = m2m(x, y, nn.Linear(3, 2))
    changed = (out != x).any(1)
    assert torch.equal(labels, y)
    assert not changed[y == 0].any()
    assert changed[y == 1].sum() >= 18  # each chosen with probability .99, never rejected
    refused, _ = M2m(always(0), [1000, 10], beta=0.9, noise=0.5, random_state=0)(
        x, y, nn.Linear(3, 2)
    )
    assert torch.equal(refused, x)


def test_batches_without_a_seed_stay_as_they_are():
    m2m = M2m(always(1), [1000, 10], random_state=0)
    for y in (torch.ones(8, dtype=torch.int64), torch.zeros(8, dtype=torch.int64)):
        x = torch.rand(8, 3)
        assert torch.equal(m2m(x, y, nn.Linear(3, 2))[0], x)
    three = M2m(always(1, 3), [1000, 10, 5], random_state=0)  # class 2 absent from the batch
    x, y = torch.rand(8, 3), torch.tensor([0, 1] * 4)
    assert three(x, y, nn.Linear(3, 3))[0].shape == x.shape


def test_networks_are_left_as_they_were():
    f, g = resnet32((3, 8, 8), 2), resnet32((3, 8, 8), 2)
    f.train()
    g.train()
    before = [{k: v.clone() for k, v in m.state_dict().items()} for m in (f, g)]
    x, y = torch.rand(8, 3, 8, 8), torch.tensor([0, 1] * 4)
    M2m(g, [1000, 10], gamma=0.0, random_state=0)(x, y, f)
    for model, state in zip((f, g), before, strict=True):
        assert model.training
        assert all(p.requires_grad and p.grad is None for p in model.parameters())
        assert all(torch.equal(v, state[k]) for k, v in model.state_dict().items())


def test_nan_and_bad_arguments_are_refused():
    with pytest.raises(InputError, match="NaN"):
        M2m(always(1), [10, 1])(torch.tensor([[float("nan")]]), torch.tensor([0]), nn.Identity())
    for name, value in (("beta", 1.0), ("gamma", 1.5), ("lam", -1), ("steps", 0)):
        with pytest.raises(InputError, match=name):
            M2m(always(1), [10, 1], **{name: value})
