"""What is true of every method: the catalog drives these tests.

A method's row is all they need: a new method is tested like the others as soon as it has one.
"""

import json
from contextlib import nullcontext
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from few_steps import few_steps
from imbtorch import InputError, Recipe, Train, fit, make_recipe
from imbtorch.losses import FocalLoss
from imbtorch.models import CosineHead, mlp
from imbtorch.resampling.apply import resample
from imbtorch.samplers import ClassBalancedSampler
from imbtorch.training.catalog import CATALOG, RECIPES
from imbtorch.training.slots import build, describe
from imbtorch.training.takes_rows import image_parts
from imbtorch.transforms import AOS, CutMix, M2m, Mixup, Remix

COUNTS = [60, 20, 8]
PRETRAINED = nn.Linear(2, 3)
KNOWN = {
    "class_counts": lambda: COUNTS,
    "num_classes": lambda: 3,
    "pretrained": lambda: PRETRAINED,
    "labels": lambda: np.repeat([0, 1, 2], COUNTS),
    "random_state": lambda: 0,
    "seed": lambda: 0,
}
MIXING = (Mixup, Remix)
"""Transforms that return class probabilities in place of labels."""
OF_IMAGES = (CutMix,)
"""Transforms of images only, see test_cutmix.py."""
ALIKE = pytest.mark.filterwarnings("ignore:.* the samples it made are:UserWarning")
NO_ENEMIES = pytest.mark.filterwarnings(
    "ignore:class .* has no enemy", "ignore:.* leaves classes short"
)


def filling(slot, kind):
    """Return what the methods of a kind fill a slot with, and some with other options."""
    more = {
        "loss": [nn.CrossEntropyLoss, partial(FocalLoss, gamma=2.0)],
        "batch": [partial(M2m, lam=0.5, gamma=0.0), partial(AOS, p=1.0)],
    }
    rows = [row.slots[slot] for row in CATALOG.values() if row.kind == kind]
    rows = [partial(r, steps=2, width=2) if hasattr(r, "takes_images") else r for r in rows]
    return [*rows, *more.get(slot, [])]


def row_name(row):
    return row.name


def name(method):
    return json.dumps(describe(method))


LOSSES = filling("loss", "loss")
TRANSFORMS = filling("batch", "transform")


@pytest.mark.parametrize("method", LOSSES, ids=name)
def test_losses_are_finite_scalars_that_teach(method):
    loss = build(method, {**KNOWN, "weight": lambda: torch.tensor([0.5, 1.0, 1.5])})
    rng = torch.Generator().manual_seed(0)
    logits = (torch.rand(16, 3, generator=rng) * 2 - 1).requires_grad_()
    y = torch.arange(16) % 3
    value = loss(logits, y)
    assert value.ndim == 0
    assert torch.isfinite(value)
    value.backward()
    right = logits.grad[torch.arange(16), y]
    assert (right <= 0).all()  # more of the right class lowers the loss
    assert right.sum() < -0.1
    order = torch.randperm(16)
    torch.testing.assert_close(loss(logits[order], y[order]), value)
    confident = nn.functional.one_hot(y, 3) * 2.0 - 1
    assert loss(confident, y) < value
    assert not list(loss.parameters())


@pytest.mark.parametrize(
    "method", [m for m in TRANSFORMS if m not in (*MIXING, *OF_IMAGES)], ids=name
)
def test_transforms_keep_shape_dtype_and_labels_range_and_follow_their_seed(method, blobs):
    x, y = blobs
    model = nn.Linear(2, 3)
    first = build(method, KNOWN)(x.clone(), y.clone(), model)
    second = build(method, KNOWN)(x.clone(), y.clone(), model)
    for (a, b), original in zip(zip(first, second, strict=True), (x, y), strict=True):
        assert torch.equal(a, b)
        assert (a.shape, a.dtype) == (original.shape, original.dtype)
    assert first[1].max() < 3
    assert all(p.grad is None for p in model.parameters())


@pytest.mark.parametrize("method", [*MIXING, partial(Mixup, alpha=0.2)], ids=name)
def test_mixing_transforms_return_class_probabilities_and_follow_their_seed(method, blobs):
    x, y = blobs
    mixed, labels = build(method, KNOWN)(x.clone(), y.clone(), nn.Linear(2, 3))
    again, labels_again = build(method, KNOWN)(x.clone(), y.clone(), nn.Linear(2, 3))
    assert torch.equal(mixed, again)
    assert torch.equal(labels, labels_again)
    assert (mixed.shape, mixed.dtype) == (x.shape, x.dtype)
    assert (labels.shape, labels.dtype) == ((len(y), 3), torch.float32)
    assert (labels >= 0).all()
    torch.testing.assert_close(labels.sum(1), torch.ones(len(y)))


@NO_ENEMIES
@ALIKE
@pytest.mark.parametrize("method", filling("resample", "over-sampler"), ids=name)
def test_over_samplers_balance_and_keep_the_real_rows(method, blobs, unmoved):
    x, y = blobs
    if "top_up" in describe(method):
        method = partial(method, top_up=True)
    x_new, y_new = resample(build(method, KNOWN), x, y)
    counts = torch.bincount(y_new)
    assert counts[1:].tolist() == [60, 60]
    assert counts[0] == 60 or "SVM" in name(method)  # which may take new points for class 0
    assert torch.equal(x_new[: len(x)], x)
    assert torch.equal(y_new[: len(y)], y)
    again, _ = resample(build(method, KNOWN), x, y)
    assert torch.equal(x_new, again)


