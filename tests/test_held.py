"""What cannot be told apart shares no state: closures, methods, mappings, objects, typed code."""

import threading
from functools import partial
from itertools import combinations

import numpy as np
import pytest
import torch
from torch import nn

from imbtorch import Recipe, Train, fit, make_recipe
from imbtorch.comparison.own_recipe import with_code
from imbtorch.losses import FocalLoss
from imbtorch.models import mlp
from imbtorch.training import Snapshots
from imbtorch.training.held import state_of
from imbtorch.training.own_code import code_of
from imbtorch.transforms import Mixup


class Holds:
    """An object that holds anything."""

    def __init__(self, what):
        self.what = what

    def shifted(self, x, rng=None):
        return x + self.what


class Slotted:
    __slots__ = ("__what",)

    def __init__(self, what):
        self.__what = what


class Around(nn.Module):
    """A module around another thing."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner


def closed(over):
    return lambda x, rng=None: x + over


def cyclic(number):
    thing = Holds(number)
    return Holds({"self": Holds([thing, thing]), "back": thing})


MAKES = {
    "closure": closed,
    "closure of a closure": lambda n: closed(closed(n)),
    "bound method": lambda n: Holds(n).shifted,
    "mapping": lambda n: Holds({0: 1, 1: n}),
    "object": lambda n: Holds(Holds(n)),
    "slots": lambda n: Holds(Slotted(n)),
    "list of objects": lambda n: Holds([Holds({"n": n})]),
    "cycle": cyclic,
    "module": lambda n: Around(FocalLoss(float(n))),
    "module in a module": lambda n: Around(nn.Sequential(Around({"n": torch.tensor(n)}))),
    "generator": lambda n: Mixup(2, seed=n),
    "random state": lambda n: Holds(np.random.RandomState(n)),
    "words": lambda n: Holds(np.array(["a", str(n)])),
    "partial": lambda n: partial(FocalLoss, gamma=Holds({"n": n})),
    "functions": lambda n: Holds({closed(n), closed(n + 1)}),
}


@pytest.mark.parametrize("make", MAKES.values(), ids=MAKES)
def test_what_holds_other_things_is_another(make):
    assert state_of([make(1)]) == state_of([make(1)]) != ""
    assert state_of([make(1)]) != state_of([make(2)])
    recipes = [with_code(Recipe("own", [Train(1, loss=make(n))])) for n in (1, 2)]
    assert recipes[0].describe() != recipes[1].describe()


def test_what_is_described_has_no_further_state():
    plain = [FocalLoss(2.0), nn.CrossEntropyLoss(torch.ones(2)), partial(max, 1), Holds(1.0)]
    assert state_of([*plain, *make_recipe("ldam+drw+eos", 5).phases]) == ""


def test_what_cannot_be_looked_into_is_another_in_each_process(monkeypatch):
    first = state_of([Holds(threading.Lock())])
    monkeypatch.setattr("imbtorch.training.held._TOKEN", "another process")
    assert state_of([Holds(threading.Lock())]) != first


def typed(text):
    space = {"nn": nn, "__name__": "__main__"}
    exec(text, space)
    return space["Mine"]


def test_code_that_was_typed_in_is_told_apart():
    text = "class Mine(nn.Module):\n    size = 1\n    def forward(self, z):\n        return 2 * z\n"
    edited = [text.replace("2 * z", "3 * z"), text.replace("size = 1", "size = 2")]
    edited.append(text.replace("    def", "    @property\n    def").replace("2", "4"))
    for one, other in combinations([text, *edited], 2):
        assert code_of([typed(one)]) == code_of([typed(one)]) != code_of([typed(other)])


def test_another_closure_starts_no_run_from_the_state_of_the_first(blobs, tmp_path):
    def trained(by, snapshots):
        how = {"epochs": 2, "augment": closed(by), "snapshots": snapshots}
        network = mlp((2,), 3, seed=0)
        return fit("erm", network, blobs, **how).history[-1]["loss"]

    trained(0.0, Snapshots(tmp_path))
    assert trained(1.0, Snapshots(tmp_path)) == trained(1.0, None)
