"""What is not finite is found, without an array of the size of the data."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from imbtorch import InputError
from imbtorch.data import finite
from imbtorch.data.finite import are_finite, check_finite, odd_rows
from imbtorch.data.samples import check_features

ODD = [np.nan, np.inf, -np.inf]
TORCH = [torch.float16, torch.bfloat16, torch.float32, torch.float64]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("dtype", TORCH, ids=str)
def test_one_value_is_enough(dtype, odd):
    x = torch.randn(7, 3, 2).to(dtype)
    assert are_finite(x)
    assert are_finite(x[:0])
    x[4, 1, 1] = odd
    assert not are_finite(x)
    assert odd_rows(x) == [4]
    with pytest.raises(InputError, match=r"in 1 of 7 rows \(4\)"):
        check_finite(x)


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("dtype", ["f2", "<f4", ">f4", "f8"])
def test_arrays_of_any_order(dtype, odd):
    x = np.ones((50, 4), dtype)
    assert are_finite(x)
    x[[3, 40], 2] = odd
    x.flags.writeable = False
    assert not are_finite(x)
    assert odd_rows(x) == [3, 40]
    with pytest.raises(InputError, match=r"in 2 of 50 rows \(3, 40\)"):
        check_features(x)


def test_rows_of_several_blocks(monkeypatch):
    monkeypatch.setattr(finite, "BLOCK", 8)
    x = torch.zeros(9, 4)
    x[[0, 1, 5, 8], 3] = torch.nan
    assert odd_rows(x) == odd_rows(x.numpy()) == [0, 1, 5, 8]


def test_whole_numbers_are_finite():
    assert are_finite(np.arange(3))
    assert are_finite(torch.arange(3))


MEMORY = """
from pathlib import Path
import numpy as np, torch
from imbtorch.data.finite import check_finite
from imbtorch.data.samples import check_features
status = Path("/proc/self/status")
peak = lambda: int(status.read_text().split("VmHWM:")[1].split()[0]) * 1024
x = np.ones((50_000, 1000), np.float32)
check_finite(torch.ones(9)), check_features(np.ones((9, 1), np.float32))
begun = peak()
check_finite(torch.from_numpy(x))
check_features(x)
print((peak() - begun) / x.nbytes)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_copy_is_made():
    made = subprocess.run(
        [sys.executable, "-c", MEMORY], check=True, capture_output=True, text=True
    )
    assert float(made.stdout) < 0.05
