"""Odd input, over-samplers and estimators: the result is right, or an error says what would be.

Values of torch's own refusal that name the argument's value (a label out of bounds in a loss) and
scikit-learn's ValueErrors count as such errors; NaN never comes out of input without it.
"""

import numpy as np
import pytest
import torch
from sklearn.exceptions import NotFittedError

from few_steps import NAMES
from imbtorch import InputError
from imbtorch.resampling import EOS, Neighbors, overload
from imbtorch.resampling.names import OVER_SAMPLERS, make_over_sampler
from imbtorch.sklearn import EmbeddingHead

NAN, INF = float("nan"), float("inf")

POINTS = np.concatenate(
    [np.random.default_rng(k).normal(k, 1, (n, 3)) for k, n in enumerate((40, 12, 5))]
)
POINT_LABELS = np.repeat([0, 1, 2], [40, 12, 5])
KINDS = {
    "f16": POINTS.astype(np.float16),
    "f32": POINTS.astype(np.float32),
    "int": (POINTS * 9).astype(np.int64),
    "fortran": np.asfortranarray(POINTS),
    "backwards": np.ascontiguousarray(POINTS[:, ::-1])[:, ::-1],
    "huge": POINTS * 1e100,
    "constant": np.zeros_like(POINTS),
}
WRONG = {
    "empty": (POINTS[:0], POINT_LABELS[:0]),
    "one class": (POINTS[:9], POINT_LABELS[:9]),
    "NaN": (np.where(POINTS > 2, NAN, POINTS), POINT_LABELS),
    "infinite": (POINTS * INF, POINT_LABELS),
    "1-D": (POINTS[:, 0], POINT_LABELS),
    "3-D": (POINTS[:, :, None], POINT_LABELS),
    "measurements": (POINTS, POINT_LABELS + 0.5),
    "NaN label": (POINTS, np.where(POINT_LABELS == 2, NAN, POINT_LABELS)),
    "words": (POINTS.astype(str), POINT_LABELS),
    "lengths": (POINTS, POINT_LABELS[:9]),
    "no labels": (POINTS, None),
    "no columns": (POINTS[:, :0], POINT_LABELS),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore:overflow:RuntimeWarning")
def test_over_samplers_keep_rows_and_kind(name, kind):
    x, y = KINDS[kind], np.array(["often", "seldom", "rare"])[POINT_LABELS]
    try:
        new_x, new_y = make_over_sampler(name, random_state=0).fit_resample(x, y)
    except ValueError as error:  # the SVMs say that they cannot; networks compute in float32
        assert "svm" in name or (kind == "huge" and "values beyond" in str(error))  # noqa: PT017
        assert kind in ("huge", "constant")
        return
    assert new_x.dtype == x.dtype
    assert np.array_equal(new_x[: len(x)], x)
    assert np.array_equal(new_y[: len(y)], y)
    assert np.isfinite(new_x.astype(float)).all()


@pytest.mark.parametrize("name", [n for n in NAMES if n != "ros"])
@pytest.mark.parametrize("case", [c for c in WRONG if c != "3-D"])  # which keeps its shape
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")  # before scikit-learn refuses
def test_over_samplers_say_what_they_cannot_take(name, case):
    with pytest.raises(InputError, match=r"\w"):
        make_over_sampler(name, random_state=0).fit_resample(*WRONG[case])


SHAPED = [  # ros is imbalanced-learn's own, and takes rows alone; networks see images as such
    (name, kind)
    for name in OVER_SAMPLERS
    for kind in KINDS
    if name in ("smote", "borderline-smote", "svm-smote", "balanced-svm", "eos")
    and not ("svm" in name and kind in ("huge", "constant"))
]


@pytest.mark.parametrize(("name", "kind"), SHAPED)
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore:overflow:RuntimeWarning")
def test_over_samplers_keep_shapes(name, kind):
    flat, y = make_over_sampler(name, 0).fit_resample(KINDS[kind], POINT_LABELS)
    for shape in ((1, 3), (3, 1, 1)):
        x = KINDS[kind].reshape(-1, *shape)
        new_x, new_y = make_over_sampler(name, 0).fit_resample(x, POINT_LABELS)
        assert np.array_equal(new_x, flat.reshape(-1, *shape))
        assert new_x.dtype == x.dtype
        assert np.array_equal(new_y, y)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_over_samplers_of_one_sample_a_class(name):
    one_each = POINTS[[0, 45, 55]], POINT_LABELS[[0, 45, 55]]
    try:
        x, _ = make_over_sampler("eos:k=1" if name == "eos" else name, 0).fit_resample(*one_each)
        assert len(x) == 3
    except InputError as error:
        assert "samples" in str(error)  # noqa: PT017
    rare = POINTS[:41], np.append(POINT_LABELS[:40], 1)
    try:
        x, y = make_over_sampler(name, random_state=0).fit_resample(*rare)
        assert np.isfinite(x).all()
        assert len(y) == len(x)
    except ValueError as error:
        assert "only one sample" in str(error) or "noise" in str(error)  # noqa: PT017


def test_tensors_are_checked_as_arrays_are():
    x, y = torch.tensor(POINTS), torch.tensor(POINT_LABELS)
    half = (x, y + 0.5)
    for wrong_x, wrong_y in (
        (x * NAN, y),
        (x[:9], y),
        (x[:, 0], y),
        (x[:0], y[:0]),
        half,
    ):
        with pytest.raises(ValueError, match=r"\w"):
            EOS(random_state=0).fit_resample(wrong_x, wrong_y)
    with pytest.raises(InputError, match="y is of type <U1"):
        EOS(random_state=0).fit_resample(x, np.array(["a", "b", "c"])[POINT_LABELS])


@pytest.mark.parametrize("kind", [k for k in KINDS if k != "huge"])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_embedding_head_takes_any_numbers_and_labels(kind):
    labels = np.array(["often", "seldom", "rare"])[POINT_LABELS]
    head = EmbeddingHead(epochs=1, random_state=0).fit(KINDS[kind], labels)
    assert np.isfinite(head.predict_proba(KINDS[kind])).all()
    assert set(head.predict(KINDS[kind])) <= set(labels)


@pytest.mark.parametrize("case", [c for c in WRONG if c != "words"])  # these are read as numbers
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")  # before scikit-learn refuses
def test_embedding_head_says_what_it_cannot_take(case):
    x, y = WRONG[case]
    with pytest.raises(ValueError, match=r"\w"):
        EmbeddingHead(epochs=1).fit(x, y)


@pytest.mark.parametrize("kind", KINDS)
def test_neighbors_of_any_numbers(kind):
    distances, indices = Neighbors(3).fit(KINDS[kind]).kneighbors(KINDS[kind])
    assert not np.isnan(distances).any()
    assert ((indices >= 0) & (indices < len(POINTS))).all()


def test_neighbors_say_what_they_cannot_take():
    words, objects = POINTS.astype(str), POINTS.astype(object)
    for x in (POINTS[:0], POINTS[:, 0], POINTS[:, :, None], POINTS * NAN, words, objects, None):
        with pytest.raises(InputError, match="X "):
            Neighbors(2).fit(x)
    fitted = Neighbors(2).fit(POINTS)
    for queries in (POINTS[:, :2], POINTS * NAN, POINTS[:, 0]):
        with pytest.raises(InputError, match="X "):
            fitted.kneighbors(queries)
    for k in (0, -1, 58, 2.5, NAN):
        with pytest.raises(InputError, match="n_neighbors"):
            fitted.kneighbors(POINTS, k)
    with pytest.raises(NotFittedError):
        Neighbors(2).kneighbors(POINTS)


@pytest.mark.parametrize("method", ["flat", "ivf", "hnsw"])
def test_faiss_takes_double_precision(method):
    pytest.importorskip("faiss")
    exact = Neighbors(3, method="torch").fit(POINTS).kneighbors(POINTS)[0]
    found = Neighbors(3, method=method, recall=1.0).fit(POINTS).kneighbors(POINTS)[0]
    # a flat index may expand (x - y)^2, which rounds as |x|^2: the squares agree, not the roots
    rounding = 8 * np.finfo(np.float32).eps * float(np.square(POINTS).sum(1).max())
    np.testing.assert_allclose(found**2, exact**2, atol=rounding, rtol=1e-5)


def test_micro_clusters_say_what_does_not_fit():
    features, labels = torch.randn(6, 2), torch.tensor([0, 0, 0, 1, 1, 2])
    for wrong in (
        (features[:0], labels[:0], [1, 1, 1]),
        (features[:3], labels, [1, 1, 1]),
        (features[:, 0], labels, [1, 1, 1]),
        (features, labels - 1, [1, 1, 1]),
        (features, labels + 0.5, [1, 1, 1]),
        (features * NAN, labels, [1, 1, 1]),
        (features, labels, [1]),
    ):
        with pytest.raises(InputError):
            overload(*wrong)
