"""Tables as people have them: what must be read, and what must be refused."""

from pathlib import Path

import datasets
import numpy as np
import pandas as pd

from odd_folders import image
from odd_inputs import Case, refused, right

CASES: list[Case] = []
N = 24
"""Rows of most tables: 18 are trained on, 6 held out."""
PARTS = {"train": 18, "test": 6}
RNG = np.random.default_rng(0)
LABEL = ["spam" if i % 3 == 0 else "ham" for i in range(N)]
NAMES3 = ["low", "middle", "high"]
AGE = RNG.integers(20, 70, N).tolist()
INCOME = RNG.normal(3000, 500, N).round(2).tolist()
TEXT = [f"please read this letter about matter {i} and answer me soon" for i in range(N)]
CHINESE = [
    "\u8fd9\u4e2a\u7535\u5f71\u5f88\u597d\u770b"
    if i % 3
    else "\u670d\u52a1\u592a\u5dee\u4e86\u4e0d\u63a8\u8350"
    for i in range(N)
]


def csv(name: str, columns: dict, said: str | None = None, suffix: str = ".csv", **more) -> None:
    """Add a CSV that is read."""
    how = more.pop("how", {"index": False})
    want = {"train": 18, "test": 6, **more}

    def make(path: Path) -> None:
        pd.DataFrame(columns).to_csv(path, **how)

    CASES.append(right(name, make, said=said, suffix=suffix, **want))


def no_csv(name: str, columns: dict, said: str, suffix: str = ".csv", **more) -> None:
    """Add a CSV that is refused."""
    how = more.pop("how", {"index": False})

    def make(path: Path) -> None:
        pd.DataFrame(columns).to_csv(path, **how)

    CASES.append(refused(name, make, said, suffix=suffix, **more))


