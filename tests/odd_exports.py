"""What programs export and archives hold: what must be read, and what must be refused."""

import csv
from pathlib import Path

import datasets
import numpy as np
import pandas as pd
from PIL import Image

from made_images import images
from made_tables import AGE, INCOME, LABEL, TEXT, N, rows, tables
from odd_inputs import Case, refused, right

CASES: list[Case] = []


def hub(names: list[str], labels: list[int]) -> datasets.Dataset:
    features = datasets.Features(
        {"age": datasets.Value("int64"), "label": datasets.ClassLabel(names=names)}
    )
    return datasets.Dataset.from_dict({"age": AGE[: len(labels)], "label": labels}, features)


@right("class names in another order in the test set", CASES, 24, 6, counts=([8, 16], [1, 5]))
def _(folder):
    train, test = hub(["neg", "pos"], [0, 1, 1] * 8), hub(["pos", "neg"], [0] * 5 + [1])
    datasets.DatasetDict(train=train, test=test).save_to_disk(folder)


@refused("shards with other classes", CASES, "whose columns or classes differ")
def _(folder):
    folder.mkdir()
    hub(["a", "b"], [0, 1] * 6).to_parquet(folder / "train-0.parquet")
    hub(["b", "a"], [0, 1] * 6).to_parquet(folder / "train-1.parquet")


@refused("two configurations", CASES, "give one of them")
def _(folder):
    for name in ("cola", "sst2"):
        (folder / name).mkdir(parents=True)
        rows(12).to_parquet(folder / name / "train-0.parquet")


@refused("a table and its copy", CASES, "the same table twice")
def _(folder):
    table = rows(12)
    tables(folder, train=table, **{"train (1)": table})


@refused("class names in one split alone", CASES, "named classes in one split")
def _(folder):
    folder.mkdir()
    hub(["a", "b"], [0, 1] * 6).to_parquet(folder / "train.parquet")
    rows(6).to_parquet(folder / "test.parquet")


@right("a name with brackets", CASES, 18, 6, classes=("ham", "spam"))
def _(folder):
    folder.mkdir()
    pd.DataFrame({"age": AGE, "label": LABEL}).to_csv(folder / "t[1].csv", index=False)
    pd.DataFrame({"age": AGE, "label": ["x", "y"] * 12}).to_csv(folder / "t1.csv", index=False)
    return str(folder / "t[1].csv")


@right("bare quotes in a TSV", CASES, 18, 6, suffix=".tsv")
def _(path):
    lines = [f"{chr(34) if i in (3, 9) else ''}{TEXT[i]}\t{LABEL[i]}" for i in range(N)]
    path.write_text("\n".join(["text\tlabel", *lines, ""]))


@right("quoted texts of several lines", CASES, 18, 6, suffix=".csv")
def _(path):
    table = pd.DataFrame({"text": [t + "\nyours" for t in TEXT], "label": LABEL})
    table.to_csv(path, index=False, quoting=csv.QUOTE_ALL)


@refused("a comma at the end of each row", CASES, "has 4 fields", suffix=".csv")
def _(path):
    path.write_text("label,age,size\n" + "spam,2,0.5,\nham,3,0.7,\n" * 12)


@refused("no line of names", CASES, "not the names of the columns", suffix=".csv")
def _(path):
    path.write_text(
        "\n".join(f"{a},{i},{name}" for a, i, name in zip(AGE, INCOME, LABEL, strict=True))
    )


@right(
    "thousands with commas",
    CASES,
    18,
    6,
    said="pop (numbers written as text, such as 1,100",
    suffix=".csv",
)
def _(path):
    values = zip([f"{1 + i},{100 + i}" for i in range(N)], AGE, LABEL, strict=True)
    path.write_text("pop;age;label\n" + "".join(f"{p};{a};{n}\n" for p, a, n in values))


@right("TrainImages and TestImages", CASES, 12, 6, classes=("cat", "dog"))
def _(folder):
    images(folder / "TrainImages", "cat", "dog", n=6)
    images(folder / "TestImages", "cat", "dog", n=3)


@right("TrainData.csv and TestData.csv", CASES, 12, 6)
def _(folder):
    tables(folder, TrainData=rows(12), TestData=rows(6))


@refused("one set in several forms", CASES, "which may be the classes")
def _(folder):
    for form in ("color", "grayscale", "segmented"):
        images(folder / form, "cat", "dog", n=3)


@refused("a class called train with folders", CASES, "may be a split or a class")
def _(folder):
    for name, parts in {"bus": ("v1", "v2"), "train": ("v3", "v4")}.items():
        images(folder / name, *parts, n=3)


def _usage(values: list[str]):
    def make(path: Path) -> None:
        pd.DataFrame({"age": AGE, "label": LABEL, "Usage": values}).to_csv(path, index=False)

    return make


