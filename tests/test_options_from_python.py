"""`imbtorch.compare` on a name of data: networks of one's own, options, decisions, folds."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from imbtorch import InputError, Setup, compare, split_head
from imbtorch.comparison.asked_task import asked_task
from imbtorch.comparison.given_data import given_data


def make():
    return split_head(nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 2)))


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    length, width = np.random.default_rng(0).normal(size=(2, 80))
    label = np.where(np.arange(80) % 4, "ok", "fraud")
    path = tmp_path_factory.mktemp("table") / "t.csv"
    frame = pd.DataFrame({"length": length + 2 * (label == "ok"), "width": width, "label": label})
    frame.to_csv(path, index=False)
    return str(path)


def task(data, model=make, setup=None, **options):
    return asked_task(data, model, 1, setup, 0, options)


def test_each_fold_is_held_out_once_with_a_network_of_ones_own(table):
    folded = task(table, folds=4)
    assert (folded.folds, folded.model) == (4, "own")
    held = np.concatenate([folded.at(seed).data.fold.test for seed in range(4)])
    assert sorted(held.tolist()) == [*range(80)]
    first, other = (folded.at(seed).network(seed).features[0].weight for seed in (0, 1))
    assert not torch.equal(first, other)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"lr": 0.1, "ema": 0.9}, r"^lr, ema cannot be set where model is a network of your own"),
        ({"freeze": "backbone"}, r"setup=Setup\(freeze=\.\.\.\)"),
        ({"from_scratch": True}, "from_scratch cannot be set where model is a network of your"),
        ({"model": "mlp", "setup": Setup(), "batch_size": 7}, "batch_size .* setup is given"),
        ({"lable": "label"}, "an option is 'lable'; did you mean label"),
    ],
)
def test_an_option_without_effect_is_refused(table, how, said):
    with pytest.raises(InputError, match=said):
        task(table, **how)


def test_a_set_up_and_what_it_does_not_say_go_together(table):
    made = task(table, setup=Setup(lr=0.5), test_split="none", label="label")
    assert (made.setup.lr, made.epochs, made.precision) == (0.5, 1, "32-true")
    assert task(table, "mlp", lr=0.25).setup.lr == 0.25


@pytest.mark.usefixtures("no_report")
def test_a_decision_is_chosen_from_python_too(table, tmp_path):
    how = {"recipes": ["erm"], "seeds": 1, "epochs": 1, "out": tmp_path, "progress": False}
    (row,) = compare(table, model=make, decide="f1", shots="5,30", **how).rows
    assert row["decide"] == {"maximizes": "f1"}
    with pytest.raises(InputError, match="leave the other out"):
        compare(table, decide="f1", cost="costs.csv", **how)


def test_copies_at_hand_stay_on_one_side():
    x = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
    y = (np.arange(40) % 5 == 0).astype(int)
    four = np.tile(x, (4, 1)), np.tile(y, 4)
    as_set = torch.utils.data.TensorDataset(*map(torch.tensor, four))
    for given in (four, as_set):
        data = given_data(given)
        train, test = ({tuple(x.tolist()) for x, _ in part} for part in (data.train, data.test))
        assert (len(train) + len(test), len(train & test), data.leaked) == (40, 0, 0)
        assert data.notes[-1] == "120 samples are copies of others: copies stay together"
        assert len(data.division.units[0]) == len(train)
    assert given_data(((x, y), (x[:12], y[:12]))).leaked == 12
