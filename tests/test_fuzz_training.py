"""Odd input, fit, set-up and recipes: the result is right, or an error says what would be.

Values of torch's own refusal that name the argument's value (a label out of bounds in a loss) and
scikit-learn's ValueErrors count as such errors; NaN never comes out of input without it.
"""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.data import TensorDataset

from few_steps import few_steps
from imbtorch import RECIPES, InputError, Setup, fit, make_recipe
from imbtorch.data import crop_flip
from imbtorch.models import Classifier, mlp

NAN, INF = float("nan"), float("inf")
POINTS = np.concatenate(
    [np.random.default_rng(k).normal(k, 1, (n, 3)) for k, n in enumerate((40, 12, 5))]
)
POINT_LABELS = np.repeat([0, 1, 2], [40, 12, 5])


def train(x, y, recipe="erm", classes=3, **options):
    result = fit(recipe, mlp((2,), classes, hidden=4), (x, y), epochs=2, **options)
    assert all(p.isfinite().all() for p in result.model.parameters())
    assert np.isfinite(result.history[-1]["loss"])
    return result


PLANE = POINTS[:, :2].astype(np.float32)
ODD = torch.tensor(PLANE)
ODD[[3, 50], 0] = NAN


@pytest.mark.parametrize("recipe", [*map(few_steps, RECIPES)])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_recipes_train_with_one_sample_of_a_class_or_say_why_not(recipe):
    y = np.append(POINT_LABELS[:52], 2)
    try:
        train(PLANE[:53], y, recipe)
    except InputError as error:
        named = ("one sample", "noise", "n_neighbors", "images")
        assert any(word in str(error) for word in named)  # noqa: PT017


@pytest.mark.parametrize(
    "x",
    [
        PLANE.astype(np.float16),
        PLANE.astype(np.float64),
        PLANE > 0,
        PLANE[::-1],
        np.asfortranarray(PLANE),
        PLANE.tolist(),
    ],
    ids=["f16", "f64", "bool", "backwards", "fortran", "list"],
)
def test_fit_takes_any_numbers(x):
    train(x, POINT_LABELS)


def test_fit_takes_a_thousand_classes():
    x = np.random.default_rng(0).normal(size=(1010, 2))
    y = np.concatenate([np.arange(1000), np.zeros(10, int)])
    for recipe in ("m2m", "eos"):
        train(x, y, recipe, classes=1000)


@pytest.mark.parametrize(
    ("x", "y", "said"),
    [
        (PLANE[:0], POINT_LABELS[:0], "empty"),
        (np.c_[PLANE, PLANE], POINT_LABELS, r"cannot take samples of shape \(4,\)"),
        (PLANE[:, 0], POINT_LABELS, r"of shape \(\)"),
        ((PLANE * 9).astype(np.int64), POINT_LABELS, "dtype torch.int64"),
        (PLANE * NAN, POINT_LABELS, "NaN"),
        (PLANE + 1j, POINT_LABELS, "complex"),
        (PLANE, np.array(["a", "b", "c"])[POINT_LABELS], "y is of type <U1"),
        (PLANE, POINT_LABELS + 0.5, "whole numbers"),
        (PLANE, np.eye(3)[POINT_LABELS], "one label per sample"),
        (PLANE, POINT_LABELS + 1, "labels up to 3"),
    ],
)
def test_fit_says_what_it_cannot_take(x, y, said):
    with pytest.raises(InputError, match=said):
        train(x, y)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"recipe": None}, "recipe is a NoneType"),
        ({"recipe": "m2m:beta=x"}, "beta is 'x'"),
        ({"recipe": "m2m:beta=2"}, "beta is 2"),
        ({"recipe": "eos:n_neighbors=500"}, "n_neighbors is 500"),
        ({"seed": -1}, "seed"),
        ({"seed": 1.5}, "seed is 1.5"),
        ({"seed": 2**64}, "seed is 18446744073709551616"),
        ({"eval_every": 0}, "eval_every"),
        ({"eval_every": 1.5}, "eval_every is 1.5"),
        ({"val": (np.c_[PLANE, PLANE], POINT_LABELS)}, r"samples of shape \(4,\) .* from val"),
        ({"val": TensorDataset(ODD, torch.tensor(POINT_LABELS))}, r"val .* 2 of 57 rows \(3, 50\)"),
        ({"val": (PLANE, POINT_LABELS + 1)}, "val has labels 1 to 3"),
        ({"val": (PLANE * NAN, POINT_LABELS)}, "NaN"),
        ({"val": 5}, "data is a int"),
        ({"augment": crop_flip}, "images of shape"),
        ({"recipe": "m2m:beta=0.5:gamma=0", "pretrained": nn.Linear(2, 2)}, "pretrained makes"),
    ],
)
def test_fit_says_which_option_is_wrong(options, said):
    with pytest.raises(InputError, match=said):
        train(PLANE, POINT_LABELS, **options)


