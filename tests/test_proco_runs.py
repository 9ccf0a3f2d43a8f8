"""ProCo as a branch of a run: what it may and may not do to it."""

from functools import partial
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from lightning_fabric import Fabric
from torch import nn

from imbtorch import InputError, Recipe, Snapshots, Train, build_model, fit, make_recipe
from imbtorch.losses import BalancedSoftmaxLoss, ProCo
from imbtorch.samplers import ClassBalancedSampler
from imbtorch.training.branch import add_branch
from imbtorch.training.run import Run
from imbtorch.training.sam import SAM, ImbSAM
from imbtorch.training.setup import Setup
from imbtorch.transforms import Mixup


def images(side=8):
    rng = torch.Generator().manual_seed(0)
    y = torch.repeat_interleave(torch.arange(3), torch.tensor([24, 8, 4]))
    x = torch.randint(60, (36, 3, side, side), generator=rng, dtype=torch.uint8)
    x[torch.arange(36), y] += 120  # red, green or blue
    return x, y


def fitted(recipe, data=None, network="small-cnn", **options):
    data = images() if data is None else data
    options.setdefault("setup", Setup(batch_size=16, lr=0.05))
    model = build_model(network, tuple(data[0].shape[1:]), 3, seed=0)
    return fit(recipe, model, data, data, **options)


def with_branch(epochs=3, name="proco", **options):
    return Recipe(name, [Train(epochs, branch=partial(ProCo, **options))])


def same(one, other):
    return all(
        torch.equal(a, b)
        for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    )


@pytest.mark.parametrize("views", [0, 2])
def test_it_learns_beside_the_network_and_is_gone_from_it(views):
    result = fitted(with_branch(16, views=views))
    plain = fitted(Recipe("plain", [Train(1)]))
    assert result.model.state_dict().keys() == plain.model.state_dict().keys()
    assert result.model.spec == plain.model.spec
    assert not result.model.features._forward_hooks
    losses = [row["loss"] for row in result.history]
    assert losses[-1] < 0.7 * losses[0]


def test_the_average_of_the_weights_is_not_watched(monkeypatch):
    watched = []

    def adopt(run):
        if run.average is not None:
            watched.append(bool(run.average.module.features._forward_hooks))
        adopt_average(run)

    adopt_average = Run.adopt_average
    monkeypatch.setattr(Run, "adopt_average", adopt)
    fitted(with_branch(1), setup=Setup(batch_size=16, ema=0.9))
    assert watched == [False]


class Nothing(nn.Module):
    """A loss that teaches nothing."""

    def forward(self, logits, y):
        return 0.0 * logits.sum()


def test_it_pulls_a_network_that_its_classifier_does_not_train():
    spread = {}
    for name, phase in {
        "without": Train(8, loss=Nothing),
        "with": Train(8, loss=Nothing, branch=partial(ProCo, views=1)),
    }.items():
        x, y = images()
        model = fitted(Recipe(name, [phase])).model
        h = F.normalize(model.embeddings(x.float() / 255)).detach()
        within = torch.stack([h[y == k].std(0).norm() for k in range(3)]).mean()
        spread[name] = float(within / h.std(0).norm())
    assert spread["with"] < 0.5 * spread["without"]


class Killed(BaseException):
    """As a signal would end the run."""


RECIPES = {
    "views": with_branch(4, views=1),
    "sampler": Recipe(
        "sampler",
        [
            Train(2, branch=partial(ProCo, views=0), loss=BalancedSoftmaxLoss),
            Train(2, branch=partial(ProCo, views=0), sampler=ClassBalancedSampler),
        ],
    ),
    "mixed": Recipe("mixed", [Train(4, branch=partial(ProCo, views=1), batch=Mixup)]),
}


@pytest.mark.parametrize("kill_at", [1, 2])
@pytest.mark.parametrize("name", RECIPES)
def test_a_killed_run_ends_as_if_it_had_not_been(name, kill_at, tmp_path):
    setup = Setup(batch_size=16, lr=0.05, ema=0.9)

    def kill(row):
        if row["epoch"] == kill_at:
            raise Killed

    whole = fitted(RECIPES[name], setup=setup)
    snapshots = Snapshots(tmp_path, every=0)
    with pytest.raises(Killed):
        fitted(RECIPES[name], setup=setup, snapshots=snapshots, on_epoch=kill)
    again = fitted(RECIPES[name], setup=setup, snapshots=Snapshots(tmp_path, every=0))
    assert again.history == whole.history
    assert same(again.model, whole.model)


