"""Columns become inputs of a network: gaps, categories, dates, and what is new at prediction."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from imbtorch import InputError
from imbtorch.data.inputs import input_from_json, input_to_json
from imbtorch.data.new_rows import usable
from imbtorch.data.tables.column_inputs import NumberInput
from imbtorch.data.tables.table_input import ColumnKind, TableInput

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


def test_truth_values_and_gaps_are_known_in_any_spelling():
    spec = TableInput.fit(
        pd.DataFrame({"x": [True] * 6 + [False] * 5 + [None] * 5}), {"x": CATEGORY}
    )
    new = pd.DataFrame({"x": ["TRUE", "false", "NA", "unknown", "True"]})
    assert spec.transform(new).argmax(1).tolist() == [0, 1, 2, 0, 0]
    assert spec.transform(new).sum(1).tolist() == [1, 1, 1, 0, 1]
    own = TableInput.fit(pd.DataFrame({"x": ["TRUE"] * 6 + ["NA"] * 5}), {"x": CATEGORY})
    assert own.transform(new[:3]).tolist() == [[1, 0], [0, 0], [0, 1]]


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


def test_gaps_that_no_training_row_has_are_said():
    spec = TableInput.fit(
        pd.DataFrame({"a": [1.0, 2.0], "b": [1.0, None]}), {"a": NUMBER, "b": NUMBER}
    )
    new = pd.DataFrame({"a": [None, None, 1.0], "b": [None, 1.0, 2.0]})
    (said,) = spec.unseen(new)
    assert "'a' is empty in 2 rows" in said


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
    with pytest.raises(InputError, match="sign that is 'kg'"):
        NumberInput("x", "value", "point", 0.0, 0.0, 1.0, "kg").check()
