"""Augmentation, schedule and average as parts of a recipe's name."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from imbtorch import InputError, Recipe, Setup, Snapshots, Train, build_model, fit, make_recipe
from imbtorch.comparison.duration import passes
from imbtorch.comparison.own_recipe import with_code
from imbtorch.comparison.suits import check_recipe, check_trains_head
from imbtorch.comparison.tune import named
from imbtorch.data import augment_by_name, crop_flip
from imbtorch.data.arrays import ArrayDataset
from imbtorch.models import mlp
from imbtorch.training.catalog import CATALOG

RESULTS = Path(__file__).resolve().parents[1] / "results"
STORED = [
    row
    for name in ("digits", "twitter", "mnist-100", "dos-5")
    for path in (RESULTS / name).rglob("results.jsonl")
    for row in map(json.loads, path.read_text().splitlines())
]


def trained(recipe, data, **options):
    return fit(recipe, mlp((2,), 3, hidden=8, seed=1), data, epochs=4, seed=3, **options)


def parameters(result):
    return torch.cat([p.flatten() for p in result.model.parameters()])


def test_stored_results_keep_their_identity():
    assert STORED
    for row in STORED:
        assert make_recipe(row["recipe"]["name"], row["epochs"]).describe() == row["recipe"]


def test_a_recipe_records_what_it_brings_and_nothing_else():
    assert {*make_recipe("drs").describe()} == {"name", "head", "phases"}
    assert {*Recipe("own", [Train(2)]).describe()} == {"name", "head", "phases"}
    described = make_recipe("ema:decay=0.99+autoaugment+drs+cosine", 5).describe()
    assert described["name"] == "drs+autoaugment+cosine+ema:decay=0.99"
    assert described["setup"] == {"schedule": "cosine", "ema": 0.99}
    assert described["augment"] == "crop-flip+auto:cifar+cutout"
    assert described["phases"] == make_recipe("drs", 5).describe()["phases"]


def test_a_recipe_brings_its_set_up_whatever_is_given(blobs):
    given = Setup(lr=0.05, batch_size=16, schedule="constant", ema=0.5)
    asked = Setup(lr=0.05, batch_size=16, schedule="cosine", ema=0.9)
    brought = trained("cosine+ema:decay=0.9", blobs, setup=given)
    said = trained("erm", blobs, setup=asked)
    assert brought.history == said.history
    assert torch.equal(parameters(brought), parameters(said))
    assert not torch.equal(parameters(brought), parameters(trained("erm", blobs, setup=given)))


def test_an_augmentation_of_the_recipe_takes_the_place_of_the_given_one(small_images):
    def run(recipe, augment):
        network = build_model("small-cnn", (3, 8, 8), 2, seed=0)
        return parameters(fit(recipe, network, small_images, augment=augment, epochs=1))

    cut = Recipe("cut", [Train(1)], augment="cutout")
    assert torch.equal(run(cut, crop_flip), run("erm", augment_by_name("cutout")))
    assert not torch.equal(run(cut, crop_flip), run("erm", crop_flip))


@pytest.fixture
def small_images():
    rng = torch.Generator().manual_seed(0)
    x = torch.randint(0, 256, (24, 3, 8, 8), generator=rng, dtype=torch.uint8)
    return x, torch.tensor([0] * 16 + [1] * 8)


def test_the_pretrained_network_is_the_same_for_all_recipes(blobs):
    setup = Setup(lr=0.05, batch_size=16)
    plain, brought = (trained(name, blobs, setup=setup) for name in ("m2m", "m2m+cosine+ema"))
    same = zip(plain.pretrained.parameters(), brought.pretrained.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in same)
    assert not torch.equal(parameters(plain), parameters(brought))


def test_snapshots_of_other_set_ups_are_not_shared(blobs, tmp_path):
    setup, snapshots = Setup(lr=0.05, batch_size=16), Snapshots(tmp_path, every=0)
    trained("erm", blobs, setup=setup, snapshots=snapshots)
    after = trained("cosine", blobs, setup=setup, snapshots=snapshots)
    assert torch.equal(parameters(after), parameters(trained("cosine", blobs, setup=setup)))
    counts = [60, 20, 8]
    assert passes(make_recipe("cosine", 4), counts)[0] != passes(make_recipe("erm", 4), counts)[0]


@pytest.mark.parametrize("name", ["autoaugment", "drs+autoaugment+eos"])
def test_an_augmentation_of_what_is_no_image_is_refused(name, blobs):
    with pytest.raises(InputError, match=r"needed by the augm.* shape \(2,\): leave that out"):
        trained(name, blobs)
    with pytest.raises(InputError, match=r"embedded once.* or choose --freeze none"):
        check_trains_head(make_recipe(name))
    check_trains_head(make_recipe("drs+cosine+ema+eos"))


def test_all_that_needs_images_is_said_at_once_and_before_training(blobs):
    task = SimpleNamespace(setup=Setup(), data=SimpleNamespace(train=ArrayDataset(*blobs)))
    parts = r"ProCo \(views=2\) and the augmentation crop-flip\+auto:cifar\+cutout"
    said = rf"strong is balanced-softmax\+pro.*: .* needed by {parts}, .* shape \(2,\): leave"
    with pytest.raises(InputError, match=said):
        check_recipe(task, make_recipe("strong"))
    for name in ("proco", "cutmix", "cmo"):
        with pytest.raises(InputError, match=r"images .* are needed"):
            check_recipe(task, make_recipe(name))
        with pytest.raises(InputError, match=r"embedded once.* or choose --freeze none"):
            check_trains_head(make_recipe(name))
    check_recipe(task, make_recipe("dbm+mixup+cosine+ema"))
    check_recipe(task, make_recipe("proco:views=0"))
    with pytest.raises(InputError, match="trains the features, and these are frozen"):
        check_trains_head(make_recipe("proco:views=0"))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("cosine+cosine", "cosine and cosine are both a schedule: keep one"),
        ("ema:decay=1", "decay is 1; it must be in"),
        ("ema:decay=0", "decay is 0; it must be in"),
        ("ema:decay=high", "decay is 'high'; a finite number"),
        ("ema:rate=0.9", "an option of ema is 'rate'; .*known are decay"),
        ("cosine:warmup=1", "cosine has no options; 'warmup' was given"),
        ("dos+sam", "dos trains in phases of its own, which take no sam: leave one"),
        ("triplet+proco", "triplet trains in phases of its own, which take no proco"),
        ("hgb+cosine", "trains no network.*leave cosine out"),
        ("head:cosine", "must precede an over-sampler"),
    ],
)
def test_what_cannot_be_joined_is_refused(name, said):
    with pytest.raises(InputError, match=said):
        make_recipe(name)


@pytest.mark.parametrize(
    ("setup", "said"),
    [
        ({"schedul": "cosine"}, "did you mean schedule"),
        ({"freeze": "backbone"}, "known are batch"),
        ({"ema": 1.0}, "ema is 1.0"),
        ({"schedule": "step-up"}, "schedule is 'step-up'"),
    ],
)
def test_a_recipe_object_with_a_wrong_set_up_is_refused(setup, said):
    with pytest.raises(InputError, match=said):
        Recipe("own", [Train(1)], setup=setup)


def test_an_unknown_augmentation_is_refused():
    with pytest.raises(InputError, match="augment is 'cut-out'; did you mean cutout"):
        Recipe("own", [Train(1)], augment="cut-out")


def test_own_code_keeps_what_a_recipe_brings():
    class Loss(torch.nn.CrossEntropyLoss):
        pass

    made = with_code(Recipe("own", [Train(1, loss=Loss)], setup={"ema": 0.5}, augment="crop"))
    assert made.describe().keys() > {"setup", "augment", "code"}


@pytest.mark.parametrize("row", [r for r in CATALOG.values() if r.kind == "preset"])
def test_a_preset_is_short_for_its_parts(row):
    short, long = make_recipe(row.name, 8).describe(), make_recipe(row.recipe, 8).describe()
    assert (short.pop("name"), long.pop("name")) == (row.name, row.recipe)
    assert short == long
    assert make_recipe(f"{row.name}+eos").name == make_recipe(f"eos+{row.name}").name
    assert make_recipe(f"{row.name}+eos").name == f"{row.name}+eos"
    with pytest.raises(InputError, match=rf"{row.name} takes none: write .*balanced-softmax"):
        make_recipe(f"{row.name}:tau=1")
    with pytest.raises(InputError, match=rf"ema \(of {row.name}\) and ema are both an average"):
        make_recipe(f"{row.name}+ema:decay=0.5")


def test_a_tuned_preset_keeps_its_name_unless_its_own_parts_are_tuned(monkeypatch):
    assert named("strong-fast+eos", {"k": 50}) == "strong-fast+eos:k=50"
    with_options = replace(CATALOG["strong-fast"], recipe="balanced-softmax+cutmix+ema")
    monkeypatch.setitem(CATALOG, "strong-fast", with_options)
    assert named("strong-fast", {"p": 1.0}) == "balanced-softmax+cutmix:p=1.0+ema"
