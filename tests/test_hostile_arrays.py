"""An .npz may hold anything: it is read and resampled, or one line says what is wrong."""

import io
import pickle
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from imbtorch import InputError
from imbtorch.cli import main
from imbtorch.data.samples import check_samples
from imbtorch.npz import check_memory, free_memory, read_npz

X = np.random.default_rng(0).normal(size=(12, 2)).astype(np.float32)
Y = np.repeat([0, 1], [8, 4])
BAD = {
    "labels 0-d": ({"features": X, "labels": 3}, "labels has shape (); features of shape (12, 2)"),
    "labels 2-d": ({"features": X, "labels": Y[:, None]}, "labels has shape (12, 1)"),
    "labels short": ({"features": X, "labels": Y[1:]}, "shape (12,)"),
    "labels complex": ({"features": X, "labels": Y * 1j}, "labels is of type complex128"),
    "labels NaN": (
        {"features": X, "labels": np.where(Y, np.nan, 0)},
        "missing in 4 of 12 rows (8,",
    ),
    "labels infinite": (
        {"features": X, "labels": np.where(Y, np.inf, 0)},
        "labels holds inf in row",
    ),
    "labels measured": ({"features": X, "labels": Y + 0.5}, "labels holds 0.5 in row 0"),
    "labels dates": ({"features": X, "labels": Y.astype("M8[s]")}, "labels is of type datetime64"),
    "labels records": (
        {"features": X, "labels": np.zeros(12, [("a", int)])},
        "labels is of type [(",
    ),
    "labels bytes": ({"features": X, "labels": np.array([b"\xff", b"a"])[Y]}, "no ASCII text"),
    "features 0-d": ({"features": 3.0, "labels": Y}, "features has shape ()"),
    "features 1-d": ({"features": X[:, 0], "labels": Y}, "features has shape (12,)"),
    "features 3-d": ({"features": X[:, :, None], "labels": Y}, "embeddings of shape (N, D)"),
    "features strings": ({"features": X.astype(str), "labels": Y}, "features is of type <U"),
    "features complex": ({"features": X + 1j, "labels": Y}, "features is of type complex64"),
    "features dates": (
        {"features": X.astype("M8[s]"), "labels": Y},
        "features is of type datetime64",
    ),
    "features NaN": ({"features": X * np.nan, "labels": Y}, "NaN or infinite values in 12 of 12"),
    "no rows": ({"features": X[:0], "labels": Y[:0]}, "at least one row"),
    "no columns": ({"features": X[:, :0], "labels": Y}, "one column"),
    "one class": ({"features": X, "labels": Y * 0}, "more than 1 class"),
    "no labels": ({"features": X}, "holds the arrays features; features and labels"),
    "no arrays": ({}, "holds the arrays none"),
    "train strings": ({"train_features": X.astype("S"), "train_labels": Y}, "train_features is of"),
}


@pytest.mark.parametrize("name", BAD)
def test_arrays_that_cannot_be_resampled(name, tmp_path, capsys):
    arrays, said = BAD[name]
    np.savez(tmp_path / "in.npz", **arrays)
    refused(tmp_path, said, capsys)


def refused(folder, said, capsys):
    before = sorted(folder.iterdir())
    command = ["resample", str(folder / "in.npz"), str(folder / "out.npz"), "--method", "smote:k=2"]
    assert main(command) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("imbtorch: error: ")
    assert said in line
    assert sorted(folder.iterdir()) == before


def stored(array):
    with io.BytesIO() as file:
        np.lib.format.write_array(file, np.asarray(array))
        return file.getvalue()


def claim(shape, kind="<f4", data=b"", version=(1, 0)):
    """Return an array's file whose header claims a shape that its data need not have."""
    header = repr({"descr": kind, "fortran_order": False, "shape": shape}).encode() + b"\n"
    return np.lib.format.magic(*version) + len(header).to_bytes(2, "little") + header + data


FILES = {
    "160 TB": ({"features.npy": claim((10**7, 4 * 10**6))}, "claims shape (10000000, 4000000)"),
    "more than 64 bits": ({"features.npy": claim((2**40, 2**40))}, "and stores 0 bytes"),
    "negative": ({"features.npy": claim((-12, -2), data=X.tobytes())}, "claims shape (-12, -2)"),
    "too little": ({"features.npy": claim((12, 3), data=X.tobytes())}, "(144 bytes) and stores 96"),
    "too much": ({"features.npy": claim((12, 1), data=X.tobytes())}, "(48 bytes) and stores 96"),
    "another array": (
        {"features.npy": stored(X), "more.npy": claim((10**14,))},
        "more claims shape",
    ),
    "objects": ({"features.npy": claim((12,), "|O", pickle.dumps([1]))}, "Python objects"),
    "unknown format": ({"features.npy": claim((12, 2), version=(9, 0))}, "unknown format (9, 0)"),
    "no array": ({"features.npy": b"hello"}, "features is not an array"),
    "a text": ({"README.txt": b"hello"}, "README.txt is not an array"),
    "no header": ({"features.npy": np.lib.format.magic(1, 0)}, "not a readable .npz"),
    "no dict": ({"features.npy": claim(3).replace(b"{", b"(")}, "not a readable .npz"),
    "deep": ({"features.npy": claim((), "(" * 5000)}, "not a readable .npz"),
    "type": ({"features.npy": claim((12, 2), "<f3")}, "not a readable .npz"),
}


