"""Snapshots of runs on a data set that draws its samples at random: they go on bit for bit too."""

import pytest
import torch
from torch.utils.data import Dataset

from imbtorch import Snapshots, build_model, fit, make_recipe
from test_snapshots import Killed, run


class Drawing(Dataset):
    """Samples with noise, from torch's global generator as torchvision's transforms draw theirs."""

    def __init__(self, x, y):
        self.x, self.y = x, y

    def __len__(self):
        return len(self.y)

    def __getitem__(self, index):
        return self.x[index] + 0.3 * torch.rand(self.x.shape[1:]), self.y[index]


@pytest.mark.parametrize("name", ["drs", "remix"])
def test_a_data_set_that_draws_goes_on_too(name, blobs, tmp_path, monkeypatch):
    monkeypatch.setattr("imbtorch.training.phases.train.COMPILE_FROM", 0)  # looks at a sample
    recipe, data = make_recipe(name, 5), Drawing(*blobs)
    whole = run(recipe, data)
    with pytest.raises(Killed):
        run(recipe, data, tmp_path, 3)
    assert run(recipe, data, tmp_path).history == whole.history


def test_m2m_on_images_that_are_drawn_goes_on_too(tmp_path):
    rng = torch.Generator().manual_seed(0)
    data = Drawing(torch.rand(24, 1, 8, 8, generator=rng) / 2, torch.arange(24) % 5 % 2)
    other = build_model("small-cnn", (1, 8, 8), 2, seed=1)

    def losses(kill_at=None):
        def on_epoch(row):
            if row["epoch"] == kill_at:
                raise Killed

        model, states = build_model("small-cnn", (1, 8, 8), 2, seed=0), None
        if kill_at is not None:
            states = Snapshots(tmp_path, every=0)
        given = {"on_epoch": on_epoch, "pretrained": other, "snapshots": states}
        return [row["loss"] for row in fit("m2m:defer=0", model, data, epochs=3, **given).history]

    whole = losses()
    with pytest.raises(Killed):
        losses(2)
    assert losses(0) == whole