FER = _usage(["Training"] * 16 + ["PublicTest"] * 4 + ["PrivateTest"] * 4)
CASES += [
    refused("two test splits in a column", FER, "--test-split", suffix=".csv"),
    right("one of two test splits in a column", FER, 16, 4, left_out=4, suffix=".csv", options=(
        "--train-split", "Training", "--test-split", "PrivateTest")),
    refused("an unusual name in a column of splits", _usage(["train"] * 18 + ["oot"] * 6),
            "some are unusual", suffix=".csv"),
    right("rows of no split", _usage(["train"] * 14 + [""] * 4 + ["test"] * 6), 14, 6, left_out=4,
          suffix=".csv"),
]  # fmt: skip


@refused("a flag of held-out rows", CASES, "which rows are held out", suffix=".csv")
def _(path):
    flag = [i % 4 == 0 for i in range(N)]
    pd.DataFrame({"age": AGE, "is_test": flag, "label": LABEL}).to_csv(path, index=False)


@right("a class called train in a table", CASES, 18, 6, classes=("test", "train"), suffix=".csv")
def _(path):
    pd.DataFrame({"age": AGE, "label": ["train", "test"] * 12}).to_csv(path, index=False)


def _levels(folder: Path, split: str, kind: str) -> None:
    for c, name in enumerate(("dark", "light")):
        (folder / split / name).mkdir(parents=True)
        for i in range(4):
            level = np.full((6, 6), (0.25 + 0.5 * c) + i / 100, np.float32)
            made = Image.fromarray(level if kind == "F" else (255 * level).astype(np.uint8))
            made.save(folder / split / name / f"{i}.tiff")


@refused("test images of another scale", CASES, "another scale", doors="unreadable")
def _(folder):
    _levels(folder, "train", "L")
    _levels(folder, "test", "F")


@refused("masks and images", CASES, "several columns of images", suffix=".parquet")
def _(path):
    photo = {"bytes": b"x", "path": None}
    table = {"left": [photo] * N, "right": [photo] * N, "label": LABEL}
    pd.DataFrame(table).to_parquet(path)


@refused("values that float32 does not tell apart", CASES, "cannot tell apart", suffix=".csv")
def _(path):
    when = [1_700_000_000 + 3 * i for i in np.random.default_rng(0).permutation(N)]
    pd.DataFrame({"age": AGE, "when": when, "label": LABEL}).to_csv(path, index=False)


for name, column, values in (
    ("EmployeeNumber", "EmployeeNumber", np.random.default_rng(0).permutation(999)[:N]),
    ("an account number", "account_no", np.random.default_rng(1).permutation(999)[:N]),
):
    table = pd.DataFrame({column: values, "age": AGE, "label": LABEL})
    CASES.append(
        right(name, lambda path, t=table: t.to_csv(path, index=False), 18, 6, shape=(1,),
              said=f"not used: {column} (a row number", suffix=".csv")
    )  # fmt: skip


@right("numbers of kept rows first", CASES, 18, 6, shape=(1,), suffix=".csv")
def _(path):
    kept = [3 * i + i % 2 for i in range(1, N + 1)]
    pd.DataFrame({"X": kept, "age": AGE, "label": LABEL}).to_csv(path, index=False)


@right("the label as dummies", CASES, 18, 6, shape=(1,), suffix=".csv", said="another label")
def _(path):
    table = pd.DataFrame({"age": AGE, "label": ["a", "b", "c"] * 8})
    table.join(pd.get_dummies(table.label, prefix="label")).to_csv(path, index=False)


@refused("numbers here, words there", CASES, "holds no numbers, as in training")
def _(folder):
    tables(folder, train=rows(12), test=rows(6, age=["1,837.48"] * 6))


@refused("numbers or nothing in lists", CASES, "lists of 0 to 2 numbers", suffix=".parquet")
def _(path):
    lists = [None, *[[1.0, 2.0]] * (N - 1)]
    pd.DataFrame({"x": lists, "label": LABEL}).to_parquet(path)


HINDI = [
    "\u092e\u0941\u091d\u0947 \u092f\u0939 \u092b\u093f\u0932\u094d\u092e",
    "\u0905\u091a\u094d\u091b\u0940 \u0928\u0939\u0940\u0902",
]
FILMS = ["\u7535\u5f71\u5f88\u597d", "this film was rather good for all of us"]
for name, texts, kind in (
    ("Hindi", [f"{HINDI[i % 2]} {i}" for i in range(N)], "word"),
    ("half Chinese", [f"{FILMS[i % 2]} {i}" for i in range(N)], "word"),
    ("DNA", [("ACGT" * 16)[i % 4 : 40 + i] for i in range(N)], "char"),
):  # fmt: skip
    table = pd.DataFrame({"text": texts, "label": LABEL})
    CASES.append(
        right(name, lambda path, t=table: t.to_csv(path, index=False), 18, 6, analyzer=kind,
              suffix=".csv")
    )  # fmt: skip
