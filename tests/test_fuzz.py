"""Odd input at every public entry: the result is right, or an error says what would be.

Values of torch's own refusal that name the argument's value (a label out of bounds in a loss) and
scikit-learn's ValueErrors count as such errors; NaN never comes out of input without it.
"""

import warnings
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import NotFittedError
from torch import nn

from imbtorch import (
    AOS,
    EOS,
    RECIPES,
    RESAMPLERS,
    ArrayDataset,
    AsymmetricLoss,
    BalancedSoftmaxLoss,
    CDTLoss,
    ClassBalancedSampler,
    EmbeddingHead,
    FocalLoss,
    InputError,
    LDAMLoss,
    LogitAdjustedLoss,
    M2m,
    MicroClusterLoss,
    Mixup,
    Neighbors,
    QuintupletLoss,
    Remix,
    Setup,
    acceptance_matrix,
    build_model,
    classification_metrics,
    crop_flip,
    effective_number_weights,
    embed,
    evaluate,
    exponential_counts,
    fit,
    gaussian_reduction,
    generalization_gap,
    inverse_frequency_weights,
    ldam_margins,
    linear_counts,
    make_recipe,
    make_resampler,
    mlp,
    overload,
    predict_logits,
    random_crop,
    random_flip,
    random_reduction,
    step_counts,
)

NAN, INF = float("nan"), float("inf")
COUNTS = [50, 20, 5]
LOGITS = torch.randn(6, 3, generator=torch.Generator().manual_seed(0))
Y = torch.tensor([0, 1, 2, 0, 1, 2])

LOSSES = {
    "focal": FocalLoss,
    "asymmetric": AsymmetricLoss,
    "balanced-softmax": partial(BalancedSoftmaxLoss, COUNTS),
    "cdt": partial(CDTLoss, COUNTS),
    "logit-adjusted": partial(LogitAdjustedLoss, COUNTS),
    "ldam": partial(LDAMLoss, COUNTS),
}
loss_by_name = pytest.mark.parametrize("make", LOSSES.values(), ids=LOSSES)


# ----------------------------------------------------------------------------- losses


@loss_by_name
def test_losses_are_right_in_any_precision_and_layout(make):
    weight = [1.0, 2.0, 0.5]
    expected = make(weight=torch.tensor(weight))(LOGITS, Y)
    for dtype, tolerance in (
        (torch.float64, 1e-5),
        (torch.bfloat16, 5e-2),
        (torch.float16, 1e-2),
    ):
        found = make(weight=weight)(LOGITS.to(dtype), Y)
        torch.testing.assert_close(found.float(), expected, rtol=tolerance, atol=tolerance)
    for y in (Y.int(), Y.byte(), Y.short()):
        torch.testing.assert_close(make(weight=np.array(weight))(LOGITS, y), expected)
    torch.testing.assert_close(make(weight=torch.tensor(weight).double())(LOGITS, Y), expected)
    strided = LOGITS.T.contiguous().T
    assert not strided.is_contiguous()
    torch.testing.assert_close(make(weight=weight)(strided, Y), expected)
    assert make()(LOGITS * 1e30, Y).isfinite()
    assert make()(LOGITS * NAN, Y).isnan()  # what comes in is not hidden


@loss_by_name
@pytest.mark.parametrize(
    ("logits", "y", "said"),
    [
        (LOGITS[:0], Y[:0], "at least one sample"),
        (LOGITS.long(), Y, "dtype torch.int64"),
        (LOGITS[:, 0], Y, r"shape \(6,\)"),
        (LOGITS[:, :, None], Y, r"shape \(6, 3, 1\)"),
        (LOGITS, Y[:4], "4 labels"),
        (LOGITS, Y.float(), "dtype torch.float32"),
        (LOGITS, Y[:, None], r"y has shape \(6, 1\)"),
        (LOGITS.numpy(), Y, "ndarray"),
        (LOGITS, Y.tolist(), "list"),
    ],
)
def test_losses_say_what_does_not_fit(make, logits, y, said):
    with pytest.raises(InputError, match=said):
        make()(logits, y)