IDS = [f"C-{7919 * i % 100_003:06d}" for i in range(1, N + 1)]
csv(
    "customer ids",
    {"customer": IDS, "age": AGE, "income": INCOME, "label": LABEL},
    "not used: customer (an identifier",
    shape=(2,),
)
csv(
    "number ids",
    {"customer_id": RNG.permutation(N * 10)[:N], "age": AGE, "label": LABEL},
    "not used: customer_id (an identifier)",
    shape=(1,),
)
csv(
    "a key in camel case",
    {"PassengerId": RNG.permutation(N * 10)[:N], "age": AGE, "label": LABEL},
    "not used: PassengerId (an identifier)",
    shape=(1,),
)
csv(
    "a pandas index",
    {"age": AGE, "income": INCOME, "label": LABEL},
    "not used: Unnamed: 0 (an identifier)",
    how={},
    shape=(2,),
)
csv(
    "a column that counts rows",
    {"nr": range(1, N + 1), "age": AGE, "label": LABEL},
    "not used: nr (a row number)",
    shape=(1,),
)
csv(
    "row numbers in another order",
    {"nr": RNG.permutation(N), "age": AGE, "label": LABEL},
    "not used: nr (a row number)",
    shape=(1,),
)
csv(
    "titles of one word",
    {"title": ["hello"] * N, "body": TEXT, "label": LABEL},
    "texts, joined: title, body",
)
csv(
    "a bool column",
    {"member": [i % 2 == 0 for i in range(N)], "age": AGE, "label": LABEL},
    "columns of numbers (2): member, age",
    shape=(2,),
)
csv(
    "categories",
    {"plan": ["gold", "tin"] * 12, "age": AGE, "label": LABEL},
    "input, columns of a table (2): numbers: age; categories: plan",
    shape=(1 + 2,),
)
csv(
    "dates",
    {"since": [f"2024-01-{d:02d}" for d in range(1, N + 1)], "age": AGE, "label": LABEL},
    "input, columns of a table (2): numbers: age; dates: since",
    shape=(1 + 2,),  # days and weekday: month and hour are the same
)
csv(
    "dates with day or month first",
    {"since": [f"{d % 12 + 1:02d}/03/2024" for d in range(N)], "age": AGE, "label": LABEL},
    "day and month are doubtful",
    shape=(1,),
)
csv(
    "numbers written as text",
    {"price": [f"{i},{i:03d}" for i in range(N)], "age": AGE, "label": LABEL},
    "input, columns of a table (2): numbers: price, age",
    shape=(2,),
)
csv(
    "numbers written as text, but for one",
    {"price": ["ask", *(f"${i}.50" for i in range(1, N))], "age": AGE, "label": LABEL},
    "not used: price (",
    shape=(1,),
)
csv(
    "an empty column",
    {"notes": [None] * N, "age": AGE, "label": LABEL},
    "notes (empty)",
    shape=(1,),
)
csv(
    "names of people",
    {"name": [f"Mr. John {i}th Doe" for i in range(N)], "age": AGE, "label": LABEL},
    "not used: name (beside numbers)",
    shape=(1,),
)
csv(
    "texts beside numbers",
    {"text": TEXT, "length": AGE, "label": LABEL},
    "not used: length (beside texts)",
)
csv(
    "title and body",
    {"title": [f"hello {w}" for w in TEXT], "body": TEXT, "label": LABEL},
    "texts, joined: title, body",
)
csv(
    "texts that repeat",
    {"text": [TEXT[i % 6] for i in range(N)], "label": LABEL},
    "input, texts: text",
    train=16,  # all four copies of one text of each class are held out
    test=8,
)
csv("Chinese", {"text": CHINESE, "label": LABEL}, "input, texts: text")
csv("an empty text", {"text": [None, *TEXT[1:]], "label": LABEL}, "1 texts of split")
csv(
    "text ids",
    {"tweet_id": RNG.permutation(N * 10)[:N], "text": TEXT, "label": LABEL},
    "not used: tweet_id (an identifier)",
)
csv(
    "chosen columns",
    {"customer_id": AGE, "income": INCOME, "label": LABEL},
    "columns of numbers (1): customer_id",
    options=("--columns", "customer_id"),
    shape=(1,),
)
csv(
    "words chosen as text",
    {"name": IDS, "label": LABEL},
    "input, texts: name",
    options=("--columns", "name"),
)
csv(
    "TSV",
    {"age": AGE, "income": INCOME, "label": LABEL},
    suffix=".tsv",
    how={"index": False, "sep": "\t"},
    shape=(2,),
)
csv(
    "semicolons",
    {"age": AGE, "income": INCOME, "label": LABEL},
    how={"index": False, "sep": ";"},
    shape=(2,),
)
csv("tabs in a CSV", {"age": AGE, "label": LABEL}, how={"index": False, "sep": "\t"}, shape=(1,))
csv(
    "decimal commas",
    {"age": AGE, "income": INCOME, "label": LABEL},
    how={"index": False, "sep": ";", "decimal": ","},
    shape=(2,),
)
csv(
    "commas in quotes",
    {"text": [t + ", yours" for t in TEXT], "label": LABEL},
    "input, texts: text",
)
csv(
    "a byte order mark",
    {"label": LABEL, "age": AGE},
    "label: label",
    how={"index": False, "encoding": "utf-8-sig"},
    shape=(1,),
)
csv(
    "empty labels",
    {"age": AGE, "label": [None, None, *LABEL[2:]]},
    classes=("ham", "spam"),
    train=16,
    left_out=2,
)
csv(
    "labels of spaces",
    {"age": AGE, "label": ["  ", *LABEL[1:]]},
    train=17,
    left_out=1,
    classes=("ham", "spam"),
)
csv(
    "labels with spaces",
    {"age": AGE, "label": [" ham ", *LABEL[1:]]},
    "white space around them",
    classes=("ham", "spam"),
)
csv(
    "labels in other cases",
    {"age": AGE, "label": ["Spam", "Spam", *LABEL[2:]]},
    "differ only in case: Spam, spam",
    classes=3,
    train=17,
    test=7,
)
csv(
    "a label called Class",
    {"Time": INCOME, "Class": [i % 3 for i in range(N)]},
    "label: Class",
    shape=(1,),
)
csv("bool labels", {"age": AGE, "label": [i % 3 == 0 for i in range(N)]}, classes=("False", "True"))
csv(
    "whole float labels with gaps",
    {"age": AGE, "label": [None, *[float(i % 2) for i in range(N - 1)]]},
    classes=("0", "1"),
    train=17,
    left_out=1,
)
csv(
    "labels -1 and 1",
    {"age": AGE, "label": [1 - 2 * (i % 2) for i in range(N)]},
    classes=("-1", "1"),
)
csv(
    "a split column",
    {"age": AGE, "label": LABEL, "split": ["train"] * 14 + ["Test"] * 6 + ["val"] * 4},
    "named in the column 'split'",
    train=14,
    test=6,
    left_out=4,
    shape=(1,),
)
csv(
    "two label columns",
    {"age": AGE, "target": LABEL, "label": LABEL},
    "not used: target (another label)",
    shape=(1,),
)


