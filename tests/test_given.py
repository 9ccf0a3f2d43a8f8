"""What the estimators are given: one line names what cannot be used; the rest is used rightly."""

import numpy as np
import pandas
import pytest
import torch
from scipy.sparse import csr_matrix
from sklearn.base import clone

from imbtorch import InputError
from imbtorch.sklearn import EmbeddingHead, ImbalancedClassifier

X = np.random.default_rng(0).normal(size=(12, 2)).astype(np.float32)
Y = np.repeat([0, 1], [8, 4])
WORDS = ["a"] * 8 + ["b"] * 3
IMAGES = np.zeros((12, 1, 8, 8), np.float32)
TABLE = pandas.DataFrame(X, columns=["length", "width"])
ESTIMATORS = [
    ImbalancedClassifier("erm", epochs=1, random_state=0),
    EmbeddingHead("ros", epochs=1, random_state=0),
]


def objects(*values):
    made = np.empty(len(values), object)
    made[:] = values
    return made


LAST = r"y is missing in 1 of 12 rows \(11\)"
LABELS = {
    "None": (objects(*WORDS, None), LAST),
    "None in a list": ([*WORDS, None], LAST),
    "None first": (objects(None, *WORDS), r"y is missing in 1 of 12 rows \(0\)"),
    "None among numbers": (objects(*[0] * 8, 1, 1, 1, None), LAST),
    "only None": (objects(*[None] * 12), r"y is missing in 12 of 12 rows \(0, 1, 2, 3, 4, ...\)"),
    "NaN": (np.where(np.arange(12) < 11, Y, np.nan), LAST),
    "NaN among words": (objects(*WORDS, float("nan")), LAST),
    "NaN in a Tensor": (torch.tensor([0.0] * 8 + [1.0] * 3 + [float("nan")]), LAST),
    "NA": (objects(*WORDS, pandas.NA), LAST),
    "NA of integers": (pandas.array([0] * 8 + [1, 1, 1, None], dtype="Int64"), LAST),
    "NA of strings": (pandas.Series([*WORDS, None], dtype="string"), LAST),
    "NA of categories": (pandas.Series(pandas.Categorical([*WORDS, None])), LAST),
    "words and numbers": (objects(*WORDS, 3), "y holds values of type int, str"),
    "words and numbers in a list": ([*WORDS, 3], "y holds values of type int, str"),
    "dicts": ([{}] * 12, "y holds values of type dict"),
    "dates": (Y.astype("M8[D]"), r"y is of type datetime64\[D\]"),
    "no date": (pandas.to_datetime(["2020-01-01"] * 11 + [None]), "y is of type datetime64"),
    "complex": (Y * 1j, "y is of type complex128"),
    "one class": (Y * 0, r"only one class \(0\)"),
    "measurements": (Y + 0.5, "Unknown label type: continuous"),
    "infinite": (np.where(Y, np.inf, 0), "Input y contains infinity"),
    "two columns": (np.stack([Y, Y], 1), "y should be a 1d array"),
    "a number": (3, "y should be a 1d array"),
    "nothing": (None, "y to be passed"),
    "too few": (Y[1:], r"inconsistent numbers of samples: \[12, 11\]"),
}


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("name", LABELS)
def test_labels_that_cannot_be_used(name, estimator):
    y, said = LABELS[name]
    with pytest.raises(ValueError, match=said) as caught:
        clone(estimator).fit(X, y)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", [name for name in LABELS if "missing" in LABELS[name][1]])
def test_labels_of_images_that_are_missing(name):
    y, said = LABELS[name]
    with pytest.raises(InputError, match=said):
        clone(ESTIMATORS[0]).fit(IMAGES, y)


SAMPLES = {
    "a column of words": (TABLE.assign(color="red"), ValueError, "not numbers: color; encode"),
    "categories": (TABLE.assign(c=pandas.Categorical(["w"] * 12)), ValueError, "not numbers: c;"),
    "dates": (TABLE.assign(day=pandas.Timestamp("2020")), ValueError, "not numbers: day;"),
    "many": (pandas.DataFrame({i: ["w"] * 12 for i in range(9)}), ValueError, "0, 1, 2, 3, 4, ..."),
    "words": (np.array([["a", "b"]] * 12), ValueError, "X is of type <U1"),
    "numbers as words": (X.astype(str), ValueError, "X is of type <U32"),
    "bytes": (X.astype("S"), ValueError, r"X is of type \|S"),
    "records": (np.zeros(12, [("a", "f4")]), ValueError, "X is of type"),
    "time": (X.astype("m8[s]"), ValueError, "X is of type timedelta64"),
    "complex": (X + 1j, ValueError, "Complex data not supported: X is of type complex64"),
    "complex Tensor": (torch.from_numpy(X) + 1j, ValueError, "Complex data not supported: X is"),
    "sparse": (csr_matrix(X), TypeError, "Sparse data was passed for X"),
    "no rows": (X[:0], ValueError, r"0 sample\(s\)"),
    "no columns": (X[:, :0], ValueError, r"0 feature\(s\)"),
    "object words": (objects(*["ab"] * 24).reshape(12, 2), ValueError, "could not convert string"),
}


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("name", SAMPLES)
def test_samples_that_cannot_be_used(name, estimator):
    samples, kind, said = SAMPLES[name]
    with pytest.raises(kind, match=said) as caught:
        clone(estimator).fit(samples, Y[: samples.shape[0]])
    assert "\n" not in str(caught.value)