@loss_by_name
def test_losses_refuse_other_classes_and_weights(make):
    for values in ([1.0, 2.0], [1.0, 2.0, 3.0, 4.0]):
        with pytest.raises(InputError, match=f"{len(values)} classes"):
            make(weight=values)(LOGITS, Y)
    for values in ([1.0, 0.0, 1.0], [1.0, -1.0, 1.0], [1.0, NAN, 1.0], [[1.0, 1.0, 1.0]]):
        with pytest.raises(InputError, match="positive number a class"):
            make(weight=torch.tensor(values))
    for label in (3, -1):
        with pytest.raises((IndexError, RuntimeError), match=r"bound|Class values"):
            make()(LOGITS, Y.clone().fill_(label))


def test_losses_of_embeddings_say_what_does_not_fit():
    for features, labels in ((LOGITS[:0], Y[:0]), (LOGITS[:, 0], Y), (LOGITS[:4], Y)):
        with pytest.raises(InputError, match="features has shape"):
            QuintupletLoss()(features, labels, labels)
    with pytest.raises(InputError, match="targets has shape"):
        MicroClusterLoss()(
            LOGITS[:0], Y[:0], nn.Identity(), torch.zeros(0, 2, 3), torch.zeros(0, 2)
        )
    with pytest.raises(InputError, match="margins"):
        QuintupletLoss((NAN, 0.1, 0.1))


TAKES_COUNTS = {
    "BalancedSoftmaxLoss": BalancedSoftmaxLoss,
    "CDTLoss": CDTLoss,
    "LogitAdjustedLoss": LogitAdjustedLoss,
    "LDAMLoss": LDAMLoss,
    "ldam_margins": ldam_margins,
    "inverse_frequency_weights": inverse_frequency_weights,
    "effective_number_weights": effective_number_weights,
    "acceptance_matrix": partial(acceptance_matrix, beta=0.9),
    "M2m": partial(M2m, nn.Identity()),
    "AOS": AOS,
    "Remix": Remix,
    "gaussian_reduction": partial(gaussian_reduction, fraction=0.0),
}


@pytest.mark.parametrize("take", TAKES_COUNTS.values(), ids=TAKES_COUNTS)
def test_class_counts_of_any_kind(take):
    for right in ([3, 1], (3, 1), np.array([3, 1]), np.array([3, 1], np.uint16), [10**12, 1], [5]):
        take(right)
    take([1] * 1000)
    for wrong in ([], [0, 1], [-1, 2], [NAN, 1], [INF, 1], [[3, 1]], ["a", "b"], None, 5):
        with pytest.raises(InputError, match="counts"):
            take(wrong)


# --------------------------------------------------------------------------- samplers


@settings(deadline=None)
@given(
    labels=st.lists(st.sampled_from("abcde"), min_size=1, max_size=40),
    kind=st.sampled_from(["str", "bytes", "int", "negative", "float", "bool", "tensor", "list"]),
)
def test_the_sampler_takes_labels_of_any_kind(labels, kind):
    codes = np.array([ord(label) for label in labels])
    made = {
        "str": np.array(labels),
        "bytes": np.array(labels, dtype="S1"),
        "int": codes[::-1][::-1],
        "negative": -codes.astype(np.int8),
        "float": codes.astype(np.float16),
        "bool": codes == codes[0],
        "tensor": torch.tensor(codes),
        "list": labels,
    }[kind]
    visited = np.array(list(ClassBalancedSampler(made)))
    _, counts = np.unique(np.asarray(made)[visited], return_counts=True)
    assert len(visited) == len(labels)
    assert counts.max() - counts.min() <= 1