def tables(folder: Path, **parts: pd.DataFrame) -> None:
    """Write a folder of CSVs."""
    folder.mkdir()
    for name, table in parts.items():
        table.to_csv(folder / f"{name}.csv", index=False)


def rows(n: int, **columns) -> pd.DataFrame:
    values = {
        "age": (RNG.permutation(n * 3) + 2)[:n],
        "label": [i % 2 for i in range(n)],
        **columns,
    }
    return pd.DataFrame({name: v for name, v in values.items() if v is not None})


@right("Train.csv and Test.csv", CASES, train=12, test=6, shape=(1,))
def _(folder):
    tables(folder, Train=rows(12), Test=rows(6))


@right("my_train.csv and my-test.csv", CASES, train=12, test=6)
def _(folder):
    tables(folder, my_train=rows(12), **{"my-test": rows(6)})


@right("a test set without labels", CASES, 12, 4, left_out=6 + 3, said="has no labels to test on")
def _(folder):
    tables(folder, train=rows(16), test=rows(6, label=None), sample_submission=rows(3))


@right(
    "a validation split where test labels are hidden", CASES, 12, 4, left_out=6, classes=("0", "1")
)
def _(folder):
    tables(folder, train=rows(12), valid=rows(4), test=rows(6, label=[-1] * 6))


@right("tables of one split", CASES, train=18, test=6)
def _(folder):
    tables(folder, a=rows(12), b=rows(12))


@right("columns in another order", CASES, train=12, test=6, shape=(2,))
def _(folder):
    more = rows(12, size=range(5, 29, 2))
    tables(folder, train=more, test=more[["label", "size", "age"]][:6])


@right("shards in a data folder", CASES, train=24, test=6)
def _(folder):
    (folder / "data").mkdir(parents=True)
    for i in range(2):
        rows(12).to_parquet(folder / "data" / f"train-0000{i}-of-00002.parquet")
    rows(6).to_parquet(folder / "data" / "test-00000-of-00001.parquet")


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


@right(
    "a Parquet with a pandas index",
    CASES,
    18,
    6,
    shape=(1,),
    suffix=".parquet",
    said="an identifier",
)
def _(path):
    table = pd.DataFrame({"age": AGE, "label": LABEL}).set_index(pd.Index(range(5, N + 5)))
    table.sample(frac=1, random_state=0).to_parquet(path)


@right("a column of embeddings", CASES, 18, 6, shape=(4,), suffix=".parquet")
def _(path):
    pd.DataFrame(
        {"embedding": [[float(i), 1.0, 2.0, 3.0] for i in AGE], "label": LABEL}
    ).to_parquet(path)


@right("a column of dates", CASES, 18, 6, shape=(3,), suffix=".parquet", said="dates: when")
def _(path):
    when = pd.date_range("2024-01-01", periods=N)
    pd.DataFrame({"when": when, "age": AGE, "label": LABEL}).to_parquet(path)


@right("words with one label for all", CASES, 18, 6, suffix=".jsonl", said="input, texts: tokens")
def _(path):
    words = [t.split() for t in TEXT]
    pd.DataFrame({"tokens": words, "label": LABEL}).to_json(path, orient="records", lines=True)


def _photographs(folder: Path, columns) -> None:
    for i in range(N):
        image(folder / "photos" / f"{i}.png", i)
    names = [f"photos/{i}.png" for i in range(N)]
    pd.DataFrame(columns(names)).to_csv(folder / "labels.csv", index=False)


@right("image paths in a CSV", CASES, 18, 6, shape=(1, 6, 6), said="input, images: image_path")
def _(folder):
    _photographs(folder, lambda names: {"id": range(N), "image_path": names, "label": LABEL})
    return str(folder / "labels.csv")


@right("metadata beside images", CASES, 18, 6, shape=(1, 6, 6), said="input, images: file_name")
def _(folder):
    for i in range(N):
        image(folder / f"{i}.png", i)
    names = [f"{i}.png" for i in range(N)]
    table = pd.DataFrame({"file_name": names, "age": AGE, "label": LABEL})
    table.to_csv(folder / "metadata.csv", index=False)


