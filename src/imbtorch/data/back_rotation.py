"""MNIST-back-rotation, reconstructed: rotated digits on patches of photographs."""

from collections.abc import Sequence
from math import tau

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from imbtorch.data.images.image_input import ImageInput
from imbtorch.data.rows import Rows, Source, Split
from imbtorch.errors import InputError

SIZES = (12_000, 50_000)
"""Numbers of training and test samples."""
BLOCK = 5_000
TEXTURE, TRIES = 20.0, 50
"""A patch with a standard deviation below TEXTURE is redrawn, up to TRIES draws in all."""

Images = NDArray[np.uint8]


def rotate_on_background(
    digits: Images, photographs: Sequence[Images], data_seed: int | np.random.Generator = 0
) -> Images:
    r"""Rotate digits and place them on patches of photographs.

    Each digit d (0..255, background 0) is rotated about its center by an angle drawn from
    :math:`U[0, 2\pi)`, with bilinear interpolation, and placed on a patch b that has texture,
    taken from a random place of a random photograph:

    .. math:: x = d + (1 - d / 255) \, b

    Parameters
    ----------
    digits : ndarray of shape (N, H, W), uint8
        Gray images.
    photographs : sequence of ndarray of shape (h, w), uint8
        Gray images, at least as large as the digits.
    data_seed : int or numpy Generator, default=0
        Seed for angles, photographs and places; the same number gives the same result.

    Returns
    -------
    ndarray of shape (N, H, W), uint8

    Raises
    ------
    InputError
        If there is no photograph, or one is smaller than the digits.

    References
    ----------
    Larochelle et al., ICML 2007, section 3.1 (mnist-back-rot, there "MNIST-rot-back-image").

    Examples
    --------
    >>> digits, photographs = np.zeros((2, 4, 4), np.uint8), [np.full((9, 9), 7, np.uint8)]
    >>> rotate_on_background(digits, photographs)[1, 0].tolist()
    [7, 7, 7, 7]
    """
    number, height, width = digits.shape
    if not photographs or any(p.shape[0] < height or p.shape[1] < width for p in photographs):
        raise InputError(
            f"photographs needs at least one image, none smaller than {height} x {width}"
        )
    rng = np.random.default_rng(data_seed)
    angles = torch.from_numpy(rng.uniform(0, tau, number)).float()
    turned = np.empty((number, height, width), np.float32)
    for start in range(0, number, BLOCK):
        part = slice(start, start + BLOCK)
        cos, sin, zero = angles[part].cos(), angles[part].sin(), torch.zeros(len(angles[part]))
        matrices = torch.stack([cos, -sin, zero, sin, cos, zero], 1).view(-1, 2, 3)
        block = torch.from_numpy(digits[part])[:, None].float()
        grid = F.affine_grid(matrices, list(block.shape), align_corners=False)
        turned[part] = F.grid_sample(block, grid, align_corners=False)[:, 0].numpy()
    out = np.empty_like(digits)
    for i in range(number):
        for _ in range(TRIES):
            photograph = photographs[int(rng.integers(len(photographs)))]
            top = rng.integers(photograph.shape[0] - height + 1)
            left = rng.integers(photograph.shape[1] - width + 1)
            patch = photograph[top : top + height, left : left + width]
            if patch.std() >= TEXTURE:
                break
        out[i] = np.rint(turned[i] + (1 - turned[i] / 255) * patch)
    return out


def back_rotation(mnist: Source) -> Source:
    """Make MNIST-back-rotation from MNIST: 12,000 training and 50,000 test samples.

    The original is not available: this follows its published recipe, with scikit-learn's two
    sample photographs instead of its twenty from the web. One fixed seed decides which digits
    are used and everything else.

    Parameters
    ----------
    mnist : Source
        Has a held-out split, and at least 62,000 samples in total.
    """
    from sklearn.datasets import load_sample_images

    photographs = [
        np.rint(image @ [0.299, 0.587, 0.114]).astype(np.uint8)
        for image in load_sample_images().images
    ]
    assert mnist.test is not None
    spec = ImageInput((28, 28), 1)
    splits = (mnist.train, mnist.test)
    digits = np.concatenate([spec.transform(split.rows).numpy()[:, 0] for split in splits])
    labels = np.concatenate([split.labels for split in splits])
    rng = np.random.default_rng(0)
    order = rng.permutation(len(labels))[: sum(SIZES)]
    made = rotate_on_background(digits[order], photographs, rng)
    train, test = (
        Split(Rows(made[part]), labels[order][part])
        for part in (slice(0, SIZES[0]), slice(SIZES[0], None))
    )
    note = "a reconstruction of MNIST-back-rotation from its published recipe"
    return Source(train, test, "image", lambda rows: spec, mnist.label_names, [note])