@pytest.mark.parametrize(
    ("labels", "options", "said"),
    [
        (None, {}, "shape"),
        (5, {}, "shape"),
        (np.zeros((2, 2, 2)), {}, "shape"),
        ([0.0, 1.0, NAN], {}, "NaN"),
        (np.array(["a", None, 1], dtype=object), {}, "several kinds"),
        ([0, 1], {"num_samples": 0}, "num_samples"),
        ([0, 1], {"num_samples": -3}, "num_samples"),
        ([0, 1], {"num_replicas": 0}, "0 replicas"),
        ([0, 1], {"num_replicas": 2, "rank": -1}, "rank"),
        ([0, 1], {"seed": -1}, "seed"),
    ],
)
def test_the_sampler_says_what_it_cannot_take(labels, options, said):
    with pytest.raises(InputError, match=said):
        list(ClassBalancedSampler(labels, **options))


def test_a_thousand_classes():
    labels = np.concatenate([np.arange(1000), np.zeros(500, int)])
    visited = labels[list(ClassBalancedSampler(labels))]
    assert set(np.bincount(visited, minlength=1000)) == {1, 2}


# --------------------------------------------------------------------------- data sets

X = np.random.default_rng(0).normal(size=(30, 4))
LABELS = np.repeat([0, 1, 2], [20, 7, 3])


@pytest.mark.parametrize(
    "x",
    [
        X.astype(np.float16),
        X.astype(np.float32),
        torch.tensor(X).bfloat16(),
        X > 0,
        (10 * abs(X)).astype(np.uint16),
        X[::-1],
        np.asfortranarray(X),
        np.broadcast_to(X[0], X.shape),
        X.tolist(),
        X[:, 0],
    ],
    ids=["f16", "f32", "bf16", "bool", "uint16", "backwards", "fortran", "readonly", "list", "1-D"],
)
def test_array_dataset_keeps_numbers_as_float32(x):
    data = ArrayDataset(x, LABELS)
    assert data.x.dtype == torch.float32
    values = x.float().numpy() if isinstance(x, torch.Tensor) else np.asarray(x, np.float32)
    assert np.array_equal(data.x.numpy(), values)


@pytest.mark.parametrize(
    "y", [LABELS[::-1], LABELS + 0.0, LABELS.tolist(), LABELS.astype(np.uint64)]
)
def test_array_dataset_takes_whole_labels(y):
    data = ArrayDataset(X, y)
    assert data.y.dtype == torch.int64
    assert data.y.tolist() == [int(label) for label in y]


@pytest.mark.parametrize(
    ("x", "y", "said"),
    [
        (X[:0], LABELS[:0], "empty"),
        (X[:5], LABELS, "number of rows"),
        (np.float32(3), np.int64(0), "shape"),
        (X * NAN, LABELS, "NaN or infinite values in 30 of 30 rows"),
        (X[:, 0] * INF, LABELS, "NaN or infinite"),
        (X * 1e300, LABELS, "NaN or infinite"),  # beyond float32
        (X + 1j, LABELS, "complex"),
        (X.astype(str), LABELS, "x is of <U"),
        (X.astype(object), LABELS, "x is of object"),
        (X, np.array(["a", "b", "c"])[LABELS], "y is of <U1"),
        (X, LABELS + 0.5, "whole numbers"),
        (X, np.where(LABELS == 2, NAN, LABELS), "whole numbers"),
        (X, np.eye(3)[LABELS], "one label a sample"),
        (X, LABELS - 1, "label -1"),
    ],
)
def test_array_dataset_says_what_it_cannot_take(x, y, said):
    with pytest.raises(InputError, match=said):
        ArrayDataset(x, y)


@pytest.mark.parametrize("profile", [exponential_counts, step_counts, linear_counts])
def test_profiles_stay_in_range(profile):
    counts = profile(500, 1000, 100)
    assert len(counts) == 1000
    assert max(counts) == 500
    assert min(counts) == 5
    for arguments in ((0, 3, 10), (NAN, 3, 10), (9, 1, 2), (9, 3, NAN), (9, 3, INF), (9, 3, 0.5)):
        with pytest.raises(InputError):
            profile(*arguments)


