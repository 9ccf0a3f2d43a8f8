"""SimAugment: what it keeps, what it changes and how often."""

import pytest
import torch

from draws import rng
from imbtorch import InputError
from imbtorch.data.augmentation.sim import YIQ, resized_crop_flip, sim_augment


def test_one_color_stays_one_color_in_each_image():
    x = torch.tensor([0.6, 0.4, 0.2]).view(1, 3, 1, 1).expand(500, 3, 8, 8)
    out = sim_augment(x, rng())
    torch.testing.assert_close(out, out[:, :, :1, :1].expand_as(out), atol=1e-5, rtol=0)
    kept = (out - x).abs().amax((1, 2, 3)) < 1e-5
    gray = (out[:, 0] - out[:, 2]).abs().amax((1, 2)) < 1e-5
    # of 500: .2 * .8 without any change, .2 gray; five deviations
    assert kept.sum() == pytest.approx(80, abs=41)
    assert gray.sum() == pytest.approx(100, abs=45)


def test_gray_stays_gray_and_between_its_bounds():
    x = torch.full((500, 3, 4, 4), 0.5)
    out = sim_augment(x, rng())
    torch.testing.assert_close(out, out[:, :1].expand_as(out), atol=1e-5, rtol=0)
    # of one gray, contrast changes nothing: brightness alone is left
    assert 0.3 - 1e-5 <= float(out.min()) < 0.31
    assert 0.69 < float(out.max()) <= 0.7 + 1e-5


def test_brightness_and_contrast_are_those_of_gray_images():
    """Values v become b (c v + (1 - c) m), with their mean m: b and c follow from two of them."""
    x = torch.rand(300, 1, 8, 8, generator=rng())
    first, out = resized_crop_flip(x, rng(1)), sim_augment(x, rng(1))
    inside = ((out > 0) & (out < 1)).flatten(1).all(1)
    first, out = first[inside].flatten(1), out[inside].flatten(1)
    b = out.mean(1) / first.mean(1)
    c = (out[:, 1] - out[:, 0]) / (first[:, 1] - first[:, 0]) / b
    for factor in (b, c):
        assert 0.6 - 1e-3 <= float(factor.min()) < 0.7
        assert 1.3 < float(factor.max()) <= 1.4 + 1e-3
    torch.testing.assert_close(
        out, b[:, None] * (c[:, None] * first + (1 - c[:, None]) * first.mean(1, True)),
        atol=1e-4, rtol=0,
    )  # fmt: skip


def test_the_hue_turns_and_the_rest_stays():
    x = torch.tensor([0.5, 0.45, 0.4]).view(1, 3, 1, 1).expand(800, 3, 2, 2)
    yiq = torch.einsum("ij,bj->bi", torch.tensor(YIQ), sim_augment(x, rng())[:, :, 0, 0])
    chroma = yiq[yiq[:, 1:].norm(dim=1) > 1e-4]
    start = torch.tensor(YIQ) @ torch.tensor([0.5, 0.45, 0.4])
    turned = torch.rad2deg(torch.atan2(chroma[:, 2], chroma[:, 1]) - torch.atan2(*start[[2, 1]]))
    assert -36.1 <= float(turned.min()) < -30
    assert 30 < float(turned.max()) <= 36.1


def test_a_part_is_enlarged_and_half_are_mirrored():
    ramp = torch.linspace(0, 1, 64).expand(400, 1, 64, 64)
    out = resized_crop_flip(ramp, rng())[:, 0]
    rise = out[:, 0, -1] - out[:, 0, 0]
    assert (rise < 0).sum() == pytest.approx(200, abs=50)
    wide = rise.abs()  # the share of the width that is kept
    assert float(wide.max()) <= 1
    assert 0.2 < float(wide.min()) < 0.4  # sqrt(.08 * 3/4) = .24 at least
    torch.testing.assert_close(out, out[:, :1].expand_as(out), atol=1e-5, rtol=0)


def test_whole_numbers_are_rounded_floats():
    whole = torch.randint(256, (20, 3, 8, 8), generator=rng(), dtype=torch.uint8)
    out, expected = sim_augment(whole, rng(1)), sim_augment(whole.float() / 255, rng(1))
    assert out.dtype == torch.uint8
    assert (out.float() / 255 - expected).abs().max() <= 0.5 / 255 + 1e-5


@pytest.mark.parametrize("shape", [(2, 2, 8, 8), (2, 4, 8, 8)])
def test_other_channels_are_refused(shape):
    with pytest.raises(InputError, match=f"x has {shape[1]} channels; .*proco, needs 1"):
        sim_augment(torch.zeros(shape), rng())