@pytest.mark.parametrize("name", FILES)
def test_files_that_claim_what_they_do_not_hold(name, tmp_path, capsys):
    members, said = FILES[name]
    with zipfile.ZipFile(tmp_path / "in.npz", "w") as archive:
        for member, content in {"labels.npy": stored(Y), **members}.items():
            archive.writestr(member, content)
    refused(tmp_path, said, capsys)


@pytest.mark.parametrize("content", [b"", b"PK", b"\x93NUMPY", pickle.dumps(3), b"a,b\n1,2\n"])
def test_files_that_are_no_npz(content, tmp_path, capsys):
    (tmp_path / "in.npz").write_bytes(content)
    refused(tmp_path, "not a readable .npz", capsys)


def test_a_file_that_unpacks_to_more_than_memory(tmp_path, capsys, monkeypatch):
    """A thousandth of the size on disk: it is refused before a byte of it is unpacked."""
    np.savez_compressed(tmp_path / "in.npz", features=np.zeros((4096, 1024)), labels=np.zeros(4096))
    assert (tmp_path / "in.npz").stat().st_size < 50_000
    monkeypatch.setattr("imbtorch.npz.free_memory", lambda: 40 * 10**6)
    monkeypatch.setattr("imbtorch.npz.npy.read_array", lambda *_, **__: pytest.fail("unpacked"))
    refused(tmp_path, "needs 0.03 GB and a copy of it; 0.04 GB are free", capsys)


def test_memory_is_that_of_this_machine():
    assert 2**26 < free_memory() < 2**50
    check_memory(10, "x")
    with pytest.raises(InputError, match=r"x needs \d+\.\d\d GB and a copy of it; .* are free"):
        check_memory(free_memory(), "x")


GOOD = {
    "big-endian": (X.astype(">f4"), Y.astype(">i2")),
    "extended": (X.astype(np.longdouble), Y),
    "half": (X.astype(np.float16), Y.astype(np.uint8)),
    "whole": ((9 * X).astype(np.int64), Y.astype(float)),
    "bytes": (X, np.array([b"cat", b"dog"])[Y]),
    "strings": (X, np.array(["cat", "dög"])[Y]),
    "bool": (X > 0, Y.astype(bool)),
    "column order": (np.asfortranarray(X), Y),
}


@pytest.mark.parametrize("name", GOOD)
def test_arrays_of_any_kind_of_number_and_label(name, tmp_path):
    x, y = GOOD[name]
    np.savez(tmp_path / "in.npz", features=x, labels=y)
    out = tmp_path / "out.npz"
    assert main(["resample", str(tmp_path / "in.npz"), str(out), "--method", "ros"]) == 0
    with np.load(out) as made:
        assert np.array_equal(made["features"][:12], x)
        assert np.array_equal(made["labels"][:12].astype(str), np.asarray(y).astype(str))
        assert np.unique(made["labels"], return_counts=True)[1].tolist() == [8, 8]


@settings(max_examples=100, deadline=None)
@given(
    x=hnp.arrays(hnp.scalar_dtypes(), hnp.array_shapes(min_dims=0, max_dims=3, min_side=0)),
    y=hnp.arrays(
        hnp.scalar_dtypes() | st.just(np.dtype("O")),
        hnp.array_shapes(min_dims=0, max_dims=2, min_side=0),
        elements=None,
        fill=st.nothing(),
    ),
)
def test_any_two_arrays_are_right_or_refused(x, y):
    try:
        samples, labels = check_samples(x, y, ("first", "second"))
    except InputError as error:
        assert str(error).startswith(("first", "second"))  # noqa: PT017
        assert "\n" not in str(error)  # noqa: PT017
        return
    assert samples.shape == x.shape
    assert labels.shape == x.shape[:1]
    assert np.isfinite(samples.astype(float)).all()
    assert samples.dtype.isnative
    assert labels.dtype.kind in "biufU"
    assert np.array_equal(labels, labels)  # no NaN


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(draw=st.data(), packed=st.booleans())
def test_any_damage_to_the_bytes_works_or_is_said(draw, packed, tmp_path):
    path = tmp_path / "in.npz"
    (np.savez_compressed if packed else np.savez)(path, features=X, labels=Y)
    damaged = bytearray(path.read_bytes())
    for _ in range(draw.draw(st.integers(1, 5))):
        damaged[draw.draw(st.integers(0, len(damaged) - 1))] = draw.draw(st.integers(0, 255))
    path.write_bytes(damaged[: draw.draw(st.just(None) | st.integers(0, len(damaged)))])
    try:
        arrays = read_npz(path, "data")
    except InputError as error:
        assert str(path) in str(error)  # noqa: PT017
    else:
        assert sum(array.nbytes for array in arrays.values()) < 2**16
