"""Images are decoded once, where they are many or large: what is kept on disk."""

import hashlib
import pickle

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader

from imbtorch.cache import cache_folder, kept_array
from imbtorch.data import tensors
from imbtorch.data.images import mapped as mapped_images
from imbtorch.data.images.image_input import ImageInput
from imbtorch.data.load import load_data
from imbtorch.errors import InputError
from imbtorch.files import WriteError
from made_images import CROPPED, photographs


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """All image sets are too large for memory; a file of the cache holds four images."""
    monkeypatch.setenv("IMBTORCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(tensors, "IN_MEMORY_BYTES", 0)
    monkeypatch.setattr(mapped_images, "FILE_BYTES", 4 * 3 * 16 * 16)
    return tmp_path / "cache" / "images"


@pytest.fixture
def decoded(monkeypatch):
    """Rows decoded so far."""
    rows = []
    read = ImageInput.read

    def noted(self, row, index):
        rows.append(row["path"])
        return read(self, row, index)

    monkeypatch.setattr(ImageInput, "read", noted)
    return rows


def test_large_sets_are_decoded_once(tmp_path, kept, decoded, monkeypatch):
    folder = str(photographs(tmp_path / "pets"))
    first = load_data(folder, takes=CROPPED)
    assert len(decoded) == 11
    again = load_data(folder, takes=CROPPED)
    assert len(decoded) == 11
    assert first.digest == again.digest
    monkeypatch.setattr(tensors, "IN_MEMORY_BYTES", 2**20)
    small = load_data(folder, takes=CROPPED)
    for part in ("train", "test"):
        mapped, whole = getattr(again, part), getattr(small, part)
        assert torch.equal(torch.stack([x for x, _ in mapped]), whole.x)
        assert torch.equal(mapped.y, whole.y)
    assert any(str(kept) in note for note in again.notes)


def test_many_photographs_are_decoded_once_for_all_commands(tmp_path, kept, decoded, monkeypatch):
    folder = str(photographs(tmp_path / "pets"))
    monkeypatch.setattr(tensors, "IN_MEMORY_BYTES", 2**30)
    expected = load_data(folder, takes=CROPPED)
    assert not kept.exists()  # these are few
    monkeypatch.setattr(tensors, "FILE_BYTES", 100)
    load_data(folder, takes=CROPPED)
    decoded.clear()
    again = load_data(folder, takes=CROPPED)
    assert decoded == []
    assert torch.equal(again.train.x, expected.train.x)
    assert again.digest == expected.digest
    for file in kept.glob("*"):
        file.unlink()
    kept.rmdir()
    kept.write_text("a file where the folder should be")
    with pytest.warns(UserWarning, match="every command decodes the images again"):
        assert load_data(folder, takes=CROPPED).digest == expected.digest


def test_the_hash_of_large_sets_is_that_of_earlier_versions(tmp_path, kept):
    folder = tmp_path / "pets"
    photographs(folder, sizes=((8, 8),))
    data = load_data(str(folder))
    expected = hashlib.sha256()
    for part in (data.train, data.test):
        expected.update(b"ImageInput(size=(8, 8), channels=3, value_range=None)")
        by_pixels = {
            np.asarray(Image.open(p).convert("RGBA")).tobytes(): p for p in folder.rglob("*.png")
        }
        for x, _ in part:
            (path,) = [
                p
                for p in by_pixels.values()
                if torch.equal(data.input.transform([{"bytes": None, "path": str(p)}])[0], x)
            ]
            expected.update(path.read_bytes())
        expected.update(part.y.numpy().tobytes())
    assert data.digest == expected.hexdigest()[:16]


def test_an_interrupted_decoding_goes_on(tmp_path, kept, decoded, monkeypatch):
    folder = str(photographs(tmp_path / "pets"))
    read = ImageInput.read

    def interrupted(self, row, index):
        if len(decoded) >= 5:
            raise KeyboardInterrupt
        return read(self, row, index)

    with monkeypatch.context() as patch:
        patch.setattr(ImageInput, "read", interrupted)
        with pytest.raises(KeyboardInterrupt):
            load_data(folder, takes=CROPPED)
    assert len(list(kept.glob("*"))) == 1  # one file is complete, nothing else is left
    before = len(decoded)
    load_data(folder, takes=CROPPED)
    assert len(decoded) - before == 11 - 4


def test_damaged_and_changed_files_are_made_again(tmp_path, kept, decoded):
    folder = photographs(tmp_path / "pets")
    expected = load_data(str(folder), takes=CROPPED)
    whole = [torch.stack([x for x, _ in part]) for part in (expected.train, expected.test)]
    for file in kept.glob("*.npy"):
        file.write_bytes(file.read_bytes()[:-1])
    decoded.clear()
    again = load_data(str(folder), takes=CROPPED)
    assert len(decoded) == 11
    for x, part in zip(whole, (again.train, again.test), strict=True):
        assert torch.equal(torch.stack([image for image, _ in part]), x)
    Image.new("RGB", (40, 40)).save(folder / "dog" / "0.png")
    decoded.clear()
    assert load_data(str(folder), takes=CROPPED).digest != expected.digest
    assert 0 < len(decoded) <= 4


def test_mapped_images_reach_worker_processes(tmp_path, kept):
    data = load_data(str(photographs(tmp_path / "pets")), takes=CROPPED)
    copied = pickle.loads(pickle.dumps(data.train))
    assert len(pickle.dumps(data.train)) < 4_000  # names, not pixels
    (x, y), (expected, _) = next(iter(DataLoader(copied, 3))), data.train[0]
    assert (x.shape, x.dtype, y.dtype) == ((3, 3, 16, 16), torch.uint8, torch.int64)
    assert torch.equal(x[0], expected)


def test_an_unreadable_image_of_a_large_set_is_named(tmp_path, kept):
    folder = photographs(tmp_path / "pets")
    content = (folder / "dog" / "3.png").read_bytes()
    (folder / "dog" / "3.png").write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match=r"unreadable image: .*dog/3\.png"):
        load_data(str(folder), takes=CROPPED)


def test_a_cache_that_cannot_be_written_is_said(tmp_path, kept):
    kept.parent.write_text("a file where the folder should be")
    folder = str(photographs(tmp_path / "pets"))
    with pytest.raises(WriteError, match="cannot be written"):
        load_data(folder, takes=CROPPED)


def test_the_cache_lies_where_the_user_says(tmp_path, monkeypatch):
    monkeypatch.setenv("IMBTORCH_CACHE", str(tmp_path))
    assert cache_folder("images") == tmp_path / "images"
    monkeypatch.delenv("IMBTORCH_CACHE")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cache_folder("images") == tmp_path / "home/.cache/imbtorch/images"


def test_a_kept_array_of_another_shape_is_made_again(tmp_path):
    path = tmp_path / "a.npy"
    kept_array(path, (2,), np.float32, lambda: np.zeros(2, np.float32))
    assert kept_array(path, (3,), np.float32, lambda: np.ones(3)).tolist() == [1, 1, 1]
    with pytest.raises(ValueError, match="read-only"):
        kept_array(path, (3,), np.float32, lambda: None)[0] = 2