def test_reductions_refuse_empty_classes():
    for counts in ([0, 9, 9], [], [NAN, 9]):
        with pytest.raises(InputError):
            random_reduction(counts, 0.5, 1)


@pytest.mark.parametrize("augment", [random_crop, random_flip, crop_flip])
def test_augmentation_keeps_shape_and_kind(augment):
    images = torch.rand(4, 3, 8, 6)
    for x in (images, images[:0], images.half(), (images * 255).byte(), images.transpose(2, 3)):
        out = augment(x, torch.Generator())
        assert (out.shape, out.dtype) == (x.shape, x.dtype)
    for x in (images[0], images[0, 0], images[..., None]):
        with pytest.raises(InputError, match="images of shape"):
            augment(x, torch.Generator())


# -------------------------------------------------------------------------- transforms

TRANSFORMS = {
    "m2m": lambda: M2m(nn.Linear(3, 3), COUNTS, gamma=0.0, beta=0.5, random_state=0),
    "aos": lambda: AOS(COUNTS, p=1.0, random_state=0),
    "mixup": lambda: Mixup(3, random_state=0),
    "remix": lambda: Remix(COUNTS, random_state=0),
}
transform_by_name = pytest.mark.parametrize("make", TRANSFORMS.values(), ids=TRANSFORMS)


@transform_by_name
def test_transforms_keep_shape_and_kind_and_make_no_nan(make):
    f = nn.Linear(3, 3)
    for x, y in (
        (LOGITS, Y),
        (LOGITS, Y.int()),
        (LOGITS, Y.byte()),
        (LOGITS[:0], Y[:0]),
        (LOGITS[:1], Y[:1]),
        (LOGITS.T.contiguous().T, Y),
        (LOGITS * 1e30, Y),
    ):
        out, labels = make()(x, y, f)
        assert (out.shape, out.dtype) == (x.shape, x.dtype)
        assert out.isfinite().all()
        assert len(labels) == len(y)


@transform_by_name
@pytest.mark.parametrize(
    ("x", "y", "said"),
    [
        (LOGITS * NAN, Y, "NaN"),
        (LOGITS.long(), Y, "float is needed"),
        ((LOGITS * 9).byte(), Y, "float is needed"),
        (LOGITS, Y + 1, "labels 1 to 3; 3 classes"),
        (LOGITS, Y - 1, "labels -1 to 1"),
        (LOGITS, Y.float(), "int64"),
        (LOGITS, Y[:, None], "shape"),
        (LOGITS[:4], Y, "shape"),
        (LOGITS[0, 0], Y[0], "shape"),
        (LOGITS.numpy(), Y.numpy(), "ndarray"),
    ],
)
def test_transforms_say_what_does_not_fit(make, x, y, said):
    with pytest.raises(InputError, match=said):
        make()(x, y, nn.Linear(3, 3))


def test_m2m_says_which_network_has_other_classes():
    x, y = LOGITS.repeat(10, 1), Y.repeat(10)
    options = {"gamma": 0.0, "beta": 0.5, "random_state": 0}
    with pytest.raises(InputError, match=r"generator makes logits of shape \(2, 2\)"):
        M2m(nn.Linear(3, 2), COUNTS, **options)(x, y, nn.Linear(3, 3))
    with pytest.raises(InputError, match=r"model makes logits of shape \(2, 5\)"):
        M2m(nn.Linear(3, 3), COUNTS, **options)(x, y, nn.Linear(3, 5))
    for name in ("beta", "lam", "gamma", "steps", "step_size", "noise"):
        with pytest.raises(InputError, match=name):
            M2m(nn.Linear(3, 3), COUNTS, **{name: NAN})


