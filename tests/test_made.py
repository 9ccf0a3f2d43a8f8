"""What is kept and said of samples that over-samplers made."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from imbtorch import compare, fit
from imbtorch.comparison.report.made import made_rows
from imbtorch.comparison.report.made_plots import plot_made
from imbtorch.data.arrays import ArrayDataset, take
from imbtorch.metrics.made import copying, frechet_distance, variety
from imbtorch.models import mlp
from imbtorch.training.made_samples import CLASSES, MADE, some_made


@given(seed=st.integers(0, 99), scale=st.floats(0.1, 10.0))
def test_frechet_distance_of_scaled_and_moved_samples(seed, scale):
    x = np.random.default_rng(seed).normal(size=(400, 3))
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-9)
    x -= x.mean(0)
    # of normal distributions with covariances C and s^2 C: (1 - s)^2 tr C
    expected = (1 - scale) ** 2 * np.trace(np.cov(x.T, bias=True))
    assert frechet_distance(x, scale * x) == pytest.approx(expected, rel=1e-6, abs=1e-9)
    assert frechet_distance(scale * x, x) == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_few_samples_in_many_dimensions_have_a_distance():
    x = np.random.default_rng(0).normal(size=(2, 64))
    assert 0 <= frechet_distance(x, x + 1) == pytest.approx(64)


def test_copies_and_sameness_are_numbers():
    real = np.random.default_rng(0).normal(size=(30, 5))
    assert copying(real[:3], real) == pytest.approx(0, abs=1e-6)
    many = np.random.default_rng(0).normal(size=(3000, 5))
    assert copying(many[-9:], many) == pytest.approx(0, abs=1e-6)
    assert variety(real[:1].repeat(9, 0), real) == 0
    assert copying(real, real[:1].repeat(2, 0)) is None


def test_some_of_each_rare_class_is_kept_rarest_first():
    counts = [300] * 2 + [*range(100, 100 - CLASSES - 2, -1)]
    y = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))
    before = ArrayDataset(torch.zeros(len(y), 2), y)
    new_y = torch.arange(len(counts)).repeat_interleave(60)
    after = ArrayDataset(torch.cat([before.x, torch.ones(len(new_y), 2)]), torch.cat([y, new_y]))
    found = some_made(before, after, 0)
    assert found["made"].min() == 1
    assert found["real"].max() == 0
    labels = list(dict.fromkeys(found["made_y"].tolist()))
    assert labels == [*range(len(counts) - 1, len(counts) - 1 - CLASSES, -1)]
    assert torch.bincount(found["made_y"]).max() == MADE
    assert some_made(before, before, 0) == {}
    order = torch.arange(len(after)).flip(0)  # as SMOTEENN orders by class what it keeps
    assert some_made(before, take(after, order), 0) == {}


def test_failures_are_named_against_what_the_network_makes_of_real_samples():
    good = {"label": 0, "copying": 0.8, "variety": 0.9, "recall": 0.02, "real_recall": 0.0}
    bad = {**good, "real_recall": 0.9, "variety": 0.01, "one_color": True, "copying": None}
    first, second = made_rows({"a": [good], "b": [bad]}, ["cat"])
    assert first["failure"] == ""
    assert second["failure"] == "of one color each, all alike, not taken for their class"
    assert (second["copying"], second["frechet"], second["recall"]) == ("-", "-", "2%")


def test_any_over_sampler_of_the_data_shows_what_it_made():
    x, y = torch.rand(12, 4), torch.tensor([0] * 9 + [1] * 3)
    result = fit("smote:k=1", mlp((4,), 2), (x, y), epochs=1)
    assert result.examples["made_y"].tolist() == [1] * 6
    assert torch.equal(result.examples["real"], x[9:])
    assert fit("eos:k=3", mlp((4,), 2), (x, y), epochs=1).examples == {}


def test_the_report_judges_and_shows_it(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (60, 1, 8, 8), np.uint8)
    y = np.repeat(["a", "b"], [40, 20])
    compare((x, y), recipes=["erm", "smote"], epochs=1, seeds=1, out=tmp_path, progress=False)
    page = Path(tmp_path / "report.html").read_text()
    assert "What over-samplers made" in page
    assert "recall by erm" in page
    assert (tmp_path / "figures" / "made.png").exists()


def test_a_class_without_held_out_samples_and_images_of_two_channels(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (66, 2, 8, 8), np.uint8)
    y = np.repeat([0, 1, 2], [40, 20, 6])
    held_out = 255 - x[y < 2], y[y < 2]
    how = {"epochs": 1, "seeds": 1, "out": tmp_path, "progress": False, "model": "small-cnn"}
    compare(((x, y), held_out), recipes=["erm", "smote"], **how)
    assert "What over-samplers made" in Path(tmp_path / "report.html").read_text()
    assert (tmp_path / "figures" / "made.png").exists()


@pytest.mark.parametrize(("channels", "drawn"), [(1, ()), (2, ()), (3, (3,)), (5, (3,))])
def test_what_is_drawn_of_channels(channels, drawn):
    x = np.random.default_rng(0).random((3, channels, 4, 4), np.float32)
    arrays = {"made": x, "made_y": np.ones(3, int), "real": x[:1], "real_y": np.ones(1, int)}
    (image,) = plot_made({"x": arrays}, ["a", "b"]).axes[0].get_images()
    assert image.get_array().shape[2:] == drawn


def test_recipes_that_share_an_over_sampler_show_it_once():
    x = np.zeros((4, 1, 8, 8), np.float32)
    one = {"real": x, "real_y": np.zeros(4, int), "made": x, "made_y": np.zeros(4, int)}
    other = {**one, "made": x + 1}
    drawn = plot_made({"gamo": one, "bagan": other, "focal+gamo": dict(one), "erm": {}}, ["a"])
    assert [axis.get_title() for axis in drawn.axes] == ["gamo, focal+gamo", "bagan"]
