"""Numbers and dates as people write them: which style a column has, and what is read by it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from imbtorch import InputError
from imbtorch.data.tables.table_input import ColumnKind, TableInput
from imbtorch.data.tables.written import read_dates, read_numbers, style_of_dates, style_of_numbers

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
        (["999 €", "1.234 €", "12.500 €"], None),
        (["1.234 €", "12.500 €"], None),
        (["1.234 €", "0.999 €"], "point"),
        (["1.234", "999"], None),
        (["1.234", "12.500"], "point"),
        (["1.234", "2.5", "5"], "point"),
    ],
)
def test_how_numbers_are_written(written, style):
    assert style_of_numbers(written) == style


@pytest.mark.parametrize(
    ("written", "style"),
    [
        (["21-03-05", "22-04-16"], None),
        (["21-03-05", "22-04-32"], "day"),
        (["03/14/24", "02/28/24"], "month"),
        (["05.03.21 10:30"], None),
        (["5.3.21"], "day"),
        (["05.03.2021"], "day"),
        (["05.13.21"], "month"),
    ],
)
def test_how_dates_are_written(written, style):
    """21-03-05 may be a day of 2021 or of 2005."""
    assert style_of_dates(written) == style


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
    np.testing.assert_equal(read_numbers(pd.Series([written], dtype=object), style)[0], value)


@pytest.mark.parametrize(
    ("trained", "new"), [("%", "$5"), ("%", "5"), ("%", 0.5), ("", "5%"), ("$", "5 €")]
)
def test_a_number_with_another_sign_than_in_training_is_refused(trained, new):
    """50 % is not 50."""
    train = pd.DataFrame({"x": [f"1{trained}", None, f"2 {trained}"]})
    spec = TableInput.fit(train, {"x": ColumnKind("number", "point")})
    assert spec.numbers[0].sign == trained
    rows = pd.DataFrame({"x": pd.Series([f"{trained}3", new, None], dtype=object)})
    with pytest.raises(InputError) as raised:
        spec.transform(rows)
    said = "which is written with another sign than in training"
    assert f"holds {new!r} in row 1, {said}, {trained or 'none'}" in str(raised.value)
    older = replace(spec, numbers=(replace(spec.numbers[0], sign=None),))
    assert older.numbers[0].read(rows["x"])[:2].tolist() == [3, float(str(new).strip("$€% "))]
    with pytest.raises(InputError, match="another sign"):
        spec.numbers[0].read(pd.Series([0.5] if trained else ["$5"], name="x"))


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