# -------------------------------------------------------------------------- resamplers

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
    "no columns": (POINTS[:, :0], POINT_LABELS),
}


@pytest.mark.parametrize("name", RESAMPLERS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore:overflow:RuntimeWarning")
def test_resamplers_keep_rows_and_kind(name, kind):
    x, y = KINDS[kind], np.array(["often", "seldom", "rare"])[POINT_LABELS]
    try:
        new_x, new_y = make_resampler(name, random_state=0).fit_resample(x, y)
    except ValueError as error:  # the SVMs say that they cannot
        assert "svm" in name, error  # noqa: PT017
        assert kind in ("huge", "constant")
        return
    assert new_x.dtype == x.dtype
    assert np.array_equal(new_x[: len(x)], x)
    assert np.array_equal(new_y[: len(y)], y)
    assert np.isfinite(new_x.astype(float)).all()


@pytest.mark.parametrize("name", [n for n in RESAMPLERS if n != "random"])
@pytest.mark.parametrize("case", WRONG)
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")  # before scikit-learn refuses
def test_resamplers_say_what_they_cannot_take(name, case):
    with pytest.raises(ValueError, match=r"\w"):
        make_resampler(name, random_state=0).fit_resample(*WRONG[case])


@pytest.mark.parametrize("name", RESAMPLERS)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_resamplers_of_one_sample_a_class(name):
    one_each = POINTS[[0, 45, 55]], POINT_LABELS[[0, 45, 55]]
    try:
        x, _ = make_resampler(name, 1 if name == "eos" else None, 0).fit_resample(*one_each)
        assert len(x) == 3
    except InputError as error:
        assert "samples" in str(error)  # noqa: PT017
    rare = POINTS[:41], np.append(POINT_LABELS[:40], 1)
    try:
        x, y = make_resampler(name, random_state=0).fit_resample(*rare)
        assert np.isfinite(x).all()
        assert len(y) == len(x)
    except ValueError as error:
        assert "one sample alone" in str(error) or "noise" in str(error)  # noqa: PT017


def test_tensors_are_checked_as_arrays_are():
    x, y = torch.tensor(POINTS), torch.tensor(POINT_LABELS)
    for wrong_x, wrong_y in ((x * NAN, y), (x.long(), y), (x[:9], y), (x[:, 0], y), (x[:0], y[:0])):
        with pytest.raises(ValueError, match=r"\w"):
            EOS(random_state=0).fit_resample(wrong_x, wrong_y)
    with pytest.raises(InputError, match="y is of <U1"):
        EOS(random_state=0).fit_resample(x, np.array(["a", "b", "c"])[POINT_LABELS])


# -------------------------------------------------------------------------- estimators


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
    np.testing.assert_allclose(found, exact, atol=1e-3)


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


# --------------------------------------------------------------------------------- fit


def train(x, y, recipe="erm", classes=3, **options):
    result = fit(recipe, mlp((2,), classes, hidden=4), (x, y), epochs=1, **options)
    assert all(p.isfinite().all() for p in result.model.parameters())
    assert np.isfinite(result.history[-1]["loss"])
    return result


PLANE = POINTS[:, :2].astype(np.float32)


@pytest.mark.parametrize("recipe", sorted({*RECIPES} - {"eos-100", "eos-200", "eos-300"}))
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_recipes_train_with_one_sample_of_a_class_or_say_why_not(recipe):
    y = np.append(POINT_LABELS[:52], 2)
    try:
        train(PLANE[:53], y, recipe)
    except InputError as error:
        assert any(word in str(error) for word in ("one sample", "noise", "n_neighbors"))  # noqa: PT017


@pytest.mark.parametrize(
    "x",
    [
        PLANE.astype(np.float16),
        PLANE.astype(np.float64),
        PLANE > 0,
        PLANE[::-1],
        np.asfortranarray(PLANE),
        PLANE.tolist(),
    ],
    ids=["f16", "f64", "bool", "backwards", "fortran", "list"],
)
def test_fit_takes_any_numbers(x):
    train(x, POINT_LABELS)


def test_fit_takes_a_thousand_classes():
    x = np.random.default_rng(0).normal(size=(1010, 2))
    y = np.concatenate([np.arange(1000), np.zeros(10, int)])
    for recipe in ("m2m", "eos"):
        train(x, y, recipe, classes=1000)


@pytest.mark.parametrize(
    ("x", "y", "said"),
    [
        (PLANE[:0], POINT_LABELS[:0], "empty"),
        (np.c_[PLANE, PLANE], POINT_LABELS, r"cannot take train's samples, of shape \(4,\)"),
        (PLANE[:, 0], POINT_LABELS, r"of shape \(\)"),
        ((PLANE * 9).astype(np.int64), POINT_LABELS, "dtype torch.int64"),
        (PLANE * NAN, POINT_LABELS, "NaN"),
        (PLANE + 1j, POINT_LABELS, "complex"),
        (PLANE, np.array(["a", "b", "c"])[POINT_LABELS], "y is of <U1"),
        (PLANE, POINT_LABELS + 0.5, "whole numbers"),
        (PLANE, np.eye(3)[POINT_LABELS], "one label a sample"),
        (PLANE, POINT_LABELS + 1, "labels up to 3"),
    ],
)
def test_fit_says_what_it_cannot_take(x, y, said):
    with pytest.raises(InputError, match=said):
        train(x, y)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"recipe": None}, "recipe is a NoneType"),
        ({"recipe": "m2m:beta=x"}, "beta is 'x'"),
        ({"recipe": "m2m:beta=2"}, "beta is 2"),
        ({"recipe": "eos:n_neighbors=500"}, "n_neighbors is 500"),
        ({"seed": -1}, "seed"),
        ({"eval_every": 0}, "eval_every"),
        ({"val": (PLANE, POINT_LABELS + 1)}, "val has labels 1 to 3"),
        ({"val": (PLANE * NAN, POINT_LABELS)}, "NaN"),
        ({"val": 5}, "data is a int"),
        ({"augment": crop_flip}, "images of shape"),
        ({"recipe": "m2m:beta=0.5:gamma=0", "generator": nn.Linear(2, 2)}, "generator makes"),
    ],
)
def test_fit_says_which_option_is_wrong(options, said):
    with pytest.raises(InputError, match=said):
        train(PLANE, POINT_LABELS, **options)


