"""CutMix and CMO: boxes, shares of labels, partners of all classes, and what is refused."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare
from torch import nn
from torch.utils.data import TensorDataset

from imbtorch import ArrayDataset, InputError, fit
from imbtorch.data.augmentation.augment import crop_flip
from imbtorch.models import mlp
from imbtorch.transforms import CutMix
from imbtorch.transforms.partners import Partners

NO_MODEL = nn.Identity()
COUNTS = [90, 30, 10]


def shown(counts=COUNTS, channels=3, height=9, width=7, dtype=torch.uint8):
    """Images that show their class: all pixels of class k are k."""
    y = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))
    x = y.to(dtype)[:, None, None, None].expand(-1, channels, height, width)
    return ArrayDataset(x.contiguous(), y)


def classes_of(x):
    """The class that each pixel shows, where the images are in 0..1."""
    return (x * 255).round().long()


@given(
    seed=st.integers(0, 999),
    channels=st.integers(1, 4),
    height=st.integers(1, 12),
    width=st.integers(1, 12),
    alpha=st.sampled_from([0.2, 1.0, 5.0]),
)
def test_labels_are_the_shares_of_pixels_and_sum_to_one(seed, channels, height, width, alpha):
    data = shown(channels=channels, height=height, width=width)
    x, y = data.x[::5].float() / 255, data.y[::5]
    mixed, labels = CutMix(data, 3, alpha, p=1.0, seed=seed)(x.clone(), y, NO_MODEL)
    pixels = classes_of(mixed)
    assert (pixels == pixels[:, :1]).all()  # the box is the same in all channels
    share = nn.functional.one_hot(pixels[:, 0], 3).float().mean((1, 2))
    torch.testing.assert_close(labels, share)
    torch.testing.assert_close(labels.sum(1), torch.ones(len(y)))
    assert (mixed.shape, mixed.dtype) == (x.shape, x.dtype)


def test_one_box_for_the_batch_and_a_partner_for_each_sample():
    data = ArrayDataset(torch.rand(500, 1, 16, 16), torch.arange(500) % 5)
    x = torch.zeros(64, 1, 16, 16)
    mixed, _ = CutMix(data, 5, p=1.0, seed=1)(x, torch.zeros(64, dtype=torch.int64), NO_MODEL)
    pasted = mixed != 0
    assert (pasted == pasted[:1]).all()
    assert 0 < pasted[0].sum() < 256
    rows, columns = pasted[0, 0].any(1).sum(), pasted[0, 0].any(0).sum()
    assert rows * columns == pasted[0].sum()  # a rectangle
    assert len(mixed.flatten(1).unique(dim=0)) > 50  # with another partner each
    for image, inside in zip(mixed, pasted, strict=True):  # in its own place
        assert any(torch.equal(image[inside], other[inside]) for other in data.x)


def test_boxes_have_the_size_of_their_share_and_any_place():
    cutmix = CutMix(shown(), 3, seed=0)
    boxes = np.array([cutmix.box(1000, 500) for _ in range(4000)])
    heights, widths = boxes[:, 1] - boxes[:, 0], boxes[:, 3] - boxes[:, 2]
    inside = (boxes[:, 0] > 0) & (boxes[:, 1] < 1000) & (boxes[:, 2] > 0) & (boxes[:, 3] < 500)
    assert np.abs(heights[inside] - 2 * widths[inside]).max() <= 2  # the image's proportions
    # for alpha 1: of side s = sqrt(U), in one dimension s - s^2 / 4 is inside on average
    assert heights.mean() / 1000 == pytest.approx(2 / 3 - 1 / 8, abs=0.01)
    area = (heights * widths / 500_000).mean()
    assert area == pytest.approx(1 / 2 - 1 / 5 + 1 / 48, abs=0.015)
    assert (boxes[:, [0, 2]] >= 0).all()
    assert (boxes[:, 1] <= 1000).all()
    assert (boxes[:, 3] <= 500).all()
    assert (heights >= 0).all()
    centers = (boxes[:, :2].sum(1) / 2000)[inside]
    assert centers.min() < 0.1 < 0.9 < centers.max()


@pytest.mark.parametrize("r", [0.0, 0.5, 1.0, 2.0])
def test_partners_are_drawn_by_the_counts_of_their_classes(r):
    partners = Partners(shown(), r, rng=torch.Generator().manual_seed(3))
    drawn = torch.cat([partners.rows(64) for _ in range(100)])
    share = np.array(COUNTS, float) ** (1 - r)
    seen = torch.bincount(shown().y[drawn], minlength=3)
    assert chisquare(seen, share / share.sum() * len(drawn)).pvalue > 1e-3
    for k in range(3):  # each sample of a class equally often
        of_class = torch.bincount(drawn, minlength=130)[shown().y == k]
        assert chisquare(of_class).pvalue > 1e-3


def test_in_the_labels_too_all_classes_are_pasted_equally_often():
    data, cutmix = shown(), CutMix(shown(), 3, p=1.0, seed=0)
    x, y = data.x.float() / 255, torch.zeros(130, dtype=torch.int64)
    pasted = sum(cutmix(x, y, NO_MODEL)[1].sum(0) for _ in range(200))
    assert float(pasted[1] / pasted[2]) == pytest.approx(1, abs=0.05)
    assert CutMix(data, 3, r=2.0).partners.shares.tolist() == pytest.approx(
        [1 / 13, 3 / 13, 9 / 13]
    )


def test_a_class_without_samples_is_not_drawn():
    data = ArrayDataset(torch.zeros(6, 1, 2, 2), [0, 0, 0, 2, 2, 4])
    for r in (0.0, 1.0, 3.0):
        partners = Partners(data, r, rng=torch.Generator().manual_seed(0))
        assert set(data.y[partners.rows(500)].tolist()) == {0, 2, 4}
        assert partners.shares[[1, 3]].tolist() == [0, 0]


def test_p_is_the_probability_of_a_mixed_batch():
    data, y = shown(), torch.zeros(8, dtype=torch.int64)
    x = torch.full((8, 3, 9, 7), 0.5)
    out, labels = CutMix(data, 3, p=0.0, seed=0)(x, y, NO_MODEL)
    assert out is x
    assert torch.equal(labels, nn.functional.one_hot(y, 3).float())
    cutmix = CutMix(data, 3, p=0.3, seed=0)
    before, changed = x.clone(), 0
    for _ in range(1000):
        out, labels = cutmix(x, y, NO_MODEL)
        changed += bool((out != x).any())
    assert torch.equal(x, before)  # what is given is left alone
    boxes = np.array([cutmix.box(9, 7) for _ in range(4000)])  # a few are empty
    filled = ((boxes[:, 1] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 2])).mean()
    assert changed / 1000 == pytest.approx(0.3 * filled, abs=0.05)


def test_partners_are_augmented_as_stored_and_follow_the_seed():
    given = []

    def augment(x, rng):
        given.append((x.dtype, x.shape))
        return crop_flip(x, rng)

    images = torch.randint(0, 256, (60, 3, 8, 8), dtype=torch.uint8)
    data = ArrayDataset(images, torch.arange(60) % 3)
    x, y = torch.zeros(16, 3, 8, 8), torch.zeros(16, dtype=torch.int64)
    first, second = (CutMix(data, 3, p=1.0, augment=augment, seed=4) for _ in range(2))
    state = torch.get_rng_state()
    for _ in range(3):
        a, b = first(x, y, NO_MODEL), second(x, y, NO_MODEL)
        assert torch.equal(a[0], b[0])
        assert torch.equal(a[1], b[1])
        assert a[0].max() <= 1
    assert set(given) == {(torch.uint8, torch.Size([16, 3, 8, 8]))}
    assert torch.equal(torch.get_rng_state(), state)
    plain = CutMix(data, 3, p=1.0, seed=4)(x, y, NO_MODEL)[0]
    assert not torch.equal(
        plain, CutMix(data, 3, p=1.0, augment=augment, seed=4)(x, y, NO_MODEL)[0]
    )


def test_it_goes_on_from_the_state_of_its_generator():
    data, y = shown(), torch.arange(8) % 3
    cutmix, x = CutMix(data, 3, p=0.7, augment=crop_flip, seed=0), torch.full((8, 3, 9, 7), 0.5)
    for _ in range(5):
        cutmix(x, y, NO_MODEL)
    state = cutmix.rng.get_state()
    wanted = [cutmix(x, y, NO_MODEL) for _ in range(5)]
    resumed = CutMix(data, 3, p=0.7, augment=crop_flip, seed=99)
    resumed.rng.set_state(state)
    for a, b in wanted:
        x_again, y_again = resumed(x, y, NO_MODEL)
        assert torch.equal(a, x_again)
        assert torch.equal(b, y_again)


def test_any_data_set_of_images_gives_partners():
    stored = shown()
    data = TensorDataset(stored.x, stored.y)  # a DataLoader reads it
    x, y = torch.full((8, 3, 9, 7), 0.5), torch.zeros(8, dtype=torch.int64)
    for train in (data, (stored.x.numpy(), stored.y.numpy())):
        mixed, labels = CutMix(train, 3, p=1.0, seed=5)(x, y, NO_MODEL)
        expected = CutMix(stored, 3, p=1.0, seed=5)(x, y, NO_MODEL)
        assert torch.equal(mixed, expected[0])
        assert torch.equal(labels, expected[1])


class Noisy(TensorDataset):
    """A data set that augments its samples itself."""

    def __getitem__(self, i):
        x, y = super().__getitem__(i)
        return torch.rand(x.shape), y


def test_what_a_data_set_draws_itself_is_another_in_each_draw_and_follows_the_seed():
    stored = shown()
    data = Noisy(stored.x, stored.y)
    first, second = (Partners(data, rng=torch.Generator().manual_seed(0)) for _ in range(2))
    state = torch.get_rng_state()
    drawn = [first.draw(8)[0] for _ in range(2)]
    assert torch.equal(torch.get_rng_state(), state)
    assert not torch.equal(*drawn)
    torch.manual_seed(1)  # whatever the global state is
    assert torch.equal(torch.stack(drawn), torch.stack([second.draw(8)[0] for _ in range(2)]))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"p": 1.5}, "p is 1.5"),
        ({"p": float("nan")}, "p is nan"),
        ({"alpha": 0.0}, "alpha is 0.0"),
        ({"r": -1.0}, "r is -1.0"),
        ({"r": float("inf")}, "r is inf"),
        ({"num_classes": 2}, "num_classes is 2; train has the label 2"),
    ],
)
def test_bad_arguments_are_named(options, said):
    with pytest.raises(InputError, match=said):
        CutMix(shown(), **{"num_classes": 3, **options})


def test_what_is_no_image_or_of_another_size_is_refused(blobs):
    cutmix, y = CutMix(shown(), 3, p=1.0, seed=0), torch.zeros(4, dtype=torch.int64)
    with pytest.raises(InputError, match=r"x has shape \(4, 5\); images of shape"):
        cutmix(torch.rand(4, 5), y, NO_MODEL)
    with pytest.raises(InputError, match=r"of shape \(3, 6, 6\), and those of train .*\(3, 9, 7\)"):
        cutmix(torch.rand(4, 3, 6, 6), y, NO_MODEL)  # whose box is not empty
    with pytest.raises(InputError, match="y has shape"):
        cutmix(torch.rand(4, 3, 9, 7), torch.rand(4, 3), NO_MODEL)
    for name in ("cutmix", "cmo"):
        with pytest.raises(
            InputError, match=rf"recipe {name}: images .* needed by CutMix, .* \(2,\)"
        ):
            fit(name, mlp((2,), 3), blobs, epochs=2)
