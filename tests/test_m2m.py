"""M2m on networks where the answer is known, and its draws against the formulas."""

import pytest
import torch
from scipy.stats import chisquare
from torch import nn

from imbtorch import ArrayDataset, InputError
from imbtorch.models import Classifier, CosineHead, resnet32
from imbtorch.transforms import M2m, acceptance_matrix, translate

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
    m2m = M2m(nn.Identity(), COUNTS, beta=beta, seed=0)
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
    m2m = M2m(always(1), [1000, 10], beta=0.9, noise=0.5, seed=0)
    out, labels = m2m(x, y, nn.Linear(3, 2))
    changed = (out != x).any(1)
    assert torch.equal(labels, y)
    assert not changed[y == 0].any()
    assert changed[y == 1].sum() >= 18  # each chosen with probability .99, never rejected
    refused, _ = M2m(always(0), [1000, 10], beta=0.9, noise=0.5, seed=0)(x, y, nn.Linear(3, 2))
    assert torch.equal(refused, x)


def test_batches_without_a_seed_stay_as_they_are():
    m2m = M2m(always(1), [1000, 10], seed=0)
    for y in (torch.ones(8, dtype=torch.int64), torch.zeros(8, dtype=torch.int64)):
        x = torch.rand(8, 3)
        assert torch.equal(m2m(x, y, nn.Linear(3, 2))[0], x)
    three = M2m(always(1, 3), [1000, 10, 5], seed=0)  # class 2 absent from the batch
    x, y = torch.rand(8, 3), torch.tensor([0, 1] * 4)
    assert three(x, y, nn.Linear(3, 3))[0].shape == x.shape


