"""Snapshots: an interrupted run ends as if it had not been interrupted."""

import linecache
from types import SimpleNamespace

import pytest
import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins import MixedPrecision

from imbtorch import (
    InputError,
    Recipe,
    RefitHead,
    Snapshots,
    Train,
    build_model,
    fit,
    make_recipe,
)
from imbtorch.losses import FocalLoss
from imbtorch.resampling import EOS
from imbtorch.samplers import ClassBalancedSampler
from imbtorch.training import DeepOversample
from imbtorch.training.phases import network_epochs
from imbtorch.training.snapshots import phases_to_run
from imbtorch.transforms import Mixup


class Killed(BaseException):
    """As a signal would end the run."""


def run(recipe, data, folder=None, kill_at=None, **options):
    """Fit, perhaps killed after an epoch of the history; return result and epochs trained."""
    snapshots = None if folder is None else Snapshots(folder, every=0, **options)
    trained = []

    def on_epoch(row):
        trained.append(row["epoch"])
        if row["epoch"] == kill_at:
            raise Killed

    model = build_model("mlp", (2,), 3, seed=0)
    return fit(recipe, model, data, data, on_epoch=on_epoch, snapshots=snapshots)


RECIPES = {
    "drs": make_recipe("drs", 10),
    "m2m": make_recipe("m2m", 10),
    "mixup": Recipe("mixup", [Train(6, batch=Mixup)]),
    "dos": Recipe("dos", [Train(2), DeepOversample(3), DeepOversample(3, k_majority=2)]),
    "eos": Recipe("eos", [Train(4, sampler=ClassBalancedSampler), RefitHead(3, resample=EOS)]),
}


@pytest.mark.parametrize("kill_at", [1, 4, 5, 6])
@pytest.mark.parametrize("name", RECIPES)
def test_a_killed_run_ends_as_if_it_had_not_been(name, kill_at, blobs, tmp_path):
    whole = run(RECIPES[name], blobs)
    with pytest.raises(Killed):
        run(RECIPES[name], blobs, tmp_path, kill_at)
    again = run(RECIPES[name], blobs, tmp_path)
    assert again.history == whole.history
    for (key, a), b in zip(
        whole.model.state_dict().items(), again.model.state_dict().values(), strict=True
    ):
        assert torch.equal(a, b), key


@pytest.mark.parametrize("network", ["small-cnn", "resnet32"])
def test_images_too(network, tmp_path):
    """Convolutions lie channels-last in memory; what is stored of them does not."""
    rng = torch.Generator().manual_seed(0)
    data = torch.rand(40, 3, 8, 8, generator=rng), torch.arange(40) % 3

    def fitted(folder=None, kill_at=None):
        def on_epoch(row):
            if row["epoch"] == kill_at:
                raise Killed

        model = build_model(network, (3, 8, 8), 3, seed=0)
        snapshots = None if folder is None else Snapshots(folder, every=0)
        return fit("drs", model, data, data, epochs=5, on_epoch=on_epoch, snapshots=snapshots)

    whole = fitted()
    with pytest.raises(Killed):
        fitted(tmp_path, 3)
    again = fitted(tmp_path)
    assert again.history == whole.history
    for a, b in zip(whole.model.parameters(), again.model.parameters(), strict=True):
        assert torch.equal(a, b)


def test_the_scale_of_the_loss_goes_on_too(blobs, tmp_path):
    """Of 16-mixed: found by trial, from 65,536 on, it would be found anew."""

    def scale(folder, kill_at=None):
        scaler = torch.amp.GradScaler("cpu", growth_interval=2)
        fabric = Fabric(
            accelerator="cpu", devices=1, plugins=MixedPrecision("16-mixed", "cpu", scaler)
        )

        def on_epoch(row):
            scales.append(scaler.get_scale())
            if row["epoch"] == kill_at:
                raise Killed

        scales, start = [], scaler.get_scale()
        try:
            model, states = build_model("mlp", (2,), 3, seed=0), Snapshots(folder, every=0)
            fit("erm", model, blobs, epochs=5, on_epoch=on_epoch, fabric=fabric, snapshots=states)
        except Killed:
            assert kill_at
        assert scaler.get_scale() == start  # the next fit does not begin where this one ended
        return scales[-1]

    whole = scale(tmp_path / "whole")
    assert whole > scale(tmp_path / "killed", 3) > 65_536
    assert scale(tmp_path / "killed") == whole


def test_what_recipes_share_is_trained_once(blobs, tmp_path, monkeypatch):
    counted = []
    train_epoch = network_epochs.train_epoch
    monkeypatch.setattr(
        network_epochs, "train_epoch", lambda *a: counted.append(1) or train_epoch(*a)
    )
    alone = {name: run(make_recipe(name, 10), blobs) for name in ("erm", "drs", "drw", "eos")}
    counted.clear()
    for name, epochs in (("erm", 10), ("drs", 2), ("drw", 2), ("eos", 0)):
        shared = run(make_recipe(name, 10), blobs, tmp_path, keep_at=[8])
        assert len(counted) == epochs
        assert shared.history == alone[name].history
        counted.clear()
    run(make_recipe("ldam+drw", 10), blobs, tmp_path)
    assert len(counted) == 10  # another head and loss: nothing to share