@refused("image paths that lead nowhere", CASES, "image files in the column 'image' are missing")
def _(folder):
    folder.mkdir()
    names = [f"{i}.jpg" for i in range(N)]
    pd.DataFrame({"image": names, "label": LABEL}).to_csv(folder / "labels.csv", index=False)
    return str(folder / "labels.csv")


no_csv("no label column", {"age": AGE, "kind": LABEL}, "name it with --label")
no_csv("an unknown label column", {"age": AGE, "label": LABEL}, "kind", options=("--label", "kind"))
no_csv(
    "an unknown input column",
    {"age": AGE, "label": LABEL},
    "no column 'agee'",
    options=("--columns", "agee"),
)
no_csv("a label alone", {"label": LABEL}, "nothing besides the label")
no_csv("ids alone", {"customer": IDS, "label": LABEL}, "--columns")
no_csv("measurements as labels", {"age": AGE, "label": INCOME}, "measurements")
no_csv("one class of texts", {"text": TEXT, "label": ["ham"] * N}, "one class")
no_csv("no labels at all", {"text": TEXT, "label": [None] * N}, "no labeled training sample")
no_csv("a label a row", {"age": AGE, "label": IDS}, "one sample of class")
csv(
    "gaps in numbers",
    {"age": [None, *AGE[1:]], "income": INCOME, "label": LABEL},
    "missing in training rows: age (1)",
    shape=(2 + 1,),
)
csv(
    "gaps in categories and flags",
    {
        "plan": [None, *["gold", "tin"] * 11, None],
        "member": [None, *[True, False] * 11, None],
        "label": LABEL,
    },
    "categories: plan, member",
    shape=(3 + 3,),
)
no_csv(
    "infinite numbers",
    {"age": AGE, "income": [np.inf, *INCOME[1:]], "label": LABEL},
    "income",
    doors="unreadable",
)
no_csv("no rows", {"age": [], "label": []}, "no rows")
no_csv("one row", {"age": [1], "label": ["ham"]}, "one class")
no_csv(
    "half a split column",
    {"age": AGE, "label": LABEL, "split": ["train"] * 20 + ["later"] * 4},
    "split",
)
no_csv("a kind of file unknown", {"age": AGE, "label": LABEL}, "not known", suffix=".xlsx")
no_csv(
    "Latin-1",
    {"text": ["caf\u00e9"] * N, "label": LABEL},
    "UTF-8",
    how={"index": False, "encoding": "latin-1"},
)
for name, content in {
    "an empty file": "",
    "blank lines": "\n\n",
    "one column": "label\na\nb\n",
}.items():

    def _write(path: Path, content=content) -> None:
        path.write_text(content)

    CASES.append(refused(name, _write, "DATA", suffix=".csv"))
CASES += [
    refused(
        "a broken Parquet",
        lambda path: path.write_bytes(b"PAR1") and None,
        "cannot open it",
        suffix=".parquet",
    ),
    refused("no name", lambda path: "", "DATA is empty"),
    refused("white space", lambda path: "  ", "DATA is empty"),
    refused("a missing file", lambda path: "nowhere.csv", "no such file"),
    refused("a missing folder", lambda path: "./nowhere", "no such file"),
    refused("a missing archive", lambda path: "photos.zip", "no such file"),
]


@refused("lists as labels", CASES, "lists", suffix=".parquet")
def _(path):
    pd.DataFrame({"age": AGE, "labels": [[1, 2]] * N}).to_parquet(path)


@refused("lists of several lengths", CASES, "lists of 1 to 2 numbers", suffix=".parquet")
def _(path):
    lists = [[1.0] if i else [1.0, 2.0] for i in range(N)]
    pd.DataFrame({"embedding": lists, "label": LABEL}).to_parquet(path)


@refused("a test set without an input", CASES, "no column 'age'")
def _(folder):
    tables(folder, train=rows(12), test=rows(6, age=None, other=range(6)))


@refused("a split in two kinds of file", CASES, "several kinds")
def _(folder):
    tables(folder, train=rows(12))
    rows(12).to_parquet(folder / "train.parquet")


@refused("no training table", CASES, "--train-split")
def _(folder):
    tables(folder, data=rows(12), test=rows(6))


@refused("hidden labels asked for", CASES, "hidden or missing", options=("--test-split", "test"))
def _(folder):
    tables(folder, train=rows(12), valid=rows(4), test=rows(6, label=[-1] * 6))
