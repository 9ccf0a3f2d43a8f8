"""Files and splits of tables: what must be read, and what must be refused."""

from pathlib import Path

import pandas as pd

from made_tables import AGE, INCOME, LABEL, TEXT, N, rows, tables
from odd_inputs import Case, csv, no_csv, refused, right

CASES: list[Case] = [
    csv(
        "TSV",
        {"age": AGE, "income": INCOME, "label": LABEL},
        suffix=".tsv",
        how={"sep": "\t"},
        shape=(2,),
    ),
    csv(
        "semicolons",
        {"age": AGE, "income": INCOME, "label": LABEL},
        how={"sep": ";"},
        shape=(2,),
    ),
    csv("tabs in a CSV", {"age": AGE, "label": LABEL}, how={"sep": "\t"}, shape=(1,)),
    csv(
        "decimal commas",
        {"age": AGE, "income": INCOME, "label": LABEL},
        how={"sep": ";", "decimal": ","},
        shape=(2,),
    ),
    csv(
        "commas in quotes",
        {"text": [t + ", yours" for t in TEXT], "label": LABEL},
        "input, texts: text",
    ),
    csv(
        "a byte order mark",
        {"label": LABEL, "age": AGE},
        "label: label",
        how={"encoding": "utf-8-sig"},
        shape=(1,),
    ),
    csv(
        "a split column",
        {"age": AGE, "label": LABEL, "split": ["train"] * 14 + ["Test"] * 6 + ["val"] * 4},
        "named in the column 'split'",
        train=14,
        test=6,
        left_out=4,
        shape=(1,),
    ),
]


@right("Train.csv and Test.csv", CASES, train=12, test=6, shape=(1,))
def _(folder):
    tables(folder, Train=rows(12), Test=rows(6))


@right("my_train.csv and my-test.csv", CASES, train=12, test=6)
def _(folder):
    tables(folder, my_train=rows(12), **{"my-test": rows(6)})


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


CASES += [
    no_csv("no rows", {"age": [], "label": []}, "no rows"),
    no_csv("one row", {"age": [1], "label": ["ham"]}, "one class"),
    no_csv(
        "half a split column",
        {"age": AGE, "label": LABEL, "split": ["train"] * 20 + ["later"] * 4},
        "split",
    ),
    refused(
        "a name of two columns",
        lambda path: path.write_text("x,x,label\n" + "1,2,a\n3,4,b\n" * 9) and None,
        "names 'x' more than once",
        suffix=".csv",
    ),
    no_csv("a kind of file unknown", {"age": AGE, "label": LABEL}, "not known", suffix=".xlsx"),
    no_csv(
        "Latin-1",
        {"text": ["caf\u00e9"] * N, "label": LABEL},
        "UTF-8",
        how={"encoding": "latin-1"},
    ),
]

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
