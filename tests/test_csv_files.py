"""CSV files: a cell is read alike whatever else stands in the file, and wherever it stands."""

import numpy as np
import pandas as pd
import pytest

from imbtorch import InputError, load_data
from imbtorch.comparison.inspect import inspect_data
from imbtorch.data.new_rows import open_new
from imbtorch.data.splits import FREE
from imbtorch.data.tables.files import open_tables
from imbtorch.data.tables.open_tables import read_tables

pytestmark = pytest.mark.usefixtures("own_cache")

LATE = 10_000
"""Rows that are read together: what stands behind them counts as well."""
LABEL = ["a", "b", "b"]


def written(path, separator=",", rows=24, **columns):
    """Write a CSV whose columns repeat these cells; return its path."""
    cells = zip(*([v[i % len(v)] for i in range(rows)] for v in columns.values()), strict=True)
    lines = [separator.join(map(str, row)) for row in ([*columns], *cells)]
    path.write_text("\n".join([*lines, ""]))
    return path


def opened(path, **as_text):
    (table,) = open_tables(path, as_text)[0].values()
    return table


COLUMNS = {
    "fraction": ([1], 1.5, "float64", 1.5),
    "gap": ([1], "", "float64", None),
    "word": ([1], "x", "string", "x"),
    "number": ([""], 2, "float64", 2),
    "code": ([10115], "01123", "string", "01123"),
    "code gaps": ([10115, "", "NA"], "01123", "string", "01123"),
    "no code": (["1.5", 2], "01", "float64", 1),
    "zero": (["0", "0.5"], "-0.25", "float64", -0.25),
    "large": ([2**63], 2**63 + 1, "uint64", 2**63 + 1),
    "NA of numbers": (["3", "null"], "NA", "float64", None),
    "NA of texts": (["DE"], "NA", "string", "NA"),
    "gap of texts": (["DE"], "", "string", None),
    "truth": (["TRUE"], "false", "bool", False),
    "truth gaps": (["TRUE", ""], "False", "bool", False),
    "truth numbers": (["TRUE"], "1", "string", "1"),
    "empty": ([""], "NA", "float64", None),
}
"""Column -> cells of the first rows, last cell; type of the column, last value."""


def test_a_column_has_the_type_that_all_its_cells_have(tmp_path):
    cells = {n: [*(first * LATE)[:LATE], last] for n, (first, last, *_) in COLUMNS.items()}
    table = opened(written(tmp_path / "t.csv", rows=LATE + 1, **cells))
    last = table[LATE]
    for name, (*_, dtype, value) in COLUMNS.items():
        assert (table.features[name].dtype, last[name]) == (dtype, value), name


GROUPS = {
    "g1": (["999", "1.234", "12.500", "850"], True),  # or 1234
    "g2": (["0.123", "1.234", "5", "5"], False),
    "g3": (["12.500", "1.234", "3.125", "1.000"], False),  # whatever the unit
    "g4": (["1.234", "1234", "5", "5"], False),
    "g5": (["1.234", "2.5", "5", "5"], False),
    "g6": (["1", "2", "5", "5"], False),
}
"""Column -> cells, whether they are doubtful."""


def test_points_that_may_stand_between_thousands(tmp_path):
    """In a file of a German program; elsewhere, or if they were in training, they are decimal."""
    cells = {name: values for name, (values, _) in GROUPS.items()}
    german = written(tmp_path / "g.csv", ";", label=LABEL, **cells)
    texts = [n for n, f in opened(german).features.items() if f.dtype == "string"]
    assert texts == ["label", *(name for name, (_, doubtful) in GROUPS.items() if doubtful)]
    english = written(tmp_path / "e.csv", label=LABEL, **cells)
    for table in (opened(german, g1=False), opened(english)):
        assert [n for n, f in table.features.items() if f.dtype == "string"] == ["label"]


@pytest.mark.parametrize(
    ("trained", "new"),
    [
        (["1.0", "1.50", "XL"], ["1.0", "1.50"]),
        (["01", "02", "X"], ["01", "02"]),
        (["TRUE", "FALSE", "both"], ["FALSE", "TRUE"]),
        (["00123", "01123", "10115"], ["10115"]),
        (["TRUE", "FALSE", ""], ["TRUE", "FALSE"]),
    ],
)
def test_a_category_is_the_same_in_every_file(trained, new, tmp_path):
    columns = {"age": range(3, 99, 4), "label": LABEL}
    spec = load_data(str(written(tmp_path / "t.csv", x=trained, **columns)), profile="none").input
    (categories,) = spec.categories
    rows = open_new(str(written(tmp_path / "n.csv", x=new, **columns)), spec)
    read = categories.read(next(iter(rows.blocks(24)))["x"]).tolist()
    words = {"TRUE": "True", "FALSE": "False"} if "both" not in trained else {}
    assert read == [words.get(new[i % len(new)], new[i % len(new)]) or None for i in range(24)]