OTHER = {
    "three features": (np.zeros((2, 3)), "X has 3 features, but .* is expecting 2"),
    "another name": (TABLE.rename(columns={"width": "depth"}), "Feature names unseen"),
    "another order": (TABLE[["width", "length"]], "same order"),
    "words": (TABLE.assign(width="wide"), "not numbers: width; encode"),
    "complex": (X + 1j, "Complex data not supported"),
    "NaN": (X * np.nan, "Input X contains NaN"),
    "no rows": (X[:0], r"0 sample\(s\)"),
    "images": (IMAGES, r"shape \(1, 8, 8\); the network was trained on \(2,\)|dim 4"),
}


@pytest.fixture(scope="module")
def fitted():
    return [clone(estimator).fit(TABLE, Y) for estimator in ESTIMATORS]


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
@pytest.mark.parametrize("name", OTHER)
def test_samples_unlike_those_of_training(name, fitted):
    samples, said = OTHER[name]
    for estimator in fitted:
        with pytest.raises(ValueError, match=said):
            estimator.predict(samples)


def test_images_unlike_those_of_training():
    model = clone(ESTIMATORS[0]).fit(IMAGES, Y)
    assert model.sample_shape_ == (1, 8, 8)
    for shape in ((2, 1, 9, 9), (2, 3, 8, 8), (2, 64)):
        with pytest.raises(InputError, match=r"the network was trained on \(1, 8, 8\)"):
            model.predict(np.zeros(shape, np.float32))
    for samples, y, said in (
        (IMAGES.astype(str), Y, "X is of type <U"),
        (IMAGES + 1j, Y, "X is of type complex"),
        (IMAGES[:0], Y[:0], "y has no label"),
        (IMAGES, np.stack([Y, Y], 1), "y should be a 1d array"),
    ):
        with pytest.raises(ValueError, match=said):
            clone(model).fit(samples, y)


RIGHT = {
    "words": (np.array(["few", "many"])[1 - Y], ["few", "many"]),
    "strings": (pandas.Series(np.array(["few", "many"])[1 - Y], dtype="string"), ["few", "many"]),
    "categories": (pandas.Series(pandas.Categorical([*WORDS, "b"])), ["a", "b"]),
    "objects": (objects(*WORDS, "b"), ["a", "b"]),
    "bool": (Y.astype(bool), [False, True]),
    "whole floats": (Y + 1.0, [1, 2]),
    "negative": (Y - 1, [-1, 0]),
}


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize(
    "samples",
    [
        *(X, X.tolist(), TABLE, TABLE.convert_dtypes(), X.astype(object), X.astype(">f8"), X > 0),
        *(torch.from_numpy(X).requires_grad_(), torch.from_numpy(X).bfloat16()),
    ],
    ids=range(9),
)
def test_samples_and_labels_of_any_kind(samples, name):
    y, classes = RIGHT[name]
    head = clone(ESTIMATORS[1]).fit(samples, y)
    assert head.classes_.tolist() == classes
    assert set(head.predict(samples).tolist()) <= set(classes)


def images(seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (12, 1, 8, 8), dtype=np.uint8)


SCALES = {
    "uint8": lambda x: x,
    "0..1": lambda x: np.float32(x) / 255,
    "0..255": np.float32,
    "standardized": lambda x: (np.float32(x) - 130) / 70,
}
TOLD = {
    *((other, "uint8") for other in ("0..255", "standardized")),
    *((other, "0..255") for other in ("uint8", "0..1", "standardized")),
}


@pytest.mark.parametrize("trained", SCALES)
def test_images_of_quite_another_scale_than_in_training_are_refused(trained):
    estimator = ImbalancedClassifier("erm", model="small-cnn", epochs=1, random_state=0)
    estimator.fit(SCALES[trained](images()), Y)
    for given, scaled in SCALES.items():
        if (trained, given) in TOLD:
            with pytest.raises(InputError, match="give them in the same scale"):
                estimator.predict(scaled(images(1)))
        else:
            estimator.predict(scaled(images(1)))


def test_what_is_no_image_is_told_what_images_are():
    for kind in (np.int32, np.int64, np.uint16):
        with pytest.raises(InputError, match=f"X is of type {np.dtype(kind)}; images are uint8"):
            ImbalancedClassifier("erm", epochs=1).fit(images().astype(kind), Y)
    last = np.repeat(images(), 3, 1).transpose(0, 2, 3, 1)
    with pytest.raises(InputError, match=r"channels first, as by x\.transpose\(0, 3, 1, 2\)"):
        ImbalancedClassifier("erm", epochs=1).fit(last, Y)


def test_a_network_without_a_head_of_its_own_is_told_how_to_get_one():
    with pytest.raises(InputError, match=r"a Classifier is needed: split_head\(model\)"):
        ImbalancedClassifier("erm", model=torch.nn.Linear(2, 2), epochs=1).fit(X, Y)


@pytest.mark.parametrize("epochs", [2.5, "5", 0, None])
def test_epochs_of_a_head_are_a_whole_number(epochs):
    with pytest.raises(InputError, match=f"epochs is {epochs}; it must be a whole number"):
        EmbeddingHead(epochs=epochs).fit(X, Y)
