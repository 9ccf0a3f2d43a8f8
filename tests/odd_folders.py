"""Folders of classes and splits: what must be read, and what must be refused."""

from pathlib import Path

from made_images import image, images, splits
from odd_inputs import Case, refused, right

CASES: list[Case] = []


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


@right("an empty class folder", CASES, train=9, test=3, said="without an image skipped: bird")
def _(folder):
    images(folder, "cat", "dog")
    (folder / "bird").mkdir()


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
    *(
        refused(
            f"image size {size}",
            _of_splits({"train": 6}),
            f"image_size is {size}",
            options=("--image-size", size),
        )
        for size in ("0", "-4", "1000000")
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