def test_the_second_network_counts_where_its_phase_is_shared(blobs, tmp_path):
    first, second = (run(make_recipe(n, 5), blobs, tmp_path) for n in ("m2m", "m2m+tau-norm"))
    assert first.pretrained_seconds > 0
    assert second.pretrained_seconds == pytest.approx(first.pretrained_seconds, rel=0.5)
    for a, b in zip(first.pretrained.parameters(), second.pretrained.parameters(), strict=True):
        assert torch.equal(a, b)


def test_a_longer_phase_goes_on_from_a_shorter(blobs, tmp_path):
    assert (
        run(make_recipe("drs", 10), blobs, tmp_path).history[:8]
        == (run(make_recipe("erm", 10), blobs, tmp_path).history[:8])
    )
    files = sorted(path.name for path in tmp_path.iterdir())
    assert len(files) == 3
    assert all(name.endswith(".state") for name in files)


def test_the_state_that_a_run_went_on_from_is_replaced(blobs, tmp_path):
    with pytest.raises(Killed):
        run(make_recipe("erm", 5), blobs, tmp_path, 3)
    run(make_recipe("erm", 5), blobs, tmp_path)
    assert [path.stem.rpartition("-")[2] for path in tmp_path.iterdir()] == ["5"]


def test_a_run_with_a_held_out_set_takes_nothing_that_was_not_measured(blobs, tmp_path):
    model, snapshots = build_model("mlp", (2,), 3, seed=0), Snapshots(tmp_path)
    fit("erm", model, blobs, epochs=2, snapshots=snapshots)
    rows = run(make_recipe("erm", 2), blobs, tmp_path).history
    assert all("balanced_accuracy" in row for row in rows)


@pytest.mark.parametrize("name", ["train", "val"])
def test_states_of_other_data_are_refused(name, blobs, tmp_path):
    run(make_recipe("erm", 2), blobs, tmp_path)
    x, y = blobs
    other = (x + 1, y)
    sets = {"train": blobs, "val": blobs, name: other}
    model = build_model("mlp", (2,), 3, seed=0)
    with pytest.raises(InputError, match=f"{name} is another data set than .* folder of its own"):
        fit("erm", model, sets["train"], sets["val"], epochs=2, snapshots=Snapshots(tmp_path))


def test_a_damaged_state_is_passed_over(blobs, tmp_path):
    with pytest.raises(Killed):
        run(RECIPES["dos"], blobs, tmp_path, 6)
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes()[:100])
    with pytest.warns(UserWarning, match=r"is damaged \(.*\) and is now called"):
        again = run(RECIPES["dos"], blobs, tmp_path)
    assert again.history == run(RECIPES["dos"], blobs).history


def test_objects_are_told_apart_by_their_parameters(blobs, tmp_path):
    losses = [
        run(Recipe("focal", [Train(3, loss=FocalLoss(gamma))]), blobs, tmp_path).history[-1]["loss"]
        for gamma in (0.0, 5.0)
    ]
    assert losses[0] != losses[1]


def test_changed_code_of_ones_own_is_trained_anew(blobs, tmp_path):
    def trained(body, folder):
        path = tmp_path / "mine.py"
        path.write_text(f"def loss():\n    return CrossEntropyLoss({body})\n")
        space = {"CrossEntropyLoss": torch.nn.CrossEntropyLoss, "__name__": "mine"}
        linecache.checkcache()
        exec(compile(path.read_text(), path, "exec"), space)
        return run(Recipe("own", [Train(2), Train(2, loss=space["loss"])]), blobs, folder).history

    states = tmp_path / "states"
    first, other = trained("", states), trained("label_smoothing=0.5", states)
    assert other[:2] == first[:2]  # the start is shared
    assert other == trained("label_smoothing=0.5", None) != first
    assert trained("", states) == first


def test_another_seed_or_other_counts_share_nothing(blobs, tmp_path):
    def history(data, seed):
        model = build_model("mlp", (2,), 3, seed=0)
        snapshots = Snapshots(tmp_path)
        return fit("erm", model, data, epochs=3, seed=seed, snapshots=snapshots).history

    x, y = blobs
    first = history(blobs, 0)
    assert history(blobs, 1) != first
    assert history((x[1:], y[1:]), 0) != first
    assert history(blobs, 0) == first


def test_one_process_alone():
    several = SimpleNamespace(fabric=SimpleNamespace(world_size=2))
    with pytest.raises(InputError, match="there are 2"):
        next(phases_to_run(several, make_recipe("erm", 2), Snapshots("unused")))
