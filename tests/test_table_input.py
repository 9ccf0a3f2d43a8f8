"""Tables as they come: what becomes of each kind of column, of gaps, and of what is new."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fraud import fraud_table
from imbtorch import InputError, load_data
from imbtorch.cli import main
from imbtorch.data.inputs import input_from_json, input_to_json
from imbtorch.data.new_rows import usable
from imbtorch.data.tables.column_inputs import NumberInput
from imbtorch.data.tables.table_input import ColumnKind, TableInput
from imbtorch.data.tables.written import (
    read_dates,
    read_numbers,
    style_of_dates,
    style_of_numbers,
)

NUMBER, CATEGORY = ColumnKind("number", "point"), ColumnKind("category")
PLANS = ["tin"] * 7 + ["gold"] * 6 + [None] * 2
FRAME = pd.DataFrame({"age": [20.0, 40.0, np.nan] * 5, "plan": PLANS})
SPEC = TableInput.fit(FRAME, {"age": NUMBER, "plan": CATEGORY})


def test_inputs_in_closed_form():
    """Mean and deviation of (20, 40, 30) are 30 and sqrt(200 / 3): the median 30 fills the gap."""
    sigma = np.sqrt(200 / 3)
    x = SPEC.transform(FRAME).numpy()
    np.testing.assert_allclose(x[:3, 0], [-10 / sigma, 10 / sigma, 0], rtol=1e-6)
    assert x[:3, 1].tolist() == [0, 0, 1]
    assert SPEC.categories[0].values == ("tin", "gold", None)
    np.testing.assert_array_equal(x[[0, 7, 14], 2:], np.eye(3))
    assert (SPEC.width, SPEC.categorical) == (5, [(1, 2), (2, 5)])


def test_inputs_come_back_from_json():
    stored = json.loads(json.dumps(input_to_json(SPEC)))
    again = input_from_json(stored)
    assert again == SPEC
    assert torch.equal(again.transform(FRAME), SPEC.transform(FRAME))


def test_what_is_new_at_prediction():
    """No training row lacked a city: all inputs are 0 there, and this is said."""
    cities = pd.DataFrame({"city": ["Bonn"] * 6 + ["Kiel"] * 5})
    spec = TableInput.fit(cities, {"city": CATEGORY})
    new = pd.DataFrame({"city": ["Kiel", "Rome", None, " Bonn "]})
    assert spec.transform(new).tolist() == [[0, 1], [0, 0], [0, 0], [1, 0]]
    (said,) = spec.unseen(new)
    assert "('Rome', none) in 2 rows" in said
    assert spec.unseen(cities) == []


def test_rare_categories_share_an_input_with_unseen_ones():
    cities = pd.DataFrame({"city": ["Bonn"] * 6 + ["Kiel"] * 4 + ["Ulm"]})
    spec = TableInput.fit(cities, {"city": CATEGORY})
    new = pd.DataFrame({"city": ["Kiel", "Rome", None, "Bonn"]})
    assert spec.transform(new).tolist() == [[0, 1], [0, 1], [0, 1], [1, 0]]
    assert spec.unseen(new) == []


def test_whole_numbers_are_the_same_category_with_and_without_gaps():
    codes = pd.DataFrame({"code": [3] * 5 + [7] * 5})
    spec = TableInput.fit(codes, {"code": CATEGORY})
    assert spec.transform(pd.DataFrame({"code": [7.0, np.nan]})).tolist() == [[0, 1], [0, 0]]
    assert spec.transform(pd.DataFrame({"code": ["3", "7 "]})).tolist() == [[1, 0], [0, 1]]


WHEN = ["2024-01-01 06:30", "2024-03-05 18:00", "2023-12-31"]
FORMS = {
    "year": WHEN,
    "day": ["01.01.2024 06:30", "05.03.2024 18:00", "31.12.2023"],
    "month": ["1/1/2024 06:30", "3/5/2024 6:00 PM", "12/31/2023"],
}


@pytest.mark.parametrize("style", FORMS)
def test_dates_become_numbers(style):
    frame = pd.DataFrame({"when": FORMS[style]})
    assert style_of_dates(FORMS[style]) == style
    spec = TableInput.fit(frame, {"when": ColumnKind("date", style)})
    read = {one.part: one.read(frame["when"]).tolist() for one in spec.numbers}
    assert read["days"] == [19723 + 6.5 / 24, 19787.75, 19722]
    assert read["month"] == [1, 3, 12]
    assert read["weekday"] == [0, 1, 6]
    assert read["hour"] == [6.5, 18, 0]


def test_dates_of_any_type_are_the_same():
    stored = pd.DataFrame({"when": pd.to_datetime(WHEN, format="ISO8601")})
    spec = TableInput.fit(stored, {"when": ColumnKind("date", "year")})
    x = spec.transform(stored)
    for frame in (
        pd.DataFrame({"when": WHEN}),
        pd.DataFrame({"when": stored["when"].dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo")}),
        stored.to_records(index=False),
    ):
        assert torch.equal(spec.transform(frame), x)


def test_a_year_first_date_keeps_its_month_among_others():
    spec = TableInput.fit(pd.DataFrame({"when": FORMS["day"]}), {"when": ColumnKind("date", "day")})
    (month,) = (one for one in spec.numbers if one.part == "month")
    assert month.read(pd.Series(["2024-03-04", "04.03.2024"])).tolist() == [3, 3]


@pytest.mark.parametrize(
    ("written", "style"),
    [
        (["1,234.50", "12"], "point"),
        (["1.234,50", "7"], "comma"),
        (["1,234,567"], "point"),
        (["1,234,567", "5.5"], "point"),
        (["1,234"], None),
        (["12,5"], "comma"),
        (["0,125"], "comma"),
        (["$5", "$1,200.00"], "point"),
        (["$5", "€5"], None),
        (["5 %", "7 %"], "point"),
        (["1'234.5", "2 345"], "point"),
        (["1.2.3"], None),
    ],
)
def test_how_numbers_are_written(written, style):
    assert style_of_numbers(written) == style


@pytest.mark.parametrize(
    ("written", "style", "value"),
    [
        ("1,234.50", "point", 1234.5),
        ("1.234,50", "comma", 1234.5),
        ("-$1'200", "point", -1200),
        ("12 %", "point", 12),
        (" ? ", "point", np.nan),
        ("N/A", "point", np.nan),
        (7, "comma", 7),
        (None, "comma", np.nan),
    ],
)
def test_written_numbers_are_read(written, style, value):
    train = pd.DataFrame({"price": ["1", "2"]})
    (one,) = TableInput.fit(train, {"price": ColumnKind("number", style)}).numbers
    np.testing.assert_equal(one.read(pd.Series([written], dtype=object))[0], value)


@pytest.mark.parametrize(
    ("age", "said"),
    [
        ("old", "'old' in row 1, which is no number"),
        (np.inf, "holds inf in row 1, which is infinite"),
    ],
)
def test_what_is_no_number_is_refused(age, said):
    with pytest.raises(InputError, match=said):
        SPEC.transform(pd.DataFrame({"age": [1, age], "plan": ["tin", "tin"]}))


def test_a_missing_column_and_constant_ones_are_refused():
    with pytest.raises(InputError, match="no column 'age'"):
        SPEC.transform(FRAME[["plan"]])
    with pytest.raises(InputError, match="none of them differs"):
        TableInput.fit(pd.DataFrame({"age": [1, 1]}), {"age": NUMBER})


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"numbers": (replace(SPEC.numbers[0], std=0.0),)}, "above 0"),
        ({"numbers": (replace(SPEC.numbers[0], part="second"),)}, "part 'second'"),
        ({"categories": (replace(SPEC.categories[0], values=("a", "a")),)}, "not different"),
    ],
)
def test_what_cannot_be_right_in_a_checkpoint_is_refused(wrong, said):
    with pytest.raises(InputError, match=said):
        replace(SPEC, **wrong).check()


values = st.one_of(st.none(), st.floats(-1e6, 1e6), st.integers(-5, 5))
words = st.one_of(st.none(), st.sampled_from(["a", "b", "c", " ", "?"]), st.booleans())


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(values, words), min_size=2, max_size=30), st.randoms())
def test_any_rows_become_finite_numbers_row_by_row(rows, random):
    frame = pd.DataFrame(rows, columns=["number", "word"]).astype({"word": object})
    try:
        spec = TableInput.fit(frame, {"number": NUMBER, "word": CATEGORY})
    except InputError:
        return
    x = spec.transform(frame)
    assert x.shape == (len(rows), spec.width)
    assert bool(x.isfinite().all())
    for start, stop in spec.categorical:
        assert set(x[:, start:stop].unique().tolist()) <= {0.0, 1.0}
        assert stop - start == 1 or bool((x[:, start:stop].sum(1) == 1).all())
    n = len(spec.numbers)
    torch.testing.assert_close(
        x[:, :n].double().mean(0), torch.zeros(n).double(), atol=1e-4, rtol=0
    )
    order = random.sample(range(len(rows)), len(rows))
    assert torch.equal(spec.transform(frame.iloc[order][["word", "number"]]), x[order])


@pytest.fixture(scope="module")
def payments(tmp_path_factory):
    path = tmp_path_factory.mktemp("table") / "payments.csv"
    fraud_table(1000).to_csv(path, index=False)
    return path


def test_a_table_as_people_have_it(payments):
    data = load_data(str(payments))
    spec = data.input
    assert [one.column for one in spec.categories] == ["plan", "shop", "abroad"]
    assert spec.missing == ("amount", "age")
    assert {one.part for one in spec.numbers} == {"value", "days", "month", "weekday", "hour"}
    said = "\n".join(data.notes)
    for words_of in (
        "numbers: amount, age, balance; categories: plan, shop, abroad; dates: when",
        "not used: payment_id (an identifier",
        "not used: note (beside other columns)",
        "a missing value is a category of plan",
        "fewer than 5 training rows are one: shop",
    ):
        assert words_of in said
    assert data.train.categorical == tuple(spec.categorical)
    assert data.shape == (spec.width,)


def test_inputs_are_fitted_on_training_rows_alone(tmp_path):
    """Other values in the held-out rows change nothing."""
    frame = fraud_table(400).assign(balance=np.random.default_rng(0).permutation(4000)[:400] / 8)
    frame.to_csv(tmp_path / "one.csv", index=False)
    data = load_data(str(tmp_path / "one.csv"))
    held = frame["balance"].isin(data.test_rows.values["balance"])
    assert held.sum() == len(data.test)
    frame.loc[held, ["amount", "plan", "when"]] = 1e6, "platinum", "2030-01-01 12:00"
    frame.to_csv(tmp_path / "other.csv", index=False)
    other = load_data(str(tmp_path / "other.csv"))
    assert other.input == data.input
    assert torch.equal(other.train.x, data.train.x)
    assert not torch.equal(other.test.x, data.test.x)


def test_a_trained_network_measures_new_tables(payments, tmp_path, capsys):
    out = str(tmp_path / "model.safetensors")
    assert (
        main(["train", str(payments), "--epochs", "1", "--recipe", "data:smote", "--out", out]) == 0
    )
    new = fraud_table(300, 1, unseen=True)
    new[[*new.columns][::-1]].to_csv(tmp_path / "new.csv", index=False)
    capsys.readouterr()
    assert main(["evaluate", out, str(tmp_path / "new.csv")]) == 0
    assert "no training row has ('platinum') in 30 rows" in capsys.readouterr().out
    new.assign(amount="cheap").to_csv(tmp_path / "wrong.csv", index=False)
    assert main(["evaluate", out, str(tmp_path / "wrong.csv")]) == 2
    assert "column 'amount' holds 'cheap' in row 0, which is no number" in capsys.readouterr().err


def test_named_columns_of_several_kinds_are_a_table(payments):
    data = load_data(str(payments), columns="plan,amount,payment_id")
    assert [one.column for one in data.input.categories] == ["plan"]
    assert data.input.numbers[0].column == "amount"
    assert load_data(str(payments), columns="note").input.kind == "text"
    with pytest.raises(InputError, match="several kinds"):
        load_data(str(payments), columns="note,amount")


def test_inspect_proposes_what_works(payments, tmp_path, capsys):
    assert main(["inspect", str(payments)]) == 0
    said = capsys.readouterr().out
    assert "missing in training rows: amount (" in said
    assert "m2m" not in said.split("recipes that fit: ")[1].splitlines()[0]
    assert "next: imbtorch compare" in said
    x, y = np.arange(40.0).reshape(20, 2), np.repeat([0, 1], 10)
    x[0, 0] = np.nan
    np.savez(tmp_path / "gaps.npz", features=x, labels=y)
    assert main(["inspect", str(tmp_path / "gaps.npz")]) == 0
    assert "next, once all samples can be read: imbtorch compare" in capsys.readouterr().out


def test_inspect_refuses_held_out_rows_that_compare_refuses(tmp_path, capsys):
    for name, table in (("train", fraud_table(300)), ("test", fraud_table(100, 1))):
        held = table.assign(when="soon") if name == "test" else table
        held.to_csv(tmp_path / f"{name}.csv", index=False)
    assert main(["inspect", str(tmp_path)]) == 2
    assert "column 'when' holds 'soon'" in capsys.readouterr().err


def test_gaps_that_no_training_row_has_are_said():
    spec = TableInput.fit(
        pd.DataFrame({"a": [1.0, 2.0], "b": [1.0, None]}), {"a": NUMBER, "b": NUMBER}
    )
    new = pd.DataFrame({"a": [None, None, 1.0], "b": [None, 1.0, 2.0]})
    (said,) = spec.unseen(new)
    assert "'a' is empty in 2 rows" in said


@pytest.mark.parametrize(
    ("style", "text", "value"),
    [
        ("point", "1,234.5", 1234.5),
        ("point", "12,34", None),
        ("point", "1.234,5", None),
        ("point", "-1e3", -1000),
        ("comma", "1.234,5", 1234.5),
        ("comma", "12.34", None),
        ("comma", "1,234.5", None),
    ],
)
def test_a_number_written_otherwise_than_in_training_is_no_number(style, text, value):
    """12,34 is not 1234: a decimal comma where the training had points is refused."""
    column = pd.Series([text, "7"], name="x", dtype=object)
    if value is None:
        with pytest.raises(InputError, match="is no number"):
            read_numbers(column, style)
    else:
        assert read_numbers(column, style).tolist() == [value, 7]


@pytest.mark.parametrize(
    ("style", "text", "month"),
    [
        ("day", "03/04/2024", 4),
        ("month", "03/04/2024", 3),
        ("day", "03/14/2024", None),
        ("month", "14.03.2024", None),
        ("month", "14.03.24 10:30", None),
        ("day", "2024-03-04", 3),
        ("year", "03/04/2024", None),
        ("day", 1704067, None),
        ("month", "March 4, 2024", None),
    ],
)
def test_a_date_in_another_order_than_in_training_is_no_date(style, text, month):
    """March 14th is not read as such where days come first: its neighbors would be wrong."""
    column = pd.Series([text], name="x", dtype=type(text) if isinstance(text, int) else object)
    if month is None:
        with pytest.raises(InputError, match=r"is no date as those in training, .*(before|year-)"):
            read_dates(column, style)
    else:
        assert read_dates(column, style).dt.month.tolist() == [month]


def test_rows_that_cannot_be_read_are_found_together():
    """One transform for each column at fault, whatever the number of its rows."""
    spec = TableInput.fit(
        pd.DataFrame({"a": [1.0, 2.0] * 5, "b": [3.0, 5.0] * 5}), {"a": NUMBER, "b": NUMBER}
    )
    new = pd.DataFrame({"a": [1.0, "x", 1e300, 2.0] * 500, "b": ["y", 3.0, 3.0, 5.0] * 500})
    rows = new.to_records(index=False)
    (read,), faults = usable(spec, rows)
    assert read.shape == (500, 2)
    assert sorted(faults) == [i for i in range(2000) if i % 4 < 3]
    assert "'b' holds 'y', which is no number" in faults[4]
    assert "'a' holds 'x', which is no number" in faults[5]
    assert "'a' holds a number too far" in faults[6]


@pytest.mark.parametrize(("part", "style"), [("value", "year"), ("days", "point"), ("hour", "")])
def test_a_stored_style_that_is_none_is_refused(part, style):
    number = NumberInput("x", part, style, 0.0, 0.0, 1.0)
    with pytest.raises(InputError, match="style"):
        TableInput((number,), (), ()).check()
