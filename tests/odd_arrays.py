"""Arrays in an .npz: what must be read, and what must be refused."""

from pathlib import Path

import numpy as np

from odd_inputs import Case, refused, right

X = np.random.default_rng(0).normal(size=(24, 3)).astype(np.float32)
Y = np.arange(24) % 3


def _npz(**arrays):
    def make(path: Path) -> None:
        np.savez(path, **arrays)

    return make


def _right(name: str, said: str | None = None, train: int = 18, test: int = 6, **more) -> Case:
    extra = {key: more.pop(key) for key in ("left_out", "classes", "shape") if key in more}
    arrays = {"features": X, "labels": Y, **more}
    return right(name, _npz(**arrays), train, test, said=said, suffix=".npz", **extra)


def _refused(name: str, said: str, doors: str | None = None, **more) -> Case:
    arrays = {k: v for k, v in {"features": X, "labels": Y, **more}.items() if v is not None}
    return refused(name, _npz(**arrays), said, suffix=".npz", doors=doors)


IMAGES = np.random.default_rng(0).integers(0, 256, (24, 8, 8, 3), dtype=np.uint8)
WORDS = np.array(["ham", "spam", "egg"])
CASES: list[Case] = [
    _right("whole float labels", classes=("0", "1", "2"), labels=Y.astype(np.float64)),
    _right("labels of bytes", classes=("egg", "ham", "spam"), labels=WORDS[Y].astype("S")),
    _right("labels of 8 bits", classes=("0", "1", "2"), labels=Y.astype(np.uint8)),
    _right("bool labels in an array", classes=("False", "True"), labels=Y > 1),
    _right("padded labels", "white space", labels=np.array(["ham", "spam", "egg "])[Y]),
    _right("labels from 5", "labels mapped", labels=Y + 5),
    _right("missing float labels", train=17, left_out=1, labels=np.r_[np.nan, Y[1:]]),
    _right("hidden test labels", "hidden", left_out=24, test_features=X, test_labels=Y * 0 - 1),
    _right("a stored test set", train=24, test=24, test_features=X, test_labels=Y),
    _right("whole numbers as features", shape=(3,), features=np.arange(72).reshape(24, 3)),
    _right("half precision", shape=(3,), features=X.astype(np.float16)),
    _right("other byte order", shape=(3,), features=X.astype(">f8"), labels=Y.astype(">i2")),
    _right("bool features", shape=(3,), features=X > 0),
    _right("images with channels first", shape=(3, 8, 8), features=IMAGES.transpose(0, 3, 1, 2)),
    _right("gray images with a channel", shape=(1, 8, 8), features=IMAGES[..., :1]),
    _right("gray images with a channel first", shape=(1, 8, 8), features=IMAGES[..., 0][:, None]),
    _right("transparent arrays", "white", shape=(3, 8, 8), features=IMAGES[..., [0, 1, 2, 0]]),
    _refused("images of two channels", "channels", features=IMAGES[..., :2]),
    _right("a validation split", train=24, test=24, val_features=X, val_labels=Y),
    _right(
        "a split too many",
        None,
        24,
        24,
        left_out=24,
        val_features=X,
        val_labels=Y,
        test_features=X,
        test_labels=Y,
    ),
    _right("test features without labels", left_out=24, test_features=X),
    _refused("two training sets", "leave one", train_features=X, train_labels=Y),
    _refused(
        "bytes and numbers", "images of bytes", features=IMAGES, test_features=X, test_labels=Y
    ),
    _refused("features without columns", "at least one column", features=X[:, 0]),
    _refused("complex features", "complex", features=X.astype(complex)),
    _refused("features of strings", "features", features=X.astype(str)),
    _refused("features without rows", "no rows", features=X[:0], labels=Y[:0]),
    _refused("one number as features", "shape", features=np.float32(3)),
    _refused("one label in all", "shape", labels=np.int64(3)),
    _refused("labels of two columns", "shape", labels=np.eye(3)[Y]),
    _refused("complex labels", "type complex", labels=Y.astype(complex)),
    _refused("labels of dates", "type datetime", labels=Y.astype("datetime64[D]")),
    _refused("fewer labels", "shape", labels=Y[:5]),
    _refused("no labels", "arrays features", labels=None),
    _refused("no features", "arrays labels", features=None),
    _refused("measured labels", "measurements", labels=Y + 0.5),
    _refused("objects", "not a readable .npz", labels=np.array([None] * 24, dtype=object)),
    _refused("missing features", "NaN", "unreadable", features=np.where(X > 1, np.nan, X)),
    _refused(
        "features beyond float32", "NaN or inf", "unreadable", features=np.r_[[[1e300] * 3], X[1:]]
    ),
    _refused("a test set of another width", "shape", test_features=X[:, :2], test_labels=Y),
    refused(
        "no archive", lambda path: path.write_text("features") and None, "readable", suffix=".npz"
    ),
]


@refused("a torn archive", CASES, "readable", suffix=".npz")
def _(path):
    np.savez(path, features=X, labels=Y)
    path.write_bytes(path.read_bytes()[:500])
