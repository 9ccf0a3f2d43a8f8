"""Images become the size that a network takes: what is scaled, cut, stretched and turned."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from imbtorch.data.images.framing import LARGEST, SQUARE, STEP, covering, framed, usual_size
from imbtorch.data.images.image_input import ImageInput, survey
from imbtorch.data.inputs import input_from_json, input_to_json
from imbtorch.data.load import load_data
from imbtorch.data.load_for import TrainedOn, load_for
from imbtorch.data.texts.tokens import TokenInput
from imbtorch.errors import InputError
from made_images import CROPPED, photographs

SIDES = st.integers(1, 700)


def gradient(height, width):
    """An image whose pixel (i, j) is (i, j, 0)."""
    rows, columns = np.mgrid[:height, :width].astype(np.uint8)
    return np.stack([rows, columns, np.zeros_like(rows)], axis=2)


@pytest.mark.parametrize(
    ("stored", "crop", "rows", "columns"),
    [
        ((8, 12), 1.0, range(8), range(2, 10)),  # covered as it is: the middle of the longer side
        ((16, 16), 0.5, range(4, 12), range(4, 12)),
        ((10, 16), 0.8, range(1, 9), range(4, 12)),  # 8 / 0.8 = 10
    ],
)
def test_the_middle_is_cut(stored, crop, rows, columns):
    x = ImageInput((8, 8), 3, crop=crop).transform(gradient(*stored)[None])
    assert torch.equal(x[0, 0], torch.tensor(rows, dtype=torch.uint8)[:, None].expand(8, 8))
    assert torch.equal(x[0, 1], torch.tensor(columns, dtype=torch.uint8).expand(8, 8))


def test_a_gradient_stays_one_at_half_its_size():
    x = ImageInput((20, 20), 3, crop=1.0).transform(gradient(40, 100)[None])[0].float()
    across = x[1, 10]
    assert across[1:].sub(across[:-1]).tolist() == [2.0] * 19
    assert across[0] == 31  # the mean of the columns 30..31 and their neighbors, 30.5
    assert torch.equal(x[0, 1:-1, 0], torch.arange(3.0, 39, 2).round())


@settings(deadline=None, max_examples=60)
@given(SIDES, SIDES, st.integers(1, 64), st.integers(1, 64), st.floats(0.1, 1))
def test_what_covers_keeps_its_aspect_within_a_pixel(height, width, high, wide, crop):
    covered = covering((height, width), (high, wide), crop)
    assert covered[0] >= high
    assert covered[1] >= wide
    share = max(int(high / crop + 1e-6) / height, int(wide / crop + 1e-6) / width)
    assert abs(covered[0] - height * share) < 1 + 1e-6
    assert abs(covered[1] - width * share) < 1 + 1e-6


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 90), st.integers(1, 90), st.floats(0.1, 1), st.booleans())
def test_every_image_comes_out_at_the_size_asked_for(height, width, crop, stretch):
    image = Image.new("L", (width, height))
    assert framed(image, (12, 17), None if stretch else crop, "lanczos").size == (17, 12)


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(st.tuples(SIDES, SIDES), st.integers(1, 9), min_size=1, max_size=6))
def test_the_usual_size_is_that_of_most_images_or_a_square(sizes):
    size = usual_size(sizes)
    kept = [s for s, n in sizes.items() if 2 * n > sum(sizes.values()) and max(s) <= LARGEST]
    if kept:
        assert [size] == kept
    else:
        assert size[0] == size[1] <= SQUARE
        assert size[0] % STEP == 0 < size[0]
        shorter = np.repeat([min(s) for s in sizes], [*sizes.values()])
        assert size[0] == np.clip(STEP * round(np.median(shorter) / STEP), STEP, SQUARE)


def test_what_earlier_versions_stretched_is_stretched(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (30, 47, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    old = input_from_json(
        {"kind": "image", "size": [32, 32], "channels": 3, "value_range": None}  # as 0.2 wrote it
    )
    row = {"bytes": None, "path": str(tmp_path / "a.png")}
    expected = Image.fromarray(pixels).resize((32, 32), Image.Resampling.BILINEAR)
    assert np.array_equal(old.transform([row])[0].permute(1, 2, 0).numpy(), np.asarray(expected))


def test_the_framing_survives_json():
    assert input_from_json(input_to_json(CROPPED)) == CROPPED


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"crop": 0.0}, "crop is 0.0; a share from 0.1 to 1"),
        ({"crop": 1.5}, "crop is 1.5"),
        ({"crop": float("nan")}, "crop is nan"),
        ({"interpolation": "random"}, "bilinear"),
    ],
)
def test_a_framing_that_no_image_can_have_is_refused(value, said):
    with pytest.raises(InputError, match=re.escape(said)):
        input_from_json({"kind": "image", "size": [8, 8], "channels": 1, **value})


def test_an_image_too_narrow_to_be_cut_is_named(tmp_path):
    Image.new("L", (60_000, 1)).save(tmp_path / "line.png")
    row = {"bytes": None, "path": str(tmp_path / "line.png")}
    with pytest.raises(InputError, match=r"line\.png \(1 x 60000 pixels are too narrow"):
        ImageInput((64, 64), 1, crop=1.0).transform([row])


def test_photographs_of_several_sizes_are_scaled_and_cut(tmp_path):
    data = load_data(str(photographs(tmp_path / "pets", 12)))
    assert data.shape == (3, 32, 32)  # the median of 30, 30, 64 as a multiple of 16
    assert data.input.crop == 1.0
    notes = " ".join(data.notes)
    assert "images are scaled and cut to 32 x 32 pixels: --image-size takes another" in notes
    assert load_data(str(tmp_path / "pets"), image_size=48).shape == (3, 48, 48)
    large = photographs(tmp_path / "large", 3, sizes=((400, 300), (300, 500), (640, 640)))
    assert load_data(str(large)).shape == (3, 64, 64)


def test_images_of_one_size_are_left_as_they_are(tmp_path):
    data = load_data(str(photographs(tmp_path / "pets", sizes=((80, 96),))))
    assert data.shape == (3, 80, 96)
    assert data.input.crop is None
    stored = np.asarray(Image.open(tmp_path / "pets/cat/0.png").convert("RGB"))
    both = torch.cat([data.train.x, data.test.x]).permute(0, 2, 3, 1).numpy()
    assert any(np.array_equal(stored, image) for image in both)
    larger = load_data(str(photographs(tmp_path / "larger", sizes=((80, 97),))))
    assert larger.shape == (3, 64, 64)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif"])
def test_an_image_on_its_side_is_turned_in_every_format(tmp_path, suffix):
    exif = Image.Exif()
    exif[0x0112] = 6  # the top of the scene is at the right of what is stored
    lying = Image.fromarray(np.repeat(np.uint8([[0], [255]]), 24, axis=0).repeat(40, axis=1))
    path = tmp_path / f"side.{suffix}"
    lying.save(path, exif=exif)
    row = {"bytes": None, "path": str(path)}
    found = survey([row])
    assert (found.rotated, [*found.sizes]) == (1, [(40, 48)])
    x = ImageInput((16, 16), 1, crop=1.0).transform([row])[0, 0].float()
    assert x[:, :4].mean() > 250  # what was below is at the left
    assert x[:, -4:].mean() < 5


def test_a_network_says_how_it_takes_images(tmp_path):
    folder = str(photographs(tmp_path / "pets", 8))
    data = load_data(folder, takes=CROPPED)
    assert data.shape == (3, 16, 16)
    assert data.input == CROPPED
    assert load_data(folder, takes=CROPPED, image_size=20).shape == (3, 20, 20)
    gray = load_data("digits", takes=CROPPED)
    assert gray.shape == (3, 16, 16)
    assert any("gray images are read as color" in note for note in gray.notes)
    assert load_data("digits", takes=CROPPED, image_size=8).shape == (3, 8, 8)
    trained = TrainedOn(data.classes, data.counts, data.profile, 0, data.digest)
    assert torch.equal(load_for(folder, data.input, trained).train.x, data.train.x)


def test_data_that_a_network_does_not_take_are_refused(feature_file):
    with pytest.raises(InputError, match="the network takes images; DATA holds rows of numbers"):
        load_data(str(feature_file), takes=CROPPED)
    with pytest.raises(InputError, match="the network takes texts; DATA holds images"):
        load_data("digits", takes=TokenInput("{}", 8))


def test_the_cut_is_that_of_timm_and_torchvision():
    from imbtorch.models.backbones.timm import import_timm

    timm = import_timm()
    rng = np.random.default_rng(0)
    for height, width in ((100, 141), (141, 100), (31, 77), (50, 50)):
        pixels = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        for size, crop, name in ((48, 0.875, "bicubic"), (32, 0.95, "bilinear"), (40, 1.0, "box")):
            theirs = timm.data.create_transform(
                (3, size, size), interpolation=name, crop_pct=crop, mean=(0, 0, 0), std=(1, 1, 1)
            )
            ours = ImageInput((size, size), 3, crop=crop, interpolation=name).transform([pixels])
            expected = (theirs(Image.fromarray(pixels)) * 255).round().to(torch.uint8)
            assert torch.equal(ours[0], expected)
