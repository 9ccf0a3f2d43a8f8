"""Labels of tables as people have them: what must be read, and what must be refused."""

import datasets
import pandas as pd

from made_tables import AGE, IDS, INCOME, LABEL, TEXT, N, rows, tables
from odd_inputs import Case, csv, no_csv, refused, right

CASES: list[Case] = [
    csv(
        "empty labels",
        {"age": AGE, "label": [None, None, *LABEL[2:]]},
        classes=("ham", "spam"),
        train=16,
        left_out=2,
    ),
    csv(
        "a class called NA",
        {"age": AGE, "label": ["NA" if name == "spam" else name for name in LABEL]},
        "'NA' is taken as a class; empty cells have no label",
        classes=("NA", "ham"),
    ),
    csv(
        "labels of spaces",
        {"age": AGE, "label": ["  ", *LABEL[1:]]},
        train=17,
        left_out=1,
        classes=("ham", "spam"),
    ),
    csv(
        "labels with spaces",
        {"age": AGE, "label": [" ham ", *LABEL[1:]]},
        "white space around them",
        classes=("ham", "spam"),
    ),
    csv(
        "labels in other cases",
        {"age": AGE, "label": ["Spam", "Spam", *LABEL[2:]]},
        "differ only in case: Spam, spam",
        classes=3,
        train=17,
        test=7,
    ),
    csv(
        "a label called Class",
        {"Time": INCOME, "Class": [i % 3 for i in range(N)]},
        "label: Class",
        shape=(1,),
    ),
    csv(
        "bool labels",
        {"age": AGE, "label": [i % 3 == 0 for i in range(N)]},
        classes=("False", "True"),
    ),
    csv(
        "whole float labels with gaps",
        {"age": AGE, "label": [None, *[float(i % 2) for i in range(N - 1)]]},
        classes=("0", "1"),
        train=17,
        left_out=1,
    ),
    csv(
        "labels -1 and 1",
        {"age": AGE, "label": [1 - 2 * (i % 2) for i in range(N)]},
        classes=("-1", "1"),
    ),
    csv(
        "the label in other words",
        {"age": AGE, "grade": [f"of {name}" for name in LABEL], "label": LABEL},
        "warning: grade says the label of each row",
    ),
    csv(
        "two label columns",
        {"age": AGE, "target": LABEL, "label": LABEL},
        "not used: target (another label)",
        shape=(1,),
    ),
]


@right("a test set without labels", CASES, 12, 4, left_out=6 + 3, said="has no labels to test on")
def _(folder):
    tables(folder, train=rows(16), test=rows(6, label=None), sample_submission=rows(3))


@right(
    "a validation split where test labels are hidden", CASES, 12, 4, left_out=6, classes=("0", "1")
)
def _(folder):
    tables(folder, train=rows(12), valid=rows(4), test=rows(6, label=[-1] * 6))


NAMES = ["ham", "spam"]


@right("a hub set with hidden test labels", CASES, 12, 4, left_out=6, classes=("ham", "spam"))
def _(folder):
    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=NAMES)}
    )
    made = {"train": ([0, 1] * 6), "validation": [0, 1] * 2, "test": [-1] * 6}
    datasets.DatasetDict(
        {
            split: datasets.Dataset.from_dict(
                {"text": TEXT[: len(y)], "label": y}, features=features
            )
            for split, y in made.items()
        }
    ).save_to_disk(folder)


@right(
    "hidden labels in training",
    CASES,
    12,
    4,
    left_out=4,
    classes=("ham", "spam"),
    suffix=".parquet",
)
def _(path):
    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=NAMES)}
    )
    table = {"text": TEXT[:20], "label": [0, 1] * 8 + [-1] * 4}
    datasets.Dataset.from_dict(table, features=features).to_parquet(path)


CASES += [
    no_csv("no label column", {"age": AGE, "kind": LABEL}, "name it with --label"),
    no_csv(
        "an unknown label column", {"age": AGE, "label": LABEL}, "kind", options=("--label", "kind")
    ),
    no_csv("a label alone", {"label": LABEL}, "nothing besides the label"),
    no_csv("measurements as labels", {"age": AGE, "label": INCOME}, "measurements"),
    no_csv("one class of texts", {"text": TEXT, "label": ["ham"] * N}, "one class"),
    no_csv("no labels at all", {"text": TEXT, "label": [None] * N}, "no labeled training sample"),
    no_csv("a label a row", {"age": AGE, "label": IDS}, "one sample of class"),
]


@refused("lists as labels", CASES, "lists", suffix=".parquet")
def _(path):
    pd.DataFrame({"age": AGE, "labels": [[1, 2]] * N}).to_parquet(path)


@refused("hidden labels asked for", CASES, "hidden or missing", options=("--test-split", "test"))
def _(folder):
    tables(folder, train=rows(12), valid=rows(4), test=rows(6, label=[-1] * 6))
