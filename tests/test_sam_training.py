"""Training by SAM and ImbSAM: as plain training without a radius, and runs that repeat exactly."""

from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from imbtorch import InputError, Recipe, Setup, Snapshots, Train, build_model, fit, make_recipe
from imbtorch.comparison.duration import passes
from imbtorch.losses import FocalLoss
from imbtorch.models import mlp, split_head
from imbtorch.samplers import ClassBalancedSampler
from imbtorch.training import SAM, ImbSAM
from imbtorch.transforms import Mixup

COUNTS = [60, 20, 8]
STEPS = ("sam", "imb-sam")


def training(setup=None, **slots):
    """Return history and network of a short run on made data, with a norm and no dropout."""
    rng = torch.Generator().manual_seed(0)
    y = torch.arange(3).repeat_interleave(torch.tensor(COUNTS))
    x = torch.randn(88, 2, generator=rng) + 2 * F.one_hot(y, 3)[:, :2]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        # a bias before a norm has no gradient but rounding, which AdamW would follow
        layers = nn.Linear(2, 8, bias=False), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3)
    setup = setup or Setup(batch_size=32, lr=0.05)
    recipe = Recipe("made", [Train(3, **slots)])
    result = fit(recipe, split_head(nn.Sequential(*layers), "3"), (x, y), (x, y), setup=setup)
    return result.history, torch.cat([v.flatten() for v in result.model.state_dict().values()])


WAYS = {
    "sgd": {},
    "adamw": {
        "setup": Setup(batch_size=32, optimizer="adamw", lr=0.01, clip=0.5, ema=0.9),
        "loss": FocalLoss,
        "sampler": ClassBalancedSampler,
    },
    "frozen": {"setup": Setup(batch_size=32, freeze="backbone"), "batch": Mixup},
}


@pytest.mark.parametrize("way", WAYS)
def test_without_a_radius_it_is_plain_training(way):
    history, values = training(**WAYS[way])
    same_history, same = training(step=partial(SAM, rho=0.0), **WAYS[way])
    assert same_history == history
    assert torch.equal(same, values)
    _, split = training(step=partial(ImbSAM, rho=0.0), **WAYS[way])
    torch.testing.assert_close(split, values, rtol=1e-3, atol=1e-4)  # sums in another order
    _, other = training(step=SAM, **WAYS[way])
    assert not torch.equal(other, values)


class Killed(BaseException):
    """As a signal would end the run."""


@pytest.mark.parametrize("name", STEPS)
def test_a_killed_run_ends_as_if_it_had_not_been(name, blobs, tmp_path):
    """With the passes' own dropout."""

    def run(folder=None, kill_at=None):
        def on_epoch(row):
            if row["epoch"] == kill_at:
                raise Killed

        model = split_head(nn.Sequential(nn.Linear(2, 8), nn.Dropout(0.5), nn.Linear(8, 3)), "2")
        with torch.no_grad():
            for i, p in enumerate(model.parameters()):
                p.copy_(torch.linspace(-1, 1, p.numel()).view_as(p) + 0.1 * i)
        snapshots = folder and Snapshots(folder, every=0)
        recipe = make_recipe(f"{name}:rho=0.3", 5)
        return fit(recipe, model, blobs, blobs, on_epoch=on_epoch, snapshots=snapshots)

    whole = run()
    with pytest.raises(Killed):
        run(tmp_path, 3)
    again = run(tmp_path)
    assert again.history == whole.history
    for a, b in zip(whole.model.parameters(), again.model.parameters(), strict=True):
        assert torch.equal(a, b)


def test_the_names_join_with_all_others(blobs):
    recipe = make_recipe("sam:rho=0.1+ldam+drs+cosine+crt", 10)
    assert recipe.name == "ldam+drs+cosine+sam:rho=0.1+crt"
    steps = [phase.describe()["step"] for phase in recipe.phases[:2]]
    assert steps == [{"name": "SAM", "rho": 0.1}] * 2
    assert "step" not in make_recipe("drs", 10).phases[0].describe()
    for name in ("m2m+sam", "imb-sam:eta=30+mixup", "ros+sam+lr"):
        assert fit(name, mlp((2,), 3, hidden=8, seed=0), blobs, epochs=3).history
    with pytest.raises(InputError, match="dos trains in phases of its own"):
        make_recipe("dos+sam", 10)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("sam:rho=-1", "rho is -1; it must be at least 0"),
        ("imb-sam:rho=Infinity", "rho is inf"),
        ("imb-sam:eta=1", "eta is 1; it must be at least 2"),
        ("sam+imb-sam", "are both an optimizer"),
        ("sam:eta=3", "eta"),
    ],
)
def test_what_is_out_of_range_is_refused(name, reason):
    with pytest.raises(InputError, match=reason):
        make_recipe(name)


def test_its_passes_are_counted():
    for name, number in (("erm", 1), ("sam", 2), ("sam:rho=0.1", 2), ("imb-sam", 3)):
        assert passes(make_recipe(name, 1), [60, 12])[1] == [72.0 * number]


def test_images_channels_last():
    rng = torch.Generator().manual_seed(0)
    data = torch.rand(24, 3, 8, 8, generator=rng), torch.tensor([0] * 16 + [1] * 6 + [2] * 2)
    for name in STEPS:
        model = build_model("resnet32", (3, 8, 8), 3, seed=0)
        result = fit(name, model, data, epochs=1, setup=Setup(batch_size=12))
        assert all(torch.isfinite(p).all() for p in result.model.parameters())
