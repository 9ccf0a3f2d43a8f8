"""Methods on texts as tokens: those that act elsewhere work, those that move inputs are refused."""

import numpy as np
import pytest
import torch
from imblearn.over_sampling import RandomOverSampler
from imblearn.under_sampling import RandomUnderSampler
from torch import nn

from imbtorch import ArrayDataset, InputError, Recipe, Setup, Train, fit, make_recipe
from imbtorch.comparison.auto import fitting_recipes
from imbtorch.comparison.compare import compare
from imbtorch.comparison.task import Task
from imbtorch.comparison.tune import tune
from imbtorch.data.digests import digest_of
from imbtorch.data.load import LoadedData
from imbtorch.data.profiles.profile import Profile
from imbtorch.data.texts.tokens import PAD, TokenInput
from imbtorch.models import Classifier
from imbtorch.resampling import SMOTE
from imbtorch.training.movable import check_movable, moves_inputs

MOVING = {
    **{"m2m": "M2m", "amo": "M2m", "aos": "AOS", "mixup": "Mixup", "remix": "Remix"},
    **{"smote": "SMOTE", "borderline-smote": "BorderlineSMOTE", "svm-smote": "SVMSMOTE"},
    **{"balanced-svm": "BalancedSVM", "data:eos": "EOS", "balanced-softmax+remix+crt": "Remix"},
}
WORKING = ["ros", "rs", "focal+drw", "ldam", "crt", "eos", "head:smote", "tau-norm", "dos", "lmle"]


class Mean(nn.Module):
    """The mean of the tokens' embeddings; it fails on a batch that is wider than its texts."""

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(60, 8)

    def forward(self, x):
        there = x != PAD
        assert x.dtype == torch.int32
        assert bool(there.any(0).all())
        made = self.table(x.clamp_min(0)) * there[:, :, None]
        return made.sum(1) / there.sum(1, keepdim=True)


def network():
    torch.manual_seed(1)
    return Classifier(Mean(), nn.Linear(8, 2))


def texts(counts=(40, 12)):
    rng = np.random.default_rng(0)
    rows = np.full((sum(counts), 9), PAD, np.int32)
    y = np.repeat([0, 1], counts)
    for row, label in zip(rows, y, strict=True):
        n = rng.integers(2, 10)
        row[:n] = rng.integers(0, 50, n) + 10 * label
    return ArrayDataset(rows, y, tokens=True)


@pytest.mark.parametrize("name", WORKING)
def test_methods_that_act_elsewhere_work(name):
    fit(name, network(), texts(), texts(), epochs=3, setup=Setup(batch_size=16))


def test_texts_are_learned_alike_in_every_run():
    data, setup = texts((100, 30)), Setup(batch_size=16, lr=1.0)
    result, again = (fit("rs", network(), data, data, epochs=15, setup=setup) for _ in range(2))
    assert result.history[-1]["balanced_accuracy"] > 0.9
    assert again.history == result.history


@pytest.mark.parametrize(("name", "mover"), MOVING.items())
def test_methods_that_move_inputs_are_refused(name, mover):
    with pytest.raises(InputError) as caught:
        fit(name, network(), texts(), epochs=20)
    message = str(caught.value)
    assert message.startswith(f"recipe {make_recipe(name).name}: {mover} moves inputs")
    assert "numbers of tokens (int32)" in message
    assert "--freeze backbone" in message
    assert "\n" not in message


def test_over_samplers_of_ones_own():
    def of(sampler):
        return Recipe("own", [Train(1, resample=sampler)])

    assert moves_inputs(of(RandomOverSampler())) == ""
    assert moves_inputs(of(RandomUnderSampler())) == ""
    assert moves_inputs(of(RandomOverSampler(shrinkage=0.1))) == "RandomOverSampler"
    assert moves_inputs(of(SMOTE())) == "SMOTE"
    assert moves_inputs(of(SMOTE()), over=False) == ""


def test_what_are_tokens():
    recipe = make_recipe("smote")
    for dtype in (torch.int32, torch.int64):
        with pytest.raises(InputError, match="cannot be moved"):
            check_movable(recipe, ArrayDataset(torch.zeros(2, 3, dtype=dtype), [0, 1]))
    for dtype in (torch.uint8, torch.int16, torch.float32):
        check_movable(recipe, ArrayDataset(torch.zeros(2, 3, dtype=dtype), [0, 1]))
    check_movable(make_recipe("head:smote"), texts())


@pytest.fixture
def task():
    data, spec = texts(), TokenInput("{}", 9)
    made = Profile("stored", 1.0).measured(np.array([40, 12]))
    loaded = LoadedData("t", data, data, ("a", "b"), spec, made, (), digest_of(data))
    return Task(loaded, 0, "mlp", 2, Setup(), "none", "32-true")


def test_nothing_is_run_before_a_recipe_is_refused(task, tmp_path):
    with pytest.raises(InputError, match="recipe m2m: M2m moves inputs"):
        compare(task, ["erm", "m2m"], out=tmp_path / "out")
    with pytest.raises(InputError, match="recipe aos: AOS moves inputs"):
        tune(task, "aos", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_auto_leaves_out_what_moves_inputs(task):
    names = fitting_recipes(task.data.input, [50, 50])
    assert names == ["erm", "rs", "drw", "balanced-softmax", "ldam+drw", "eos"]
