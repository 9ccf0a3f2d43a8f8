"""CutMix and CMO in recipes: they repeat, know the class shares they show, keep to their epochs."""

import numpy as np
import pytest
import torch

from imbtorch import Recipe, Setup, Train, fit, make_recipe
from imbtorch.data.augmentation.augment import crop_flip
from imbtorch.models import small_cnn
from imbtorch.transforms import CutMix
from test_cutmix import COUNTS, NO_MODEL, shown


@pytest.mark.parametrize("name", ["cutmix", "cmo:p=1", "dbm+cutmix"])
def test_recipes_train_and_repeat_exactly(name):
    data = shown(height=8, width=8)

    def run():
        model = small_cnn((3, 8, 8), 3, seed=1)
        setup = Setup(lr=0.01, batch_size=32)
        return fit(name, model, data, data, epochs=3, augment=crop_flip, seed=2, setup=setup)

    first, second = run(), run()
    assert first.history == second.history
    assert all(np.isfinite(row["loss"]) for row in first.history)


@pytest.mark.parametrize("options", [{}, {"p": 1.0, "r": 2.0}, {"alpha": 0.3, "p": 0.7}])
def test_a_network_expects_the_shares_that_labels_have(options):
    data = shown(height=200, width=200, channels=1)
    cutmix, x, y = CutMix(data, 3, **options, seed=0), data.x[::10].float(), data.y[::10]
    found = torch.stack([cutmix(x, y, NO_MODEL)[1].mean(0) for _ in range(800)])
    expected = CutMix.label_shares([9, 3, 1], COUNTS, **options)
    torch.testing.assert_close(found.mean(0), torch.tensor(expected), atol=0.02, rtol=0)
    name = ":".join(["cutmix", *(f"{key}={value}" for key, value in options.items())])
    recipe = make_recipe(name, 2)
    shares = CutMix.label_shares(COUNTS, COUNTS, **options)
    assert recipe.class_shares(COUNTS) == pytest.approx(shares)
    assert Recipe("made", [Train(1, batch=cutmix)]).class_shares(COUNTS) == pytest.approx(shares)
    assert make_recipe("cmo", 20).class_shares(COUNTS) == pytest.approx([9 / 13, 3 / 13, 1 / 13])


def test_cmo_leaves_out_the_first_four_and_the_last_three_epochs():
    for epochs, lengths in (
        (200, [4, 193, 3]),
        (8, [4, 1, 3]),
        (3, [1, 1, 1]),
        (2, [1, 1]),
        (1, [1]),
    ):
        phases = make_recipe("balanced-softmax+cmo:r=2", epochs).phases
        assert [phase.epochs for phase in phases] == lengths
        assert sum(phase.batch is not None for phase in phases) == 1
        assert len({str(phase.describe()["loss"]) for phase in phases}) == 1
