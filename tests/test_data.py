"""Sources of every form become tensors; every kind of bad input is said clearly."""

import csv

import numpy as np
import pytest
import torch
from PIL import Image

from imbtorch import ArrayDataset, InputError, load_data
from imbtorch.data.arrays import class_counts, labels_of
from imbtorch.data.augmentation.augment import augment_by_name, crop_flip, random_crop
from imbtorch.data.batches import Batches
from imbtorch.data.images.mapped import MappedImages
from imbtorch.data.inputs import input_from_json, input_to_json
from imbtorch.data.load_for import TrainedOn, load_for

pytestmark = pytest.mark.usefixtures("own_cache")


def image_folder(folder, counts, size=(8, 8), mode="RGB"):
    rng = np.random.default_rng(0)
    for split in ("train", "test"):
        for name, count in counts.items():
            (folder / split / name).mkdir(parents=True)
            for i in range(count if split == "train" else 3):
                shape = (*size, 3) if mode == "RGB" else size
                pixels = rng.integers(0, 256, shape, dtype=np.uint8)
                Image.fromarray(pixels).save(folder / split / name / f"{i}.png")
    return folder


def trained_on(data, data_seed=0):
    """What a checkpoint says of its data."""
    return TrainedOn(data.classes, data.counts, data.profile, data_seed, data.digest)


def save(path, features, labels, **more):
    np.savez(path, features=np.asarray(features, np.float32), labels=labels, **more)
    return str(path)


def test_image_folder(tmp_path):
    data = load_data(str(image_folder(tmp_path / "pets", {"cat": 9, "dog": 4})))
    assert data.classes == ("cat", "dog")
    assert data.counts == [9, 4]  # imbalanced already: left as it is
    assert data.shape == (3, 8, 8)
    x, y = data.train[0]
    assert (x.dtype, float(x.max()) <= 1, y.dtype) == (torch.float32, True, torch.int64)
    again = load_for(str(tmp_path / "pets"), data.input, trained_on(data))
    assert torch.equal(again.test.x, data.test.x)
    assert torch.equal(again.test.y, data.test.y)


def test_images_of_other_sizes_are_brought_to_one(tmp_path):
    folder = image_folder(tmp_path / "large", {"a": 4, "b": 4}, size=(90, 70), mode="L")
    assert load_data(str(folder)).shape == (1, 90, 70)
    assert load_data(str(folder), image_size=48).shape == (1, 48, 48)


def test_csv_with_text_labels_says_the_mapping(tmp_path):
    path = tmp_path / "flowers.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["width", "height", "label"])
        for i in range(60):
            writer.writerow([i * i % 61, i % 7, "rose" if i % 3 else "aster"])
    data = load_data(str(path), profile="none")
    assert data.classes == ("aster", "rose")
    assert data.shape == (2,)
    assert any("aster -> 0, rose -> 1" in note for note in data.notes)
    assert sum(data.counts) == 45  # a quarter is held out


def test_fine_labels_are_the_classes_where_coarse_ones_stand_beside_them(tmp_path):
    """The columns of CIFAR-100: neither label is taken for an input."""
    path = tmp_path / "two_labels.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["width", "coarse_label", "fine_label"])
        writer.writerows([[i, i % 2, i % 4] for i in range(40)])
    data = load_data(str(path), profile="none")
    assert len(data.classes) == 4
    assert data.shape == (1,)
    assert len(load_data(str(path), profile="none", label="coarse_label").classes) == 2


def test_texts_become_normalised_word_counts(tmp_path):
    path = tmp_path / "mail.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        writer.writerows([[f"cheap pills offer {i}", "spam"] for i in range(12)])
        writer.writerows([[f"meeting agenda minutes {i}", "ham"] for i in range(36)])
    data = load_data(str(path))
    assert {"cheap", "pills", "agenda"} <= set(data.input.vocabulary)
    torch.testing.assert_close(data.train.x.norm(dim=1), torch.full((36,), 3.0))


def test_npz_of_images_and_of_ready_splits(tmp_path):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (40, 8, 8, 3), dtype=np.uint8)
    np.savez(tmp_path / "i.npz", features=images, labels=np.arange(40) % 2)
    assert load_data(str(tmp_path / "i.npz")).shape == (3, 8, 8)
    x, y = rng.normal(size=(40, 5)), np.arange(40) % 4
    np.savez(tmp_path / "s.npz", train_features=x, train_labels=y, test_features=x, test_labels=y)
    data = load_data(str(tmp_path / "s.npz"), profile="none")
    assert len(data.test) == 40


def test_labels_from_any_numbers(tmp_path):
    path = save(tmp_path / "x.npz", np.zeros((40, 2)), np.tile([7.0, 3.0], 20))
    data = load_data(path, profile="none")
    assert data.classes == ("3", "7")
    assert data.notes == ("labels mapped: 3 -> 0, 7 -> 1",)
    path = save(tmp_path / "many.npz", np.zeros((80, 2)), np.tile(np.arange(20, 40), 4))
    assert load_data(path, profile="none").notes == (
        "labels mapped: 20 -> 0, 21 -> 1, 22 -> 2, ..., 39 -> 19",
    )


def test_data_seed_alone_decides_which_samples_stay():
    first, second = load_data("digits", data_seed=1), load_data("digits", data_seed=1)
    assert first.digest == second.digest
    assert first.digest != load_data("digits", data_seed=2).digest


