"""Odd input, data and transforms: the result is right, or an error says what would be.

Values of torch's own refusal that name the argument's value (a label out of bounds in a loss) and
scikit-learn's ValueErrors count as such errors; NaN never comes out of input without it.
"""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from imbtorch import ArrayDataset, InputError
from imbtorch.data import (
    crop_flip,
    exponential_counts,
    linear_counts,
    random_crop,
    random_flip,
    random_reduction,
    step_counts,
)
from imbtorch.samplers import ClassBalancedSampler
from imbtorch.transforms import AOS, M2m, Mixup, Remix

NAN, INF = float("nan"), float("inf")
COUNTS = [50, 20, 5]
LOGITS = torch.randn(6, 3, generator=torch.Generator().manual_seed(0))
Y = torch.tensor([0, 1, 2, 0, 1, 2])


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
        (np.array(["a", None, 1], dtype=object), {}, "several types"),
        ([0, 1], {"num_samples": 0}, "num_samples"),
        ([0, 1], {"num_samples": -3}, "num_samples"),
        ([0, 1], {"num_replicas": 0}, "0 replicas"),
        ([0, 1], {"num_replicas": 2, "rank": -1}, "rank"),
        ([0, 1], {"seed": -1}, "seed"),
        ([0, 1], {"seed": "a"}, "seed is a"),
        ([0, 1], {"seed": 1.5}, "seed is 1.5"),
        ([0, 1], {"num_samples": 2.5}, "num_samples is 2.5"),
        ([[0], [1], [2], [2]], {}, r"other than 0 and 1.* have the shape \(N,\)"),
        ([[1, -1], [0, 1], [0, 0]], {}, "other than 0 and 1"),
        ([[1.0, NAN], [0.0, 1.0]], {}, "other than 0 and 1"),
        ([[0.9, 0.1], [0.1, 0.9]], {}, "other than 0 and 1"),
    ],
)
def test_the_sampler_says_what_it_cannot_take(labels, options, said):
    with pytest.raises(InputError, match=said):
        list(ClassBalancedSampler(labels, **options))


def test_a_thousand_classes():
    labels = np.concatenate([np.arange(1000), np.zeros(500, int)])
    visited = labels[list(ClassBalancedSampler(labels))]
    assert set(np.bincount(visited, minlength=1000)) == {1, 2}


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
        (X.astype(str), LABELS, "x is of type <U"),
        (X.astype(object), LABELS, "x is of type object"),
        (X, np.array(["a", "b", "c"])[LABELS], "y is of type <U1"),
        (X, LABELS + 0.5, "whole numbers"),
        (X, np.where(LABELS == 2, NAN, LABELS), "whole numbers"),
        (X, np.eye(3)[LABELS], "one label per sample"),
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


TRANSFORMS = {
    "m2m": lambda: M2m(nn.Linear(3, 3), COUNTS, gamma=0.0, beta=0.5, seed=0),
    "aos": lambda: AOS(COUNTS, p=1.0, seed=0),
    "mixup": lambda: Mixup(3, seed=0),
    "remix": lambda: Remix(COUNTS, seed=0),
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
        (LOGITS.long(), Y, "a float Tensor"),
        ((LOGITS * 9).byte(), Y, "a float Tensor"),
        (LOGITS, Y + 1, "labels 1 to 3; there are only 3 classes"),
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
    options = {"gamma": 0.0, "beta": 0.5, "seed": 0}
    with pytest.raises(InputError, match=r"pretrained makes logits of shape \(2, 2\)"):
        M2m(nn.Linear(3, 2), COUNTS, **options)(x, y, nn.Linear(3, 3))
    with pytest.raises(InputError, match=r"model makes logits of shape \(2, 5\)"):
        M2m(nn.Linear(3, 3), COUNTS, **options)(x, y, nn.Linear(3, 5))
    for name in ("beta", "lam", "gamma", "steps", "step_size", "noise"):
        with pytest.raises(InputError, match=name):
            M2m(nn.Linear(3, 3), COUNTS, **{name: NAN})