class Items(torch.utils.data.Dataset):
    def __init__(self, item):
        self.item = item

    def __len__(self):
        return 9

    def __getitem__(self, index):
        return self.item(index)


@pytest.mark.parametrize(
    "item",
    [
        lambda i: (torch.ones(2), "a"),
        lambda i: (torch.ones(2), torch.eye(3)[i % 3]),
        lambda i: (torch.ones(2), i % 3, i),
        lambda i: {"x": torch.ones(2)},
        lambda i: torch.ones(3),
        lambda i: (np.ones(2), i % 3),  # double precision
        lambda i: (torch.ones(5), i % 3),
    ],
)
def test_fit_says_what_is_wrong_with_a_dataset(item):
    with pytest.raises(InputError, match=r"not a pair|cannot take"):
        fit("erm", mlp((2,), 3), Items(item), epochs=1)


def test_fit_needs_a_length():
    class Stream(torch.utils.data.IterableDataset):
        def __iter__(self):
            return iter([(torch.ones(2), 0)])

    with pytest.raises(InputError, match="has a length"):
        fit("erm", mlp((2,), 3), Stream(), epochs=1)


@pytest.mark.parametrize(
    "name", ["batch_size", "lr", "decay", "momentum", "weight_decay", "warmup"]
)
def test_setup_refuses_what_would_train_nan(name):
    for value in (NAN, -1, INF):
        with pytest.raises(InputError, match=name):
            Setup(**{name: value})


