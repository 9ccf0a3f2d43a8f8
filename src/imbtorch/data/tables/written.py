"""Numbers and dates as they are written in columns of tables: found out, and read."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from imbtorch.errors import InputError
from imbtorch.extras import extra

BLANK = ("", "?", "-", "--", "na", "n/a", "<na>", "#na", "#n/a", "nan", "none", "null")
"""What stands for a missing number or date, in lower case and without spaces around it."""
MISSING = (
    *("", "NA", "N/A", "n/a", "<NA>", "#N/A", "#N/A N/A", "#NA", "NULL", "null", "None"),
    *("NaN", "nan", "-NaN", "-nan", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN"),
)
"""What programs write for a missing cell. Among texts only an empty one is missing."""
SIGNS = "%$€£¥"
NUMBER = re.compile(rf"[-+]?[{SIGNS[1:]}]?[-+]?[\d.,' ]*\d[\d.,' ]*[{SIGNS}]?")
CODE = r"0\d+"
"""A number with leading zeros is a code, such as a postal code."""
WHOLE = r"[-+]?\d+"
THOUSANDS = r"[-+]?[1-9]\d{0,2}(?:\.\d{3})*|0"
"""A whole number, with points between thousands."""
POINT = re.compile(r"[-+]?([1-9]\d{0,2}(,\d{3})+|\d+)?(\.\d*)?")
COMMA = re.compile(r"[-+]?([1-9]\d{0,2}(\.\d{3})+|\d+)?(,\d*)?")
YEAR_FIRST = re.compile(r"\d{4}[-/]\d\d?[-/]\d\d?([ T].*)?")
YEAR_LAST = re.compile(r"(\d\d?)[./-](\d\d?)[./-](\d{2,4})( .*)?")
ORDERS = {"year": "year-month-day", "day": "day before month", "month": "month before day"}
"""How dates of each style are written, in words."""
DATE = re.compile(f"{YEAR_FIRST.pattern}|{YEAR_LAST.pattern}")


def style_of_numbers(values: Sequence[str]) -> str | None:
    """Return how numbers are written, ``point`` or ``comma``: the decimal mark; None in doubt.

    Examples
    --------
    >>> style_of_numbers(["1,234.50", "12"]), style_of_numbers(["1.234,50", "7,5"])
    ('point', 'comma')
    >>> style_of_numbers(["1,234", "5,678"]), style_of_numbers(["5", "5 %"])
    (None, None)
    >>> style_of_numbers(["1.234 €", "1.999 €"]), style_of_numbers(["999", "1.234"])
    (None, None)
    """
    signs = {sign_of(value) for value in values}
    bare = [_bare(value) for value in values]
    point, comma = (all(map(mark.fullmatch, bare)) for mark in (POINT, COMMA))
    if len(signs) > 1 or not (point or comma):
        return None
    pointed = ["." in value for value in bare]
    if point and comma and any("," in value for value in bare):
        return None  # thousands, or three decimals
    if point and comma and any(pointed) and (any(signs) or not all(pointed)):
        return None  # so, too; if all numbers had another unit, this would change nothing
    return "point" if point else "comma"


def sign_of(text: object) -> str:
    """Return the sign or unit of a written number, which may have none.

    Examples
    --------
    >>> sign_of("-5.50 €"), sign_of("$5"), sign_of("5")
    ('€', '$', '')
    """
    return re.sub(f"[^{SIGNS}]", "", text) if isinstance(text, str) else ""


def style_of_dates(values: Sequence[str]) -> str | None:
    """Return how dates are written: ``year``, ``day`` or ``month`` first; None in doubt.

    Examples
    --------
    >>> style_of_dates(["2024-03-04 10:30"]), style_of_dates(["03/04/2024", "03/14/2024"])
    ('year', 'month')
    >>> style_of_dates(["03.04.2024"]), style_of_dates(["03/04/2024"]), style_of_dates(["21-03-05"])
    ('day', None, None)
    """
    if all(map(YEAR_FIRST.fullmatch, values)):
        return "year"
    found = [match for match in map(YEAR_LAST.fullmatch, values) if match]
    if len(found) < len(values) or all(map(_may_begin_with_year, found)):
        return None
    first, second = (max(int(match[i]) for match in found) for i in (1, 2))
    if first > 12 or second > 12:
        return None if min(first, second) > 12 else "day" if first > 12 else "month"
    return "day" if all("." in value for value in values) else None


class UnreadableRows(InputError):
    """Some rows of a table cannot be read: `reasons` says why, by their places."""

    def __init__(self, message: str, reasons: Mapping[int, str]) -> None:
        super().__init__(message)
        self.reasons = reasons


def is_blank(values: Any) -> np.ndarray:
    """Return where a column of a frame lacks a number or date: a mask of shape (N,)."""
    if values.dtype.kind in "biufmM":
        lacking: np.ndarray = values.isna().to_numpy(bool)
        return lacking
    texts, codes = _distinct(values)
    blank: np.ndarray = _are_blank(texts)[codes]
    return blank


def read_numbers(values: Any, style: str, sign: str | None = None) -> np.ndarray:
    """Return a column of a frame as float64 of shape (N,), NaN where it lacks a number.

    Raises
    ------
    InputError
        If it holds something else, infinite numbers, or numbers with another sign than `sign`.
    """
    with extra("cli", "DATA"):
        import pandas as pd

    if values.dtype.kind in "biuf":
        numbers: np.ndarray = values.to_numpy(dtype=np.float64, na_value=np.nan)
        other = ~np.isnan(numbers) & bool(sign)
    else:
        texts, codes = _distinct(values)
        plain = [_plain(v, style) if isinstance(v, str) else v for v in texts]
        read = pd.to_numeric(pd.Series(plain, dtype=object), errors="coerce").to_numpy(np.float64)
        _check((np.isnan(read) & ~_are_blank(texts))[codes], values, "is no number")
        numbers = read[codes]
        differ = np.array([sign is not None and sign_of(v) != sign for v in texts])
        other = (~np.isnan(read) & differ)[codes]
    _check(other, values, f"is written with another sign than in training, {sign or 'none'}")
    _check(np.isinf(numbers), values, "is infinite: leave the row out, or the column")
    return numbers


def read_dates(values: Any, style: str) -> Any:
    """Return a column of a frame as a Series of times in UTC, NaT where it lacks a date.

    Raises
    ------
    InputError
        If it holds something else.
    """
    with extra("cli", "DATA"):
        import pandas as pd

    if values.dtype.kind == "M":
        return pd.to_datetime(values, utc=True)
    texts, codes = _distinct(values)
    blank = _are_blank(texts)
    words = [None if empty else str(v).strip() for v, empty in zip(texts, blank, strict=True)]
    # pandas would exchange day and month of a year-first date, too
    iso = [word if word and YEAR_FIRST.fullmatch(word) else None for word in words]
    dates = pd.to_datetime(
        pd.Series(iso, dtype=object), format="ISO8601", utc=True, errors="coerce"
    )
    if style != "year":
        rest = pd.Series([w if w and _in_order(w, style) else None for w in words], dtype=object)
        day = style == "day"
        rest = pd.to_datetime(rest, format="mixed", dayfirst=day, utc=True, errors="coerce")
        dates = dates.fillna(rest)
    _check(
        (dates.isna().to_numpy() & ~blank)[codes],
        values,
        f"is no date as those in training, {ORDERS[style]}",
    )
    return dates.take(codes).reset_index(drop=True)


def part_of_date(dates: Any, part: str) -> np.ndarray:
    """Return days since 1970, month (1 to 12), weekday (0 to 6) or hour of times, as float64."""
    if part == "days":
        with extra("cli", "DATA"):
            import pandas as pd

        days = (dates - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1)
    elif part == "hour":
        days = dates.dt.hour + dates.dt.minute / 60
    else:
        days = dates.dt.month if part == "month" else dates.dt.day_of_week
    numbers: np.ndarray = days.to_numpy(np.float64)
    return numbers


def _distinct(values: Any) -> tuple[list[Any], np.ndarray]:
    """Return what a column holds, each value once and None last, and the place of each row in it.

    Columns repeat their values, and text is slow to read.
    """
    with extra("cli", "DATA"):
        import pandas as pd

    codes, distinct = pd.factorize(values)
    texts = [*distinct, None]
    return texts, np.where(codes < 0, len(texts) - 1, codes)


def _are_blank(texts: Sequence[Any]) -> np.ndarray:
    return np.array(
        [v is None or (isinstance(v, str) and v.strip().lower() in BLANK) for v in texts]
    )


def _may_begin_with_year(date: re.Match[str]) -> bool:
    """Whether a date with its year last can also be read as yy-mm-dd, in the order of ISO 8601."""
    year, month, day = date.groups()[:3]
    return len(year) == len(day) == 2 and 1 <= int(month) <= 12 and 1 <= int(day) <= 31


def _in_order(text: str, style: str) -> bool:
    """Whether a date with its year last has its day and month in the order of `style`."""
    found = YEAR_LAST.fullmatch(text)
    return found is not None and int(found[2 if style == "day" else 1]) <= 12


def _bare(text: str) -> str:
    return re.sub(f"[{SIGNS}' ]", "", text)


def _plain(text: str, style: str) -> str:
    """Return a number as it is written in Python; empty if its marks are not where they belong."""
    bare = _bare(text.strip())
    if style == "comma":
        return bare.replace(".", "").replace(",", ".") if COMMA.fullmatch(bare) else ""
    return bare.replace(",", "") if "," not in bare or POINT.fullmatch(bare) else ""


def _check(bad: np.ndarray, values: Any, what: str) -> None:
    if not bad.any():
        return
    column = f"column {values.name!r} holds"
    held = {row: _shown(values.iloc[row]) for row in np.flatnonzero(bad).tolist()}
    reasons = {row: f"{column} {value}, which {what}" for row, value in held.items()}
    first, more = min(held), f" ({len(held)} rows)" if len(held) > 1 else ""
    where = f" in row {first}" if len(bad) > 1 else ""  # else its number is not known here
    raise UnreadableRows(f"{column} {held[first]}{where}, which {what}{more}", reasons)


def _shown(value: Any) -> str:
    return repr(value.item() if isinstance(value, np.generic) else value)[:80]