def test_rows_that_name_no_split_are_left_out_with_a_word(tmp_path):
    split = ["train", "", "test", "train", "NA"]
    path = written(tmp_path / "t.csv", age=range(3, 99), split=split, label=LABEL)
    assert load_data(str(path), profile="none").left_out == {"without a value in 'split'": 9}


def test_codes_are_times_as_numbers(tmp_path):
    path = written(tmp_path / "t.csv", at=["0830", "1015", "0901"], age=range(3, 99), label=LABEL)
    data = load_data(str(path), profile="none", test_split="time:at:1000")
    assert (len(data.train), len(data.test)) == (16, 8)


def test_columns_of_the_test_set_are_read_as_those_of_the_training_set(tmp_path):
    written(tmp_path / "a_test.csv", size=["1.0", "1.5"], zip=["01123", "02123"], label=LABEL)
    written(tmp_path / "train.csv", size=["1.0", "1.5", "XL"], zip=[1123, 2123], label=LABEL)
    source = read_tables(open_tables(tmp_path)[0], FREE)
    assert source.test.rows.values["size"].tolist()[:2] == ["1.0", "1.5"]
    assert source.test.rows.values["zip"].tolist()[:2] == [1123, 2123]


ROWS = [f"{i % 7 + i / 9:.3f}, {i % 11}, {'rare' if i % 5 == 0 else 'often'}" for i in range(60)]


@pytest.mark.parametrize("header", ["age, pay, kind", "age,pay,kind", " age,pay ,kind"])
def test_names_are_found_with_blanks_around_them_or_without(header, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("\n".join([header, *ROWS]), encoding="utf-8")
    names = tuple(header.split(","))
    for columns in ("age,pay", [*names[:2]], pd.Index(["age", "pay"])):
        for label in ("kind", names[2]):
            data = load_data(path, label=label, columns=columns)
            assert data.input.columns == names[:2]
            assert data.classes == ("often", "rare")
    assert load_data(path, label="kind", test_split="group:pay").input.columns == names[:1]


def test_names_that_differ_by_blanks_alone_are_taken_as_they_are(tmp_path):
    path = tmp_path / "t.csv"
    rows = (f"{i * i % 17},{row}" for i, row in enumerate(ROWS))
    path.write_text("\n".join([" a,a ,a,kind", *rows]), encoding="utf-8")
    for name in (" a", "a ", "a"):
        assert load_data(path, label="kind", columns=[name]).input.columns == (name,)


def test_columns_with_commas_in_their_names_are_asked_for_in_a_list(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("\n".join(['"length, mm",pay,label', *ROWS]), encoding="utf-8")
    assert load_data(path, columns=["length, mm"]).input.columns == ("length, mm",)
    found = inspect_data(path, columns=("length, mm", "pay"))
    assert found.kind == "2 numbers each"
    for columns in ([0], 0):
        with pytest.raises(InputError, match=r"columns is \S+; names"):
            load_data(path, columns=columns)


@pytest.mark.parametrize("index", [False, True])
def test_columns_that_pandas_numbers_have_names(index, tmp_path):
    x = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 3)))
    x["label"] = np.repeat(["often", "rare"], [45, 15])
    x.to_csv(tmp_path / "t.csv", index=index)
    data = load_data(tmp_path / "t.csv")
    assert data.input.columns == ("0", "1", "2")
    x.drop(columns="label").to_csv(tmp_path / "new.csv", index=index)
    rows = next(iter(open_new(str(tmp_path / "new.csv"), data.input).blocks(60)))
    np.testing.assert_array_equal(rows, x[[0, 1, 2]])


@pytest.mark.parametrize("first", ["0,1,y", "1.5,2,label", "0,2,label", "0,1,cat"])
def test_a_first_line_of_data_is_no_line_of_names(first, tmp_path):
    rows = [f"{i % 3},{i % 2},{'ny'[i > 30]}" for i in range(40)]
    (tmp_path / "t.csv").write_text("\n".join([first, *rows]), encoding="utf-8")
    with pytest.raises(InputError, match="its first line holds numbers"):
        load_data(tmp_path / "t.csv")