@settings(deadline=None, max_examples=200)
@given(
    st.one_of(
        st.text(max_size=30),
        st.lists(st.sampled_from([*RECIPES, "x", ""]), max_size=4).map("+".join),
        st.tuples(st.sampled_from(RECIPES), st.text(max_size=9)).map(":".join),
    )
)
def test_a_recipe_has_a_name_or_an_input_error(name):
    try:
        recipe = make_recipe(name, 10)
    except InputError:
        return
    assert recipe.name == name
    assert recipe.epochs == 10
    recipe.describe()


@pytest.mark.parametrize("epochs", [0, -1, 1.5, NAN])
def test_epochs_are_whole(epochs):
    with pytest.raises(InputError, match="epochs"):
        make_recipe("erm", epochs)


# ------------------------------------------------------------------------- evaluation


def test_networks_are_asked_about_any_data():
    model = build_model("mlp", (2,), 3, train=ArrayDataset(PLANE[:1], [0]))  # no deviation
    assert evaluate(model, (PLANE, POINT_LABELS), COUNTS)["accuracy"] >= 0
    assert embed(model, (PLANE, POINT_LABELS))[0].isfinite().all()
    empty = torch.utils.data.TensorDataset(torch.ones(0, 2), torch.ones(0))
    for data, options in ((empty, {}), ((PLANE, POINT_LABELS), {"batch_size": 0})):
        with pytest.raises(InputError, match="at least 1"):
            predict_logits(model, data, **options)
    for arguments in (("mlp", (), 3), ("mlp", (0,), 3), ("mlp", (2,), 0)):
        with pytest.raises(InputError, match="at least 1"):
            build_model(*arguments)
    with pytest.raises(InputError, match="head"):
        build_model("mlp", (2,), 3, head="x")


@settings(deadline=None, max_examples=50)
@given(
    st.integers(2, 6).flatmap(
        lambda k: st.tuples(
            st.just(k),
            st.lists(
                st.tuples(st.integers(0, k - 1), st.integers(0, k - 1)), min_size=1, max_size=30
            ),
        )
    )
)
def test_metrics_lie_in_their_range(case):
    k, pairs = case
    true, predicted = np.array(pairs).T
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        metrics = classification_metrics(true, predicted, range(k, 0, -1))
    for name, value in metrics.items():
        if name != "confusion":
            assert ((np.asarray(value) >= 0) & (np.asarray(value) <= 1)).all(), name


@pytest.mark.parametrize(
    ("true", "predicted"),
    [([], []), ([0, 1], [0]), ([0, NAN], [0, 1]), (["a", "b"], ["a", "a"]), ([[0, 1]], [[0, 1]])],
)
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")  # before scikit-learn refuses
def test_metrics_say_what_they_cannot_take(true, predicted):
    with pytest.raises(ValueError, match=r"\w"):
        classification_metrics(true, predicted, [3, 1])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int8, np.uint8, bool])
def test_the_gap_of_any_numbers(dtype):
    x = (np.random.default_rng(0).normal(size=(20, 3)) * 5).astype(dtype)
    gap = generalization_gap(x[:10], [0] * 10, x[10:], [0] * 10)
    wide = x.astype(np.float64)
    expected = generalization_gap(wide[:10], [0] * 10, wide[10:], [0] * 10)
    assert gap.overall == pytest.approx(expected.overall)


def test_the_gap_says_what_it_cannot_take():
    for wrong in (
        (X[:, 0], LABELS, X, LABELS),
        (X, LABELS[:4], X, LABELS),
        (X, np.array(["a", "b", "c"])[LABELS], X, LABELS),
        (X, LABELS + 0.5, X, LABELS),
        (X[:, :2], LABELS, X, LABELS),
    ):
        with pytest.raises(InputError):
            generalization_gap(*wrong)
