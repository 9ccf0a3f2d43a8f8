"""Columns of tables as people have them: what must be read, and what must be refused."""

from pathlib import Path

import numpy as np
import pandas as pd

from made_images import image
from made_tables import AGE, IDS, INCOME, LABEL, RNG, TEXT, N
from odd_inputs import Case, csv, no_csv, refused, right

CASES: list[Case] = []

CHINESE = [
    "\u8fd9\u4e2a\u7535\u5f71\u5f88\u597d\u770b"
    if i % 3
    else "\u670d\u52a1\u592a\u5dee\u4e86\u4e0d\u63a8\u8350"
    for i in range(N)
]
CASES += [
    csv(
        "customer ids",
        {"customer": IDS, "age": AGE, "income": INCOME, "label": LABEL},
        "not used: customer (an identifier",
        shape=(2,),
    ),
    csv(
        "number ids",
        {"customer_id": RNG.permutation(N * 10)[:N], "age": AGE, "label": LABEL},
        "not used: customer_id (an identifier)",
        shape=(1,),
    ),
    csv(
        "a key in camel case",
        {"PassengerId": RNG.permutation(N * 10)[:N], "age": AGE, "label": LABEL},
        "not used: PassengerId (an identifier)",
        shape=(1,),
    ),
    csv(
        "a pandas index",
        {"age": AGE, "income": INCOME, "label": LABEL},
        "not used: Unnamed: 0 (an identifier)",
        how={"index": True},
        shape=(2,),
    ),
    csv(
        "a column that counts rows",
        {"nr": range(1, N + 1), "age": AGE, "label": LABEL},
        "not used: nr (a row number)",
        shape=(1,),
    ),
    csv(
        "row numbers in another order",
        {"nr": RNG.permutation(N), "age": AGE, "label": LABEL},
        "not used: nr (a row number)",
        shape=(1,),
    ),
    csv(
        "titles of one word",
        {"title": ["hello"] * N, "body": TEXT, "label": LABEL},
        "texts, joined: title, body",
    ),
    csv(
        "a bool column",
        {"member": [i % 2 == 0 for i in range(N)], "age": AGE, "label": LABEL},
        "columns of numbers (2): member, age",
        shape=(2,),
    ),
    csv(
        "categories",
        {"plan": ["gold", "tin"] * 12, "age": AGE, "label": LABEL},
        "input, columns of a table (2): numbers: age; categories: plan",
        shape=(1 + 2,),
    ),
    csv(
        "codes and sizes that look like numbers",
        {"zip": ["01123", "9"] * 12, "size": ["1.0", "1.5", "XL"] * 8, "age": AGE, "label": LABEL},
        "numbers: age; categories: zip, size",
        shape=(1 + 2 + 3,),
    ),
    csv(
        "dates",
        {"since": [f"2024-01-{d:02d}" for d in range(1, N + 1)], "age": AGE, "label": LABEL},
        "input, columns of a table (2): numbers: age; dates: since",
        shape=(1 + 2,),  # days and weekday: month and hour are the same
    ),
    csv(
        "dates with day or month first",
        {"since": [f"{d % 12 + 1:02d}/03/2024" for d in range(N)], "age": AGE, "label": LABEL},
        "day and month are doubtful",
        shape=(1,),
    ),
    csv(
        "numbers written as text",
        {"price": [f"{i},{i:03d}" for i in range(N)], "age": AGE, "label": LABEL},
        "input, columns of a table (2): numbers: price, age",
        shape=(2,),
    ),
    csv(
        "numbers written as text, but for one",
        {"price": ["ask", *(f"${i}.50" for i in range(1, N))], "age": AGE, "label": LABEL},
        "not used: price (",
        shape=(1,),
    ),
    csv(
        "an empty column",
        {"notes": [None] * N, "age": AGE, "label": LABEL},
        "notes (empty)",
        shape=(1,),
    ),
    csv(
        "names of people",
        {"name": [f"Mr. John {i}th Doe" for i in range(N)], "age": AGE, "label": LABEL},
        "not used: name (beside numbers)",
        shape=(1,),
    ),
    csv(
        "texts beside numbers",
        {"text": TEXT, "length": AGE, "label": LABEL},
        "not used: length (beside texts)",
    ),
    csv(
        "title and body",
        {"title": [f"hello {w}" for w in TEXT], "body": TEXT, "label": LABEL},
        "texts, joined: title, body",
    ),
    csv(
        "texts that repeat",
        {"text": [TEXT[i % 6] for i in range(N)], "label": LABEL},
        "input, texts: text",
        train=16,  # all four copies of one text of each class are held out
        test=8,
    ),
    csv("Chinese", {"text": CHINESE, "label": LABEL}, "input, texts: text"),
    csv("an empty text", {"text": [None, *TEXT[1:]], "label": LABEL}, "1 texts of split"),
    csv(
        "text ids",
        {"tweet_id": RNG.permutation(N * 10)[:N], "text": TEXT, "label": LABEL},
        "not used: tweet_id (an identifier)",
    ),
    csv(
        "chosen columns",
        {"customer_id": AGE, "income": INCOME, "label": LABEL},
        "columns of numbers (1): customer_id",
        options=("--columns", "customer_id"),
        shape=(1,),
    ),
    csv(
        "words chosen as text",
        {"name": IDS, "label": LABEL},
        "input, texts: name",
        options=("--columns", "name"),
    ),
]


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


CASES += [
    no_csv(
        "an unknown input column",
        {"age": AGE, "label": LABEL},
        "no column 'agee'",
        options=("--columns", "agee"),
    ),
    no_csv("ids alone", {"customer": IDS, "label": LABEL}, "--columns"),
    csv(
        "gaps in numbers",
        {"age": [None, *AGE[1:]], "income": INCOME, "label": LABEL},
        "missing in training rows: age (1)",
        shape=(2 + 1,),
    ),
    csv(
        "gaps in categories and flags",
        {
            "plan": [None, *["gold", "tin"] * 11, None],
            "member": [None, *[True, False] * 11, None],
            "label": LABEL,
        },
        "categories: plan, member",
        shape=(3 + 3,),
    ),
    no_csv(
        "infinite numbers",
        {"age": AGE, "income": [np.inf, *INCOME[1:]], "label": LABEL},
        "income",
        doors="unreadable",
    ),
]


@refused("lists of several lengths", CASES, "lists of 1 to 2 numbers", suffix=".parquet")
def _(path):
    lists = [[1.0] if i else [1.0, 2.0] for i in range(N)]
    pd.DataFrame({"embedding": lists, "label": LABEL}).to_parquet(path)
