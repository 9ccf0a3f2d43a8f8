"""Folders of images as people have them: what must be read, and what must be refused."""

import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from odd_inputs import Case, refused, right

CASES: list[Case] = []


def image(path: Path, seed: int = 0, mode: str = "L", size=(6, 6), **options) -> None:
    """Write an image of random pixels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = size if mode == "L" else (*size, {"RGB": 3, "RGBA": 4}[mode])
    pixels = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    Image.fromarray(pixels).save(path, **options)


def images(folder: Path, *classes: str, n: int = 6, suffix: str = "png", **options) -> None:
    """Write n images into each class folder."""
    for c, name in enumerate(classes):
        for i in range(n):
            image(folder / name / f"{i}.{suffix}", 100 * c + i, **options)


def splits(folder: Path, names: dict[str, int], classes=("cat", "dog")) -> None:
    """Write split folders, name -> images of each class."""
    for name, n in names.items():
        images(folder / name, *classes, n=n)


def _of_splits(names: dict[str, int]):
    def make(folder: Path) -> None:
        splits(folder, names)

    return make


for names in (
    {"Training": 6, "Testing": 3},
    {"Train": 6, "Valid": 3},
    {"Train": 6, "Test": 3},
    {"TRAIN": 6, "TEST": 3},
    {"train": 6, "dev": 3},
    {"training": 6, "eval": 3},
    {"train": 6, "evaluation": 3},
    {"train_images": 6, "test_images": 3},
    {"Training Set": 6, "Test Set": 3},
    {"train/train": 6, "test/test": 3},
    {"archive/Training": 6, "archive/Testing": 3},
):
    CASES.append(right("folders " + ", ".join(names), _of_splits(names), train=12, test=6))
CASES += [
    right("three splits", _of_splits({"train": 6, "val": 2, "test": 3}), 12, 6, left_out=4),
    right("an extra split", _of_splits({"train": 6, "extra": 2, "test": 3}), 12, 6, left_out=4),
    right("one split", _of_splits({"train": 8}), train=12, test=4),
    right(
        "a split named otherwise",
        _of_splits({"a": 6, "b": 3}),
        train=12,
        test=6,
        options=("--train-split", "a", "--test-split", "b"),
    ),
    right(
        "a stored split unwanted",
        _of_splits({"train": 8, "test": 2}),
        12,
        4,
        left_out=4,
        options=("--test-split", "none"),
    ),
]


@right("a class called test tube", CASES, train=9, test=3, classes=("beaker", "test tube"))
def _(folder):
    images(folder, "test tube", "beaker")


@right("classes called train and val", CASES, train=13, test=5, classes=("bus", "train", "val"))
def _(folder):
    images(folder, "train", "bus", "val")


@right(
    "classes called train and test alone",
    CASES,
    9,
    3,
    classes=("test", "train"),
    options=("--train-split", "none"),
)
def _(folder):
    images(folder, "train", "test")


@right("splits in class folders", CASES, train=12, test=6, classes=("cat", "dog"))
def _(folder):
    for name in ("cat", "dog"):
        splits(folder / name, {"": 0})
        images(folder / name, "train", n=6)
        images(folder / name, "test", n=3)


@right("folders in class folders", CASES, train=9, test=3, classes=("benign", "malignant"))
def _(folder):
    for i, name in enumerate(("benign", "malignant")):
        images(folder / name, f"patient {i}", f"patient {i + 2}", n=3)


@right(
    "a test split without classes", CASES, train=9, test=3, left_out=4, said="without labels: test"
)
def _(folder):
    splits(folder, {"train": 6})
    for i in range(4):
        image(folder / "test" / f"{i}.png", i)


@right("a link to the folder above", CASES, train=9, test=3)
def _(folder):
    images(folder, "cat", "dog")
    (folder / "cat" / "again").symlink_to(folder)


@right("palettes and bilevel images", CASES, train=18, test=6, shape=(3, 6, 6), said="8-bit P")
def _(folder):
    images(folder, "cat", "dog", n=6, suffix="gif", mode="RGB")
    for name in ("cat", "dog"):
        for i in range(6):
            Image.new("1", (6, 6), i % 2).save(folder / name / f"{i}.bmp")


@right("ink instead of light", CASES, train=9, test=3, shape=(3, 6, 6), said="8-bit CMYK")
def _(folder):
    for name in ("cat", "dog"):
        (folder / name).mkdir(parents=True)
        for i in range(6):
            Image.new("CMYK", (6, 6), (i, 0, 0, 9)).save(folder / name / f"{i}.jpg")


@right("litter beside the images", CASES, train=9, test=3, said="3 files that are no images")
def _(folder):
    images(folder, "cat", "dog")
    for path in (
        "cat/Thumbs.db",
        "notes.txt",
        "dog/a.xml",
        "cat/.DS_Store",
        "__MACOSX/cat/._0.png",
    ):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(b"litter")


@right("an image outside the class folders", CASES, train=9, test=3, left_out=1)
def _(folder):
    images(folder, "cat", "dog")
    image(folder / "sample.png", 7)


@right("an empty class folder", CASES, train=9, test=3, said="without an image skipped: bird")
def _(folder):
    images(folder, "cat", "dog")
    (folder / "bird").mkdir()


@right("suffixes in capitals", CASES, train=9, test=3, classes=("cat", "dog"))
def _(folder):
    images(folder, "cat", n=6, suffix="JPG")
    images(folder, "dog", n=6, suffix="PNG")


@right(
    "names of one class composed in two ways", CASES, train=9, test=9, classes=("cafe", "caf\u00e9")
)
def _(folder):
    images(folder / "train", "caf\u00e9", "cafe", n=4)
    images(folder / "train", "caf\u00e9", n=5)
    images(folder / "test", "cafe\u0301", "cafe", n=4)
    images(folder / "test", "cafe\u0301", n=5)


@right("two and three samples of rare classes", CASES, train=26, test=11, classes=5)
def _(folder):
    images(folder, "a", n=20)
    images(folder, "b", n=10)
    images(folder, "c", "d", n=2)
    images(folder, "e", n=3)


@right(
    "a class absent from the test set", CASES, 18, 6, said="the test set has no sample of class owl"
)
def _(folder):
    splits(folder, {"train": 6}, ("cat", "dog", "owl"))
    splits(folder, {"test": 3})


@right("a gray image first", CASES, train=9, test=3, shape=(3, 6, 6), said="mixed")
def _(folder):
    images(folder, "cat", "dog", mode="RGB")
    for i in range(4):
        image(folder / "cat" / f"{i}.png")


@right("a color image last", CASES, train=9, test=9, shape=(3, 6, 6), said="mixed")
def _(folder):
    splits(folder, {"train": 5, "test": 5}, ("a",))
    splits(folder, {"train": 4, "test": 4}, ("b",))
    image(folder / "train" / "b" / "9.png", mode="RGB")
    (folder / "train" / "b" / "9.png").rename(folder / "train" / "b" / "3.png")


@right("photographs turned by their EXIF data", CASES, 9, 3, shape=(3, 8, 4), said="turned upright")
def _(folder):
    exif = Image.Exif()
    exif[0x0112] = 6
    images(folder, "cat", "dog", mode="RGB", size=(4, 8), suffix="jpg", exif=exif)


@right("transparent images", CASES, train=9, test=3, shape=(3, 6, 6), said="white shows through")
def _(folder):
    images(folder, "cat", "dog", mode="RGBA")


@right("images with several frames", CASES, train=9, test=3, said="first is read")
def _(folder):
    images(
        folder, "cat", "dog", suffix="gif", save_all=True, append_images=[Image.new("L", (6, 6))]
    )


def _deep(kind):
    """16-bit or float images whose values say their class."""

    def make(folder: Path) -> None:
        for c, name in enumerate(("dark", "light")):
            (folder / name).mkdir(parents=True)
            for i in range(6):
                level = (0.25 + 0.5 * c) + i / 100
                if kind == "F":
                    made, suffix = Image.fromarray(np.full((6, 6), level, np.float32)), "tiff"
                elif kind == "I":
                    made = Image.fromarray(np.full((6, 6), 65535 * level).astype(np.int32))
                    suffix = "tiff"
                else:
                    made = Image.fromarray(np.full((6, 6), 65535 * level).astype(np.uint16))
                    suffix = "png"
                made.save(folder / name / f"{i}.{suffix}")

    return make


for kind, words in (("I;16", "16-bit"), ("I", "32-bit integer"), ("F", "float")):
    CASES.append(
        right(f"gray images of mode {kind}", _deep(kind), 9, 3, said=words, mean=(70, 197))
    )


@refused("class folders beside splits", CASES, "--train-split")
def _(folder):
    splits(folder, {"train": 6, "test": 3})
    images(folder, "owl")


@refused("images in split folders", CASES, "--train-split none")
def _(folder):
    images(folder, "train", "test")


@refused("no training split", CASES, "--train-split")
def _(folder):
    splits(folder, {"test": 6, "val": 3})


@refused("two training splits", CASES, "--train-split")
def _(folder):
    splits(folder, {"train": 6, "Training": 3, "test": 3})


@refused("two test splits", CASES, "--test-split")
def _(folder):
    splits(folder, {"train": 6, "test": 3, "Testing": 3})


@refused("two validation splits", CASES, "--test-split")
def _(folder):
    splits(folder, {"train": 6, "val": 3, "dev": 3})


@refused("some class folders with splits", CASES, "--train-split")
def _(folder):
    for name in ("cat", "dog"):
        images(folder / name, "train", "test", "more")


CASES += [
    refused(
        "an unknown split",
        _of_splits({"train": 6, "test": 3}),
        "test_split is 'tests'",
        options=("--test-split", "tests"),
    ),
    refused(
        "an unknown training split",
        _of_splits({"train": 6, "test": 3}),
        "train_split",
        options=("--train-split", "learn"),
    ),
    refused(
        "a label column of folders",
        _of_splits({"train": 6}),
        "label is 'kind'",
        options=("--label", "kind"),
    ),
    refused(
        "image size 0", _of_splits({"train": 6}), "image_size is 0", options=("--image-size", "0")
    ),
    refused(
        "image size -4",
        _of_splits({"train": 6}),
        "image_size is -4",
        options=("--image-size", "-4"),
    ),
    refused(
        "image size 1000000",
        _of_splits({"train": 6}),
        "image_size is 1000000",
        options=("--image-size", "1000000"),
    ),
]


@right(
    "a train split beside class folders, named",
    CASES,
    9,
    3,
    left_out=12,
    options=("--train-split", "train", "--test-split", "none"),
)
def _(folder):
    splits(folder, {"train": 6, "test": 3})
    images(folder, "owl")


@refused("images without classes", CASES, "no class folders")
def _(folder):
    images(folder.parent, folder.name)


@refused("an empty folder", CASES, "neither images nor tables")
def _(folder):
    folder.mkdir()


@refused("a folder of documents", CASES, "neither images nor tables")
def _(folder):
    folder.mkdir()
    (folder / "letter.txt").write_text("Dear")


@refused("class folders and a table", CASES, "give the table")
def _(folder):
    images(folder, "cat", "dog")
    (folder / "labels.csv").write_text("name,label\na,b\n")


@refused("one class", CASES, "one class")
def _(folder):
    images(folder, "cat")


@refused("one sample of a class", CASES, "one sample of class owl")
def _(folder):
    images(folder, "cat", "dog")
    images(folder, "owl", n=1)


@refused("a test class without training samples", CASES, "no sample of class owl", doors=3)
def _(folder):
    splits(folder, {"train": 6})
    splits(folder, {"test": 3}, ("cat", "dog", "owl"))


def _damaged(content: bytes):
    def make(folder: Path) -> None:
        images(folder, "cat", "dog")
        (folder / "dog" / "3.png").write_bytes(content)

    return make


def _huge_png() -> bytes:
    """The beginning of a PNG of 20,000 x 20,000 pixels."""
    header = b"IHDR" + struct.pack(">IIBBBBB", 20_000, 20_000, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + header
        + struct.pack(">I", zlib.crc32(header))
    )


CASES += [
    refused("a text called image", _damaged(b"no image"), "dog/3.png", doors="unreadable"),
    refused("an empty image file", _damaged(b""), "dog/3.png", doors="unreadable"),
    refused("an image of 400 megapixels", _damaged(_huge_png()), "dog/3.png", doors="unreadable"),
]