class Items(torch.utils.data.Dataset):
    def __init__(self, item):
        self.item = item

    def __len__(self):
        return 9

    def __getitem__(self, index):
        return self.item(index)


@pytest.mark.parametrize(
    "item",
    [
        lambda i: (torch.ones(2), "a"),
        lambda i: (torch.ones(2), torch.eye(3)[i % 3]),
        lambda i: (torch.ones(2), i % 3, i),
        lambda i: {"x": torch.ones(2)},
        lambda i: torch.ones(3),
        lambda i: (torch.ones(5), i % 3),
    ],
)
def test_fit_says_what_is_wrong_with_a_dataset(item):
    with pytest.raises(InputError, match=r"not a pair|cannot take"):
        fit("erm", mlp((2,), 3), Items(item), epochs=1)


def test_fit_needs_a_length():
    class Stream(torch.utils.data.IterableDataset):
        def __iter__(self):
            return iter([(torch.ones(2), 0)])

    with pytest.raises(InputError, match="has a length"):
        fit("erm", mlp((2,), 3), Stream(), epochs=1)


@pytest.mark.parametrize(
    "name", ["batch_size", "lr", "decay", "momentum", "weight_decay", "warmup"]
)
def test_setup_refuses_what_would_train_nan(name):
    for value in (NAN, -1, INF):
        with pytest.raises(InputError, match=name):
            Setup(**{name: value})


@pytest.mark.filterwarnings("ignore:.* made up for twice:UserWarning")
@settings(deadline=None, max_examples=100)
@given(
    st.one_of(
        st.text(max_size=30),
        st.lists(st.sampled_from([*RECIPES, "x", ""]), max_size=4).map("+".join),
        st.tuples(st.sampled_from(RECIPES), st.text(max_size=9)).map(":".join),
    )
)
def test_a_recipe_has_a_name_or_an_input_error(name):
    try:
        recipe = make_recipe(name, 10)
    except InputError:
        return
    trains = any(phase.trains_network for phase in recipe.phases)  # not so hgb and logistic
    assert recipe.epochs == 10 * trains
    again = make_recipe(recipe.name, 10)  # the name is the canonical one of this very recipe
    assert again.describe() == recipe.describe()


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        *((name, name) for name in RECIPES),
        ("drw+focal:gamma=2", "focal:gamma=2+drw"),
        (" ldam + eos:n_neighbors=50 ", "ldam+eos:k=50"),
        ("erm+knn", "knn"),
        ("ldam+erm", "ldam"),
        ("head:eos", "eos"),
        ("data:eos+crt", "data:eos+crt"),
        ("data:smote", "smote"),
    ],
)
def test_a_recipe_has_its_canonical_name(name, canonical):
    assert make_recipe(name).name == canonical


@pytest.mark.parametrize("epochs", [0, -1, 1.5, NAN])
def test_epochs_are_whole(epochs):
    with pytest.raises(InputError, match="epochs"):
        make_recipe("erm", epochs)


def test_sequences_of_embeddings_are_refused():
    network = Classifier(nn.Unflatten(1, (2, 1)), nn.Linear(1, 3))  # (B, 2, 1)
    for recipe in ("erm", "eos"):
        with pytest.raises(InputError, match=r"logits of shape \(1, 2, 3\) .*of train"):
            fit(recipe, network, (PLANE, POINT_LABELS), epochs=1)
