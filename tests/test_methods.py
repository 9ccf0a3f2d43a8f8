"""One table of all methods: what is true of each loss, transform, sampler and recipe.

A new method adds its row here and is tested like the others.
"""

import inspect
import json
import re
from functools import partial

import numpy as np
import pytest
import torch
from imblearn.over_sampling import RandomOverSampler
from torch import nn

import imbtorch
from imbtorch import RECIPES, InputError, Recipe, Train, fit, make_recipe
from imbtorch.losses import (
    AsymmetricLoss,
    BalancedSoftmaxLoss,
    CDTLoss,
    FocalLoss,
    LDAMLoss,
    LogitAdjustedLoss,
    effective_number_weights,
    inverse_frequency_weights,
)
from imbtorch.models import CosineHead, mlp
from imbtorch.resampling import EOS, SVMSMOTE, BorderlineSMOTE
from imbtorch.resampling.apply import resample
from imbtorch.samplers import ClassBalancedSampler
from imbtorch.training.slots import build, describe
from imbtorch.transforms import AOS, M2m, Mixup, Remix

COUNTS = [60, 20, 8]
GENERATOR = nn.Linear(2, 3)
KNOWN = {
    "class_counts": lambda: COUNTS,
    "counts": lambda: COUNTS,
    "num_classes": lambda: 3,
    "pretrained": lambda: GENERATOR,
    "labels": lambda: np.repeat([0, 1, 2], COUNTS),
    "random_state": lambda: 0,
    "seed": lambda: 0,
}

LOSSES = [
    nn.CrossEntropyLoss,
    LDAMLoss,
    FocalLoss,
    partial(FocalLoss, gamma=2.0),
    AsymmetricLoss,
    BalancedSoftmaxLoss,
    LogitAdjustedLoss,
    CDTLoss,
]
TRANSFORMS = [M2m, partial(M2m, lam=0.5, gamma=0.0), AOS, partial(AOS, p=1.0)]
MIXING_TRANSFORMS = [Mixup, partial(Mixup, alpha=0.2), Remix]
RESAMPLERS = [
    EOS,
    partial(EOS, n_neighbors=3),
    RandomOverSampler,
    smote,
    partial(BorderlineSMOTE, top_up=True),
    partial(SVMSMOTE, top_up=True),
]
SAMPLERS = [ClassBalancedSampler]


def name(method):
    return json.dumps(describe(method))


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


@pytest.mark.parametrize("method", TRANSFORMS, ids=name)
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


@pytest.mark.parametrize("method", MIXING_TRANSFORMS, ids=name)
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


@pytest.mark.filterwarnings("ignore:class .* has no enemy", "ignore:.* leaves classes short")
@pytest.mark.parametrize("method", RESAMPLERS, ids=name)
def test_resamplers_balance_and_keep_the_real_rows(method, blobs):
    x, y = blobs
    x_new, y_new = resample(build(method, KNOWN), x, y)
    assert torch.bincount(y_new).tolist() == [60, 60, 60]
    assert torch.equal(x_new[: len(x)], x)
    assert torch.equal(y_new[: len(y)], y)
    again, _ = resample(build(method, KNOWN), x, y)
    assert torch.equal(x_new, again)


@pytest.mark.parametrize("method", SAMPLERS, ids=name)
def test_samplers_follow_seed_and_epoch(method):
    sampler = build(method, KNOWN)
    sampler.set_epoch(1)
    first = list(sampler)
    assert len(first) == len(sampler)
    sampler.set_epoch(2)
    assert list(sampler) != first
    sampler.set_epoch(1)
    assert list(sampler) == first


SMALL_RECIPES = [name for name in RECIPES if name not in ("eos-100", "eos-200", "eos-300")]
"""Those that 88 samples are enough for."""


@pytest.mark.filterwarnings("ignore:class .* has no enemy", "ignore:.* leaves classes short")
@pytest.mark.parametrize("recipe", SMALL_RECIPES)
def test_recipes_train_repeat_exactly_and_leave_the_global_seed_alone(recipe, blobs):
    def run():
        torch.manual_seed(11)
        model = mlp((2,), 3, hidden=16)
        before = torch.get_rng_state()
        result = fit(recipe, model, blobs, blobs, epochs=30, seed=5)
        assert torch.equal(before, torch.get_rng_state())
        return result

    first, second = run(), run()
    assert first.history == second.history
    assert first.history[-1]["balanced_accuracy"] > 0.55  # chance is 1/3
    for a, b in zip(first.model.parameters(), second.model.parameters(), strict=True):
        assert torch.equal(a, b)
    described = make_recipe(recipe, 30).describe()
    assert json.loads(json.dumps(described)) == described
    assert sum(p.epochs for p in make_recipe(recipe, 30).phases) == len(first.history)


@pytest.mark.filterwarnings("ignore:class .* has no enemy", "ignore:.* leaves classes short")
@pytest.mark.parametrize("loss", ["focal", "asl", "ldam"])
@pytest.mark.parametrize("rest", ["smote", "head-svm-smote", "drw+eos", "rs+crt"])
def test_joined_recipes_train(loss, rest, blobs):
    recipe = make_recipe(f"{loss}+{rest}", 4)
    assert all(
        p.loss is make_recipe(loss).phases[0].loss for p in recipe.phases if p.trains_network
    )
    result = fit(recipe, mlp((2,), 3, hidden=16), blobs, blobs)
    assert np.isfinite([row["loss"] for row in result.history]).all()


def test_names_of_recipes_join_in_any_order_and_only_once():
    one, other = make_recipe("drw+ldam", 10).describe(), make_recipe("ldam-drw", 10).describe()
    assert one["phases"] == other["phases"]
    assert one["head"] == other["head"] == {"name": "CosineHead", "scale": 30.0}
    assert make_recipe("eos-300").phases[1].describe()["resample"]["n_neighbors"] == 300
    with pytest.raises(InputError, match="drw and rs are both a method"):
        make_recipe("drw+rs")
    with pytest.raises(InputError, match="did you mean focal"):
        make_recipe("eos+focl")


REBALANCING = {
    "RW": {"weights": inverse_frequency_weights},
    "CB-RW": {"weights": effective_number_weights},
    "RS": {"sampler": ClassBalancedSampler},
}


@pytest.mark.parametrize("rebalancing", REBALANCING.values(), ids=REBALANCING)
@pytest.mark.parametrize("method", LOSSES, ids=name)
def test_every_loss_combines_with_weights_and_sampling_deferred_or_not(method, rebalancing, blobs):
    head = CosineHead if method is LDAMLoss else None
    at_once = Recipe("at once", [Train(2, loss=method, **rebalancing)], head)
    deferred = [Train(1, loss=method), Train(1, loss=method, **rebalancing)]
    losses = [
        fit(recipe, mlp((2,), 3, hidden=4), blobs).history[-1]["loss"]
        for recipe in (at_once, Recipe("deferred", deferred, head))
    ]
    assert np.isfinite(losses).all()


@pytest.mark.parametrize("public", imbtorch.__all__)
def test_public_names_say_what_they_take(public):
    thing = getattr(imbtorch, public)
    if not callable(thing) or (issubclass(type(thing), type) and issubclass(thing, Exception)):
        return
    text = inspect.getdoc(thing) or ""
    assert text, f"{public} has no docstring"
    for parameter in inspect.signature(thing).parameters.values():
        if parameter.name in ("self", "args", "kwargs"):
            continue
        assert re.search(rf"\b{parameter.name}\b", text), f"{public} does not say {parameter.name}"