def test_loss_acceptance_is_the_looser_rule():
    # two classes with g's probability .5: cross-entropy log 2 = .693
    g = linear([[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    x, y = torch.rand(40, 3), torch.tensor([0, 1] * 20)
    for options, changes in (
        ({"accept": "loss", "gamma": 0.7}, True),
        ({"accept": "loss", "gamma": 0.69}, False),
        ({"accept": "probability", "gamma": 0.5}, True),
        ({"accept": "probability", "gamma": 0.51}, False),
    ):
        m2m = M2m(g, [1000, 10], beta=0.9, noise=0.5, seed=0, **options)
        out, _ = m2m(x, y, nn.Linear(3, 2))
        assert bool((out != x).any()) == changes, options


def test_ablations_do_what_they_are_called():
    x, y = torch.rand(60, 3), torch.tensor([0, 0, 1, 1, 2, 2] * 10)
    counts, options = [1000, 500, 10], {"gamma": 0.0, "seed": 0}
    f, g = nn.Linear(3, 3), nn.Linear(3, 3)
    out, _ = M2m(g, counts, clean=True, **options)(x, y, f)
    replaced = (out != x).any(1)
    assert replaced.any()
    rows = {tuple(row) for row in x.tolist()}
    assert {tuple(row) for row in out[replaced].tolist()} <= rows

    moved, labels = M2m(g, counts, random_label=True, **options)(x, y, f)
    replaced = (moved != x).any(1)
    assert torch.equal(labels[~replaced], y[~replaced])
    assert (labels[replaced] != y[replaced]).all()
    with pytest.raises(InputError, match="at least 3 classes; class_counts has 2"):
        M2m(nn.Linear(3, 2), [99, 1], random_label=True, **options)

    train = ArrayDataset(torch.arange(180.0).view(60, 3), y)
    m2m = M2m(g, counts, clean=True, seeds_per_class=1, train=train, **options)
    out, _ = m2m(x, y, f)
    replaced = (out != x).any(1)
    pool = {tuple(row) for row in out[replaced].tolist()}
    assert len(pool) <= 3
    assert pool <= {tuple(row) for row in train.x.tolist()}
    with pytest.raises(InputError, match="needs train"):
        M2m(g, counts, seeds_per_class=1)


def test_a_pool_of_a_data_set_that_draws_follows_the_seed():
    def pool(seed, of_torch):
        torch.manual_seed(of_torch)
        return M2m(
            linear([[1.0, 0, 0]] * 3), [4, 4, 4], seeds_per_class=2, train=Noisy(), seed=seed
        ).pool

    class Noisy(torch.utils.data.Dataset):
        targets = torch.arange(12) % 3

        def __len__(self):
            return 12

        def __getitem__(self, index):
            return torch.rand(3), int(self.targets[index])

    assert torch.equal(pool(0, 1)[0], pool(0, 2)[0])
    assert not torch.equal(pool(0, 1)[0], pool(1, 1)[0])


def test_early_stop_moves_a_sample_until_it_passes():
    g = linear([[0.0, 0.0], [10.0, 0.0]])  # probability of class 1 is sigmoid(10 x_0)
    x = torch.tensor([[-0.25, 0.0], [0.5, 0.0]])
    out = run(x, [0, 0], [1, 1], g, g, stop_at=0.9)
    # steps of .1 along x_0: sigmoid(10 * .25) = .924 is the first above .9; .5 passes at once
    torch.testing.assert_close(out, torch.tensor([[0.25, 0.0], [0.5, 0.0]]))
    whole = run(x, [0, 0], [1, 1], g, g)
    torch.testing.assert_close(whole, torch.tensor([[0.75, 0.0], [1.5, 0.0]]))


def test_statistics_count_what_happened():
    x, y = torch.rand(40, 3), torch.tensor([0, 1] * 20)
    m2m = M2m(always(1), [1000, 10], beta=0.9, noise=0.5, seed=0)
    f = linear([[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    out, _ = m2m(x, y, f)
    counted = m2m.statistics.flush()
    assert counted["accepted"] == [0, int((out != x).any(1).sum())]
    assert counted["selected"][1] >= counted["translated"][1] >= counted["accepted"][1]
    assert counted["pretrained_confidence"] == pytest.approx(1)
    assert counted["model_confidence"] == pytest.approx(0.5)
    assert len(m2m.statistics.examples["seed"]) == 8
    assert m2m.statistics.flush()["selected"] == [0, 0]


def test_scaled_cosines_can_be_confident():
    head = CosineHead(3, 2)
    head.weight.data = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    g = Classifier(nn.Identity(), head)
    x, y = torch.rand(40, 3), torch.tensor([0, 1] * 20)
    m2m = M2m(g, [1000, 10], beta=0.9, seed=0)
    assert (m2m(x, y, nn.Linear(3, 2))[0] != x).any()
    assert m2m.statistics.flush()["pretrained_confidence"] > 0.9


def test_networks_are_left_as_they_were():
    f, g = resnet32((3, 8, 8), 2), resnet32((3, 8, 8), 2)
    f.train()
    g.train()
    before = [{k: v.clone() for k, v in m.state_dict().items()} for m in (f, g)]
    x, y = torch.rand(8, 3, 8, 8), torch.tensor([0, 1] * 4)
    M2m(g, [1000, 10], gamma=0.0, seed=0)(x, y, f)
    for model, state in zip((f, g), before, strict=True):
        assert model.training
        assert all(p.requires_grad and p.grad is None for p in model.parameters())
        assert all(torch.equal(v, state[k]) for k, v in model.state_dict().items())


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_translations_are_judged_in_float32_in_any_precision(dtype):
    f, g = resnet32((3, 8, 8), 2, seed=0), resnet32((3, 8, 8), 2, seed=1)
    x, y = torch.rand(32, 3, 8, 8), torch.tensor([0, 1] * 16)
    m2m = M2m(g, [1000, 10], beta=0.9, gamma=0.0, dtype=dtype, seed=0)
    out, _ = m2m(x, y, f)
    moved = out[(out != x).flatten(1).any(1)]
    with torch.no_grad():
        exact = g.eval()(moved).softmax(1)[:, 1].mean()
    assert len(moved) > 8
    confidence = m2m.statistics.flush()["pretrained_confidence"]
    assert confidence == pytest.approx(float(exact), abs=1e-6)


def test_nan_and_bad_arguments_are_refused():
    with pytest.raises(InputError, match="NaN"):
        M2m(always(1), [10, 1])(torch.tensor([[float("nan")]]), torch.tensor([0]), nn.Identity())
    for name, value in (("beta", 1.0), ("gamma", 1.5), ("lam", -1), ("steps", 0), ("accept", "g")):
        with pytest.raises(InputError, match=name):
            M2m(always(1), [10, 1], **{name: value})
