"""Over-samplers of arrays on images, tiny classes, and what they refuse."""

import pytest
import torch
from imblearn.over_sampling import SMOTE, SVMSMOTE, BorderlineSMOTE, RandomOverSampler

from imbtorch import InputError
from imbtorch.resampling import EOS
from imbtorch.resampling.apply import resample
from imbtorch.resampling.up_to import UpToNeighbors


@pytest.mark.parametrize("sampler", [RandomOverSampler, SMOTE, BorderlineSMOTE, SVMSMOTE])
def test_images_stay_images_between_their_classes_extremes(sampler):
    rng = torch.Generator().manual_seed(0)
    x = torch.randint(0, 120, (70, 3, 4, 4), dtype=torch.uint8, generator=rng)
    y = torch.tensor([0] * 50 + [1] * 20)
    x[y == 1] += 10  # the classes overlap, so that the borderline has samples
    x_new, y_new = resample(sampler(random_state=0), x, y)
    assert x_new.shape[1:] == (3, 4, 4)
    assert x_new.dtype == torch.uint8
    assert torch.equal(x_new[:70], x)
    assert len(y_new) > 70
    assert (y_new[70:] == 1).all()
    if sampler is SMOTE:  # on the line between two samples of the class
        made = x_new[70:]
        assert (made >= x[y == 1].amin(0)).all()
        assert (made <= x[y == 1].amax(0)).all()


@pytest.mark.parametrize("sampler", [SMOTE, BorderlineSMOTE, SVMSMOTE])
def test_classes_smaller_than_the_neighborhood_use_all_they_have(sampler):
    x = torch.cat([torch.randn(30, 2), torch.randn(3, 2) + 0.5])
    y = torch.tensor([0] * 30 + [1] * 3)
    method = sampler(k_neighbors=UpToNeighbors(n_neighbors=6), random_state=0)
    _, y_new = resample(method, x, y)
    assert torch.bincount(y_new)[1] >= 3


def test_up_to_neighbors_changes_nothing_for_large_classes(blobs):
    x, y = blobs
    plain = resample(SMOTE(random_state=0), x, y)
    limited = resample(SMOTE(k_neighbors=UpToNeighbors(n_neighbors=6), random_state=0), x, y)
    for a, b in zip(plain, limited, strict=True):
        assert torch.equal(a, b)


def test_a_class_that_cannot_be_interpolated_is_refused_with_the_counts():
    x, y = torch.randn(11, 2), torch.tensor([0] * 10 + [1])
    with pytest.raises(InputError, match=r"SMOTE cannot resample class counts \[10, 1\]"):
        resample(SMOTE(), x, y)


@pytest.mark.parametrize("sampler", [SMOTE, EOS, RandomOverSampler])
def test_bfloat16_comes_back_as_it_was_given(sampler, blobs):
    x = blobs[0].bfloat16()
    made, _ = resample(sampler(random_state=0), x, blobs[1])
    assert made.dtype == torch.bfloat16
    assert torch.equal(made[: len(x)], x)