@pytest.mark.parametrize("row", [r for r in CATALOG.values() if r.kind == "weights"], ids=row_name)
def test_class_weights_have_mean_one_and_favour_rare_classes(row):
    weights = build(row.slots["weights"], KNOWN)
    assert weights.shape == (3,)
    assert float(weights.mean()) == pytest.approx(1)
    assert weights.tolist() == sorted(weights.tolist())


def test_samplers_follow_seed_and_epoch():
    sampler = build(ClassBalancedSampler, KNOWN)
    sampler.set_epoch(1)
    first = list(sampler)
    assert len(first) == len(sampler)
    sampler.set_epoch(2)
    assert list(sampler) != first
    sampler.set_epoch(1)
    assert list(sampler) == first


PRESETS = [row.name for row in CATALOG.values() if row.kind == "preset"]


def data_for(recipe, blobs):
    """Return samples that a recipe takes, and a network for them: images where it needs them."""
    made = make_recipe(recipe)
    if not image_parts(made):
        return blobs, mlp((2,), 3, hidden=16, seed=11)
    y = blobs[1]
    at = torch.arange(-7.5, 8)
    disk = (torch.hypot(at[:, None], at) < 5).float().expand(3, 16, 16)
    half = (at > 0).float().expand(3, 16, 16)
    kinds = torch.stack([disk, torch.full_like(disk, 0.5), half])
    noise = torch.rand(len(y), 3, 16, 16, generator=torch.Generator().manual_seed(0))
    images = (kinds[y] * 0.7 + noise * 0.3).mul(255).to(torch.uint8)
    return (images, y), mlp((3, 16, 16), 3, hidden=16, seed=11)


@NO_ENEMIES
@ALIKE
@pytest.mark.parametrize(
    "recipe", [*map(few_steps, RECIPES), "eos:k=50", "m2m:clean=true", "m2m:defer=0"]
)
def test_recipes_train_repeat_exactly_and_leave_the_global_seed_alone(recipe, blobs, unmoved):
    learns = recipe not in PRESETS  # its parts do, one by one
    epochs = 30 if learns else 4

    def run():
        data, network = data_for(recipe, blobs)
        return fit(recipe, network, data, data, epochs=epochs, seed=5, eval_every=10)

    first, second = run(), run()
    assert first.history == second.history
    assert first.history[-1]["balanced_accuracy"] > 0.55 or not learns  # chance is 1/3
    for a, b in zip(first.model.parameters(), second.model.parameters(), strict=True):
        assert torch.equal(a, b)
    described = make_recipe(recipe, epochs).describe()
    assert json.loads(json.dumps(described)) == described
    assert sum(p.epochs for p in make_recipe(recipe, epochs).phases) == len(first.history)


@NO_ENEMIES
@pytest.mark.parametrize("loss", ["focal", "asl", "ldam"])
@pytest.mark.parametrize("rest", ["smote", "head:svm-smote", "drw+eos", "rs+crt"])
def test_joined_recipes_train(loss, rest, blobs):
    recipe = make_recipe(f"{loss}+{rest}", 4)
    assert all(
        p.loss is make_recipe(loss).phases[0].loss for p in recipe.phases if p.trains_network
    )
    result = fit(recipe, mlp((2,), 3, hidden=16), blobs, blobs)
    assert np.isfinite([row["loss"] for row in result.history]).all()


REBALANCING = {row.name: row.slots for row in CATALOG.values() if row.name in ("rw", "cb-rw", "rs")}


@pytest.mark.parametrize("rebalancing", REBALANCING.values(), ids=REBALANCING)
@pytest.mark.parametrize("method", LOSSES, ids=name)
def test_every_loss_combines_with_weights_and_sampling_deferred_or_not(method, rebalancing, blobs):
    cosine = [r.slots["loss"] for r in CATALOG.values() if r.head == "cosine"]
    head = CosineHead if method in cosine else None
    twice = getattr(getattr(method, "func", method), "takes_out_prior", False)
    said = "makes up for the class shares .* with (a sampler|class weights) .* twice, in favor"
    with pytest.warns(UserWarning, match=said) if twice else nullcontext():
        at_once = Recipe("at once", [Train(2, loss=method, **rebalancing)], head)
        deferred = [Train(1, loss=method), Train(1, loss=method, **rebalancing)]
    losses = [
        fit(recipe, mlp((2,), 3, hidden=4), blobs).history[-1]["loss"]
        for recipe in (at_once, Recipe("deferred", deferred, head))
    ]
    assert np.isfinite(losses).all()


def test_a_run_tells_its_methods_what_the_documentation_says(blobs):
    """The list of arguments known by name, in the page on methods of one's own."""

    class Curious(nn.CrossEntropyLoss):
        def __init__(self, temperature, weight=None):
            super().__init__(weight)

    with pytest.raises(InputError, match="Curious requires temperature, which the run does not"):
        fit(Recipe("x", [Train(1, loss=Curious)]), mlp((2,), 3), blobs)
    with pytest.raises(InputError, match="'gama'; did you mean gamma"):
        fit(Recipe("x", [Train(1, loss=partial(FocalLoss, gama=2.0))]), mlp((2,), 3), blobs)