def test_a_transform_acts_on_the_classified_view_alone():
    class Black:
        seen = ()

        def __call__(self, x, y, model):
            self.seen = (*self.seen, (len(x), len(y)))
            return torch.zeros_like(x), y

    black = Black()
    fitted(Recipe("black", [Train(1, batch=black, branch=partial(ProCo, views=2))]))
    assert [*black.seen] == [(16, 16), (16, 16), (4, 4)]


@pytest.mark.parametrize("views", [0, 2])
def test_a_step_of_two_passes_trains_it_once(views):
    """At a distance of 0, SAM's second pass is the first again."""
    recipes = (
        Recipe("p", [Train(2, branch=partial(ProCo, views=views), step=step)])
        for step in (None, partial(SAM, rho=0.0))
    )
    one, other = (fitted(recipe) for recipe in recipes)
    assert same(one.model, other.model)
    assert [row["loss"] for row in one.history] == [row["loss"] for row in other.history]


def test_it_runs_in_bfloat16():
    fabric = Fabric(accelerator="cpu", devices=1, precision="bf16-mixed")
    history = fitted(with_branch(6, views=1), fabric=fabric).history
    assert history[-1]["loss"] < history[0]["loss"]


def test_its_name_joins_others():
    recipe = make_recipe("ema+proco:views=1+drs+cosine+ldam", 10)
    assert recipe.name == "ldam+drs+proco:views=1+cosine+ema"
    described = [phase.describe()["branch"] for phase in recipe.phases]
    options = {"tau": 0.1, "alpha": 1.0, "views": 1, "view_augment": "sim"}
    assert described == [{"name": "ProCo", **options}] * 2
    with pytest.raises(InputError, match="tau is 0"):
        make_recipe("proco:tau=0")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("cutmix+proco:views=0", "labels CutMix mixes; use views=1"),
        ("remix+proco:views=0", "labels Remix mixes"),
        ("imb-sam+proco", "ImbSAM takes shares"),
        ("strong+imb-sam", "ImbSAM takes shares"),
    ],
)
def test_names_that_no_run_could_train_are_refused_as_names(name, words):
    with pytest.raises(InputError, match=words):
        make_recipe(name)


def test_its_seed_is_the_runs():
    one, other = (fitted(with_branch(1, views=0), seed=seed).model for seed in (0, 1))
    assert not same(one, other)
    assert same(one, fitted(with_branch(1, views=0)).model)


rows = F.one_hot(images()[1], 5).float() + 0.1 * torch.randn(36, 5), images()[1]


@pytest.mark.parametrize(
    ("recipe", "options", "words"),
    [
        (
            with_branch(1),
            {"data": rows, "network": "mlp"},
            r"images .* needed by ProCo \(views=2\), .*proco:views=0",
        ),
        (
            Recipe("mixed", [Train(1, batch=Mixup, branch=partial(ProCo, views=0))]),
            {},
            "labels Mixup mixes; use views=1",
        ),
        (
            Recipe("imb", [Train(1, branch=partial(ProCo, views=0), step=ImbSAM)]),
            {},
            "ImbSAM takes shares of the gradients of samples, and ProCo has none",
        ),
        (with_branch(1), {"setup": Setup(freeze="backbone")}, "ProCo trains the network below"),
        (
            Recipe("two", [Train(1, branch=ProCo), Train(1, branch=partial(ProCo, tau=0.2))]),
            {},
            "all phases that train the network need the same one",
        ),
        (
            Recipe("later", [Train(1), Train(1, branch=ProCo)]),
            {},
            "recipe later has the branches none and ProCo",
        ),
    ],
)
def test_what_it_cannot_do_is_refused(recipe, options, words):
    with pytest.raises(InputError, match=words):
        fitted(recipe, **options)


def test_a_batch_of_one_embedding_is_refused_in_training():
    branch = ProCo([3, 1], embedding_size=4, views=0)
    with pytest.raises(InputError, match=r"1 sample and views is 0; .* raise batch_size, or views"):
        branch(torch.randn(1, 4), torch.tensor([0]))
    assert branch.eval()(torch.randn(1, 4), torch.tensor([0])).isfinite()


def test_rows_train_without_further_views():
    history = fitted(with_branch(20, views=0), rows, "mlp").history
    assert history[-1]["loss"] < 0.5 * history[0]["loss"]
    assert history[-1]["balanced_accuracy"] > 0.95


def test_several_processes_are_refused():
    run = SimpleNamespace(fabric=SimpleNamespace(world_size=2))
    with pytest.raises(InputError, match="needs a single process; there are 2"):
        add_branch(run, with_branch(1))