BAD = {
    "missing path": ("./nowhere", "no such file"),
    "missing file": ("nowhere.npz", "no such file"),
    "one class": (([[0.0]] * 8, [1] * 8), "only one class"),
    "nan": (([[0.0], [float("nan")], *[[1.0]] * 6], [0, 1] * 4), r"in . of . rows \(\d"),
    "single sample": (([[0.0]] * 8, [0] * 7 + [1]), "one sample of class 1"),
    "measurements": (([[0.0]] * 8, [0.1, 0.9, 0.3, 0.4] * 2), "measurements"),
    "lengths": (([[0.0]] * 8, [0, 1]), r"shape \(8, 1\), labels \(2,\)"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_data_is_said(case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data, message = BAD[case]
    if not isinstance(data, str):
        data = save(tmp_path / "bad.npz", *data)
    with pytest.raises(InputError, match=message):
        load_data(data, profile="none")


def test_a_class_in_one_split_alone_is_said(tmp_path):
    """Without training samples it is refused; without test samples its recall is undefined."""
    x = np.zeros((4, 1), np.float32)
    path = str(tmp_path / "made.npz")
    np.savez(
        path, train_features=x, train_labels=[0, 0, 1, 1], test_features=x, test_labels=[0, 1, 2, 2]
    )
    with pytest.raises(InputError, match="the training set has no sample of class 2"):
        load_data(path)
    np.savez(
        path, train_features=x, train_labels=[0, 0, 1, 2], test_features=x, test_labels=[0, 0, 1, 1]
    )
    data = load_data(path)
    assert data.counts == [2, 1, 1]
    assert any("the test set has no sample of class 2" in note for note in data.notes)


@pytest.mark.parametrize("ratio", [0.5, 1000, float("nan")])
def test_impossible_ratios_are_said(ratio):
    with pytest.raises(InputError, match="ratio"):
        load_data("digits", profile="exponential", ratio=ratio)


def test_step_profiles_take_a_fraction_and_are_made_again():
    data = load_data("digits", profile="step:0.3", ratio=13)
    assert data.counts == [131] * 7 + [10] * 3
    assert load_data("digits", profile="step", ratio=13).counts == [131] * 5 + [10] * 5
    assert torch.equal(load_for("digits", data.input, trained_on(data)).train.x, data.train.x)
    reduced = load_data("digits", profile="random:0.9", data_seed=3)
    assert [n // 10 for n in sorted(reduced.counts)] == [1] * 4 + [13] * 6
    again = load_for("digits", reduced.input, trained_on(reduced, data_seed=3))
    assert torch.equal(again.train.x, reduced.train.x)
    assert len(load_data("digits", profile="gaussian:0.4").train) == round(0.6 * 1347)
    for wrong in (
        "random",
        "gaussian:a",
        "random:1",
        "step:",
        "step:half",
        "step:1.5",
        "linear:0.3",
    ):
        with pytest.raises(InputError, match=r"profile|fraction"):
            load_data("digits", profile=wrong)


def test_unknown_profile_and_label_are_said(tmp_path):
    with pytest.raises(InputError, match="exponential, step, linear"):
        load_data("digits", profile="exponental")
    folder = image_folder(tmp_path / "pets", {"cat": 3, "dog": 3})
    with pytest.raises(InputError, match="label is 'kind'"):
        load_data(str(folder), label="kind")


def test_an_unreadable_image_is_named(tmp_path):
    folder = image_folder(tmp_path / "pets", {"cat": 3, "dog": 3})
    (folder / "train" / "dog" / "1.png").write_bytes(b"no image at all")
    with pytest.raises(InputError, match=r"dog/1\.png"):
        load_data(str(folder))


def test_nan_rows_are_named():
    x = torch.zeros(10, 2)
    x[3, 1], x[7, 0] = float("nan"), float("inf")
    with pytest.raises(InputError, match=r"in 2 of 10 rows \(3, 7\)"):
        ArrayDataset(x, [0, 1] * 5)


def test_large_image_sets_give_the_same_batches(tmp_path, monkeypatch):
    folder = image_folder(tmp_path / "pets", {"cat": 9, "dog": 4})
    small = load_data(str(folder))
    monkeypatch.setattr("imbtorch.data.tensors.IN_MEMORY_BYTES", 100)
    large = load_data(str(folder))
    assert isinstance(large.train, MappedImages)
    for a, b in zip(
        Batches(small.train, batch_size=4), Batches(large.train, batch_size=4), strict=True
    ):
        torch.testing.assert_close(a[0], b[0])
        assert torch.equal(a[1], b[1])


def test_input_kinds_survive_json(tmp_path):
    spec = load_data("digits").input
    assert input_from_json(input_to_json(spec)) == spec


def test_labels_of_any_dataset():
    class Plain(torch.utils.data.Dataset):
        def __len__(self):
            return 5

        def __getitem__(self, index):
            return torch.zeros(2), index % 2

    assert labels_of(Plain()).tolist() == [0, 1, 0, 1, 0]
    assert class_counts(Plain(), 4) == [3, 2, 0, 0]


def test_augmentation_moves_images_as_wholes():
    x = torch.arange(1, 65).view(1, 1, 8, 8).repeat(200, 1, 1, 1).to(torch.uint8)
    rng = torch.Generator().manual_seed(0)
    out = random_crop(x, rng)
    padded = torch.nn.functional.pad(x[0, 0], (1, 1, 1, 1))
    windows = {padded[i : i + 8, j : j + 8].numpy().tobytes() for i in range(3) for j in range(3)}
    assert {image[0].numpy().tobytes() for image in out} == windows
    assert crop_flip(x, rng).shape == x.shape
    with pytest.raises(InputError, match="crop-flip"):
        augment_by_name("rotate")
