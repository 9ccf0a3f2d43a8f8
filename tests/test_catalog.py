"""The catalog: rows are whole, and names and options become recipes."""

import re
from pathlib import Path

import numpy as np
import pytest
from torch.utils.data import TensorDataset

from imbtorch import InputError, Setup, make_recipe
from imbtorch.training.catalog import CATALOG
from imbtorch.training.recipes import split_list
from imbtorch.training.run import Run

DOCS = Path(__file__).resolve().parents[1] / "docs"


@pytest.mark.parametrize("row", CATALOG.values(), ids=lambda row: row.name)
def test_rows_are_whole(row):
    assert re.fullmatch(r"[a-z0-9-]+", row.name)
    assert row.slots or row.recipe or row.name == "erm"
    assert bool(row.recipe) == (row.kind == "preset")
    assert row.summary
    assert row.summary[-1] != "."
    assert row.paper
    assert (DOCS / "methods" / f"{row.page}.md").exists()
    if row.kind != "loss":
        assert row.head == "linear"


def test_names_are_joined_in_any_order_and_only_once():
    one, other = make_recipe("drw+ldam", 10), make_recipe("ldam+drw", 10)
    assert one.describe() == other.describe()
    assert one.name == "ldam+drw"
    assert one.describe()["head"] == {"name": "CosineHead", "scale": 30.0}
    assert make_recipe("erm+eos").name == make_recipe("head:eos").name == "eos"
    assert make_recipe("eos:n_neighbors=30").name == "eos:k=30"
    with pytest.raises(InputError, match="drw and rs are both a method"):
        make_recipe("drw+rs")
    with pytest.raises(InputError, match="did you mean focal"):
        make_recipe("eos+focl")


def test_options_belong_to_the_part_they_follow():
    recipe = make_recipe("focal:gamma=2+m2m:beta=0.5+eos:k=7:direction=away", 10)
    first, last, head = (phase.describe() for phase in recipe.phases)
    assert first["loss"]["gamma"] == last["loss"]["gamma"] == 2
    assert last["batch"]["beta"] == 0.5
    assert head["resample"]["direction"] == "away"
    assert head["resample"]["n_neighbors"] == 7
    assert recipe.name == "focal:gamma=2+m2m:beta=0.5+eos:k=7:direction=away"


def test_options_of_phases_heads_and_deferral():
    dos = [phase.describe() for phase in make_recipe("dos:k_minority=3:alpha=0.5", 8).phases]
    assert [row.get("k_minority") for row in dos] == [None, 3, 3, 3]
    assert dos[-1]["alpha"] == 0.5
    assert [p.epochs for p in make_recipe("dos:rounds=1", 8).phases] == [4, 4]
    assert [p.epochs for p in make_recipe("m2m:defer=0", 10).phases] == [10]
    assert [p.epochs for p in make_recipe("smote:defer=0.5", 10).phases] == [5, 5]
    assert make_recipe("crt:epochs=3:start=trained").phases[-1].epochs == 3
    assert make_recipe("knn:k=9").phases[-1].n_neighbors == 9
    assert make_recipe("lmle:k=9", 8).phases[-1].n_neighbors == 9


def test_an_over_sampler_acts_where_it_is_told():
    places = {"smote": 1, "data:smote": 1, "head:smote": 2, "eos": 2, "head:eos": 2, "data:eos": 1}
    for name, phases in places.items():
        assert len(make_recipe(name).phases) == phases, name
    assert make_recipe("data:smote").name == "smote"
    with pytest.raises(InputError, match="must precede an over-sampler"):
        make_recipe("head:focal")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("dos:k_minorty=3", "an option of dos is 'k_minorty'; did you mean k_minority"),
        ("dos:k_minority", "option 'k_minority'; name=value"),
        ("dos:k_minority=-1", "k_minority is -1"),
        ("erm:beta=1", "known are defer"),
        ("m2m:beta=high", "beta is 'high'; a finite number is needed"),
        ("m2m:defer=2", "defer is 2; it must be a fraction"),
        ("eos:nn=3", "an option of eos is .nn."),
        ("doss:k_minority=3", "did you mean dos"),
        ("ldam-drw", "did you mean ldam"),
        ("focal+triplet", "takes no other"),
        ("", "recipe is ''"),
    ],
)
def test_what_is_no_recipe_is_refused(name, said):
    with pytest.raises(InputError, match=said):
        make_recipe(name)


def test_lists_of_names_keep_what_stands_in_brackets():
    assert split_list("erm,lmle:margins=[0.1,0.1,0.2], eos") == [
        "erm",
        "lmle:margins=[0.1,0.1,0.2]",
        "eos",
    ]
    assert make_recipe("lmle:margins=[0.1,0.1,0.2]", 8)


def test_the_documentation_lists_what_a_run_knows(blobs):
    x, y = blobs
    page = (DOCS / "howto" / "own-method.md").read_text()
    (line,) = re.findall(r"^Known by name: (.+?)\.$", page, re.M | re.S)
    run = Run.__new__(Run)
    run.setup = Setup()
    run.train, run.labels, run.counts = TensorDataset(x, y), y, np.bincount(y).tolist()
    listed = set(re.findall(r"`(\w+)`", line))
    assert listed == {*run.known("test"), "weight", "compile"}
