"""Over-samplers that train networks: what all of them keep to, on images and vectors."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from imblearn.utils.estimator_checks import parametrize_with_checks
from sklearn.base import clone

from damage import flipped
from imbtorch import InputError, fit
from imbtorch.models import mlp
from imbtorch.resampling import BAGAN, CGAN, GAMO, DeepSMOTE
from imbtorch.resampling.generative.samples import Samples, warn_if_flat
from imbtorch.resampling.generative.training import Diverged, train_steps
from imbtorch.training import Pretrained
from imbtorch.training.slots import describe

SAMPLERS = [BAGAN, CGAN, GAMO, DeepSMOTE]
SMALL = {"steps": 2, "width": 2, "latent_size": 3, "batch_size": 8, "random_state": 0}
every = pytest.mark.parametrize("make", SAMPLERS)
flat = pytest.mark.filterwarnings("ignore:.* the samples it made are:UserWarning")
checks = parametrize_with_checks([make(**SMALL) for make in SAMPLERS])


@flat
@pytest.mark.parametrize(checks.args[0], list(checks.args[1]), **checks.kwargs)
def test_keeps_the_contract_of_imbalanced_learn(estimator, check):
    check(estimator)


def made(shape, dtype=np.uint8, counts=(12, 5, 1)):
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(60 * k + 60, 20.0, (n, *shape)) for k, n in enumerate(counts)])
    return x.clip(0, 255).astype(dtype), np.repeat(np.arange(len(counts)), counts)


@flat
@every
@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 9, 13), (3, 64, 64), (5, 4), (7,)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_makes_what_is_lacking_in_shape_kind_and_range(make, shape, dtype):
    x, y = made(shape, dtype)
    sampler = make(**SMALL)
    new_x, new_y = sampler.fit_resample(x, y)
    assert (new_x.dtype, new_x.shape) == (x.dtype, (36, *shape))
    assert np.bincount(new_y).tolist() == [12, 12, 12]
    assert np.array_equal(new_x[:18], x)
    assert x.min() <= new_x.min()
    assert new_x.max() <= x.max()
    assert new_y[18:].tolist() == [1] * 7 + [2] * 11
    assert (y[sampler.nearest_indices_] == new_y[18:]).all()
    gap = new_x[18:].astype(float) - x[sampler.nearest_indices_].astype(float)
    distances = np.sqrt((gap.reshape(18, -1) ** 2).mean(1))
    assert sampler.distances_ == pytest.approx(distances, abs=0.5 if dtype == np.uint8 else 1e-2)
    assert {k: len(v) for k, v in sampler.examples_.items()} == {1: 7, 2: 8}
    assert np.array_equal(sampler.examples_[1], new_x[18:25])
    again = make(**SMALL).fit_resample(torch.from_numpy(x), torch.from_numpy(y))
    assert torch.equal(again[0], torch.from_numpy(new_x))


@flat
@every
def test_nothing_is_trained_where_nothing_is_lacking(make):
    x, y = made((6,), np.float32, (5, 5))

    def train(*_):
        raise AssertionError

    assert len(make(**SMALL, once=train).fit_resample(x, y)[0]) == 10


@every
@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("steps", 0), ("batch_size", 1), ("lr", 0.0), ("latent_size", 0), ("width", 1.5)],
        *[("lr", "fast"), ("device", "foo"), ("steps", None)],
    ],
)
def test_impossible_arguments_are_refused(make, name, value):
    with pytest.raises(InputError, match=f"{name} is {value!r}"):
        make(**{**SMALL, name: value}).fit_resample(*made((6,), np.float32))


def test_a_training_that_diverges_ends_at_once():
    with pytest.raises(Diverged, match="loss is nan at step 25 of 99; a smaller lr"):
        train_steps(99, lambda: {"loss": torch.tensor(float("nan"))}, title="X")


@flat
@every
def test_runs_of_all_seeds_share_the_networks_but_not_the_samples(make, tmp_path):
    x, y = made((4,), np.float32)
    names = {"BAGAN": "bagan", "CGAN": "cgan", "GAMO": "gamo", "DeepSMOTE": "deep-smote"}
    name = names[make.__name__]
    recipe = f"{name}:steps=2:width=2"

    def run(x, seed):
        shared = Pretrained(mlp((4,), 3), tmp_path / "pretrained.safetensors", seed=5)
        return fit(recipe, mlp((4,), 3), (x, y), epochs=1, seed=seed, pretrained=shared)

    first, second = run(x, 0), run(x, 1)
    assert first.pretrained_seconds == second.pretrained_seconds > 0
    one, other = (result.examples["made"] for result in (first, second))
    assert not torch.equal(one, other)
    (path,) = tmp_path.glob("*.safetensors")
    path.write_bytes(flipped(path.read_bytes(), path.stat().st_size - 5))
    with pytest.warns(UserWarning, match="what it holds is trained again"):
        assert torch.equal(run(x, 0).examples["made"], one)
    run(x + 1, 0)  # other data of the same shape
    assert len(list(tmp_path.glob("*.safetensors"))) == 2


@flat
@every
def test_columns_of_a_frame_keep_their_kind(make):
    x, y = made((2,), np.float64)
    frame = pd.DataFrame({"a": x[:, 0], "one": 1, "no": y == 0, "year": 1990 + y, "b": x[:, 1]})
    new, _ = make(**SMALL).fit_resample(frame, y)
    assert (new.dtypes == frame.dtypes).all()
    assert (new["one"] == 1).all()
    assert new["year"].isin([1990, 1991, 1992]).all()
    alone = frame[["one", "no"]].astype(float)
    alone["no"] = 0.0
    kept = pd.DataFrame({"one": 1, "no": False}, index=frame.index)
    again, _ = make(**SMALL).fit_resample(pd.concat([frame[["a"]], kept], axis=1), y)
    assert not again["no"].any()
    assert (again["one"] == 1).all()


@flat
@every
def test_numbers_far_from_zero_keep_their_digits(make):
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [40, 8])
    x = 1.7e9 + 2.6e6 * rng.normal(size=(48, 2))
    sampler = make(**SMALL)
    new = sampler.fit_resample(x, y)[0][48:]
    away = np.sqrt(((new[:, None] - x[y == 1]) ** 2).mean(2))
    assert sampler.distances_ == pytest.approx(away.min(1), rel=1e-2, abs=2e3)
    assert away[np.arange(32), sampler.nearest_indices_ - 40] == pytest.approx(
        away.min(1), rel=1e-2, abs=2e3
    )
    ends = np.array([2**63 - 1, -(2**63), 1_700_000_001])
    whole = np.tile(ends, (48, 1))
    assert (make(**SMALL).fit_resample(whole, y)[0] == ends).all()
    small = np.tile(np.array([2**31 - 1, -5], np.int32), (48, 1))
    assert (make(**SMALL).fit_resample(small, y)[0] == small[0]).all()


@flat
@every
def test_a_call_leaves_nothing_to_the_next(make):
    images, y = made((5, 4), np.float32)
    frame = pd.DataFrame(images.reshape(18, 20))
    used = make(**SMALL)
    used.fit_resample(images, y)
    assert used.fit_resample(frame, y)[0].equals(make(**SMALL).fit_resample(frame, y)[0])
    assert used.examples_ == {}
    names = [["a", "b", "c"][k] for k in y]
    used.fit_resample(images, names)
    assert {k: len(v) for k, v in used.examples_.items()} == {"b": 7, "c": 8}


@flat
@every
def test_it_trains_without_gradients_outside_and_clones_share_the_store(make):
    x, y = made((4,), np.float32)
    kept = Pretrained(mlp((4,), 3))
    sampler = make(**{**SMALL, "steps": np.int64(2)}, once=kept.once)
    with torch.no_grad():
        one = sampler.fit_resample(x, y)[0]
    assert np.array_equal(clone(sampler).fit_resample(x, y)[0], one)
    assert len(kept._kept) == 1


def test_a_strategy_by_class_is_described():
    slot = partial(DeepSMOTE, sampling_strategy={1: 30})
    assert describe(slot)["sampling_strategy"] == {"1": 30}


def test_a_solid_color_and_copies_of_one_image_are_named_failures():
    rng = np.random.default_rng(0)
    rows = torch.from_numpy(rng.uniform(0, 255, (12, 16)).astype(np.float32))
    samples = Samples(rows, torch.arange(12) % 3, (1, 4, 4), torch.device("cpu"))
    colors = torch.linspace(-1, 1, 4).repeat_interleave(16).view(4, 1, 4, 4)
    varied = samples.at(samples.of_class(1))
    wanted, names = {0: 4, 1: 4, 2: 4}, np.array(["cat", "dog", "ant"])
    red = torch.ones(12, 3, 4, 4) * torch.tensor([1.0, -1, -1])[:, None, None]
    three = rows.view(12, 1, 16).repeat(1, 3, 1).flatten(1)
    colored = Samples(three, torch.arange(12) % 3, (3, 4, 4), torch.device("cpu"))
    with pytest.warns(UserWarning, match="X failed for cat, dog, ant: .* solid color"):
        warn_if_flat("X", red, colored, wanted, names)
    with pytest.warns(UserWarning, match="X failed for cat: .* solid color") as one:
        warn_if_flat("X", torch.cat([colors, varied, varied]), samples, wanted, names)
    assert len(one) == 1
    alike = varied[:1].expand(4, -1, -1, -1)
    with pytest.warns(UserWarning, match="X failed for dog, ant: .* all alike"):
        warn_if_flat("X", torch.cat([varied, alike, alike]), samples, wanted, names)
