"""A cost matrix is read by its class names, or one line says what is wrong with the file."""

import numpy as np
import pytest

from imbtorch import InputError
from imbtorch.data.cost_file import read_costs
from imbtorch.metrics.objective import Objective

CLASSES = ["good", "scratch, deep", "dent"]
RIGHT = 'x,dent,good,"scratch, deep"\ngood,1,0,2\ndent,0,5,6\n"scratch, deep",8,9,0\n'


def written(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "costs.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_rows_and_columns_are_found_by_name(tmp_path, encoding):
    costs = read_costs(written(tmp_path, RIGHT + "\n", encoding), CLASSES)
    np.testing.assert_array_equal(costs, [[0, 2, 1], [9, 0, 8], [5, 6, 0]])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("good,1,0,2\n", ""), "with 3 rows of 4 cells; for 3 classes, a header and 3 rows of 4"),
        (("good,1,0,2\n", "good,1,0,2\ngood,1,0,2\n"), "with more rows"),
        (("good,1,0,2", "good,1,0"), "4 rows of 3 or 4 cells"),
        ((",", ";"), "cannot be read as CSV: ',' expected"),
        ((",", "\t"), "cannot be read as CSV: ',' expected"),
        (("1,0,2", "1;0;2"), "4 rows of 2 or 4 cells; .* separated by commas"),
        (("x,dent", "x,bent"), "'bent', the name of a column, is no class of the data: these are"),
        (("dent,0", "bent,0"), "'bent', the name of a row, is no class"),
        (("x,dent", "x,good"), "names the column 'good' twice"),
        (("dent,0", "good,0"), "names the row 'good' twice"),
        (("5", "much"), "the cost of 'dent' decided as 'good' is 'much', no finite number"),
        (("5", "inf"), "is 'inf', no finite number"),
        (("5", ""), "is '', no finite number"),
        (("8,9,0\n", '8,9,"0\n'), "cannot be read as CSV"),
        ((RIGHT, ""), "with 0 rows of 0 cells"),
    ],
)
def test_what_is_no_cost_matrix_is_refused(tmp_path, change, said):
    with pytest.raises(InputError, match=said):
        read_costs(written(tmp_path, RIGHT.replace(*change)), CLASSES)


def test_a_missing_file_and_a_binary_one_are_refused(tmp_path):
    with pytest.raises(InputError, match="there is no such file"):
        read_costs(tmp_path / "none.csv", CLASSES)
    path = tmp_path / "costs.csv"
    path.write_bytes(bytes(range(256)))
    with pytest.raises(InputError, match="cannot be read as CSV"):
        read_costs(path, CLASSES)


def test_gains_in_place_of_costs_are_said(tmp_path):
    """Where the right decision costs most, the numbers are gains."""
    with pytest.warns(UserWarning, match=r"'good' is true, .*'scratch, deep' costs -2, less than"):
        costs = read_costs(written(tmp_path, RIGHT.replace("1,0,2", "1,0,-2")), CLASSES)
    assert costs.min() == -2


def test_costs_whose_sum_is_infinite_are_refused(tmp_path):
    costs = read_costs(written(tmp_path, RIGHT.replace("5", "1e308")), CLASSES)
    with pytest.raises(InputError, match=r"beyond 1e\+100"):
        Objective.of(costs=costs)
