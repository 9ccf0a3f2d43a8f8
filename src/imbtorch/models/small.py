"""Small networks: the two CNNs of the DOS paper, and one or two layers for vectors or text."""

from math import prod

from torch import nn

from imbtorch.models.classifier import Classifier
from imbtorch.seeding import scoped_seed


def small_cnn(input_shape: tuple[int, ...], num_classes: int, *, seed: int = 0) -> Classifier:
    """Return the CNN C6-C16-F400-F120, designed for MNIST and SVHN.

    Two 5x5 convolutions with 6 and 16 filters, each with ReLU and 2x2 max-pooling, two fully
    connected layers with 400 and 120 units; embeddings of size D = 120.

    Parameters
    ----------
    input_shape : tuple of int
        (C, H, W) of an image with values in 0..1; H and W at least 4.
    num_classes : int
        Number of classes K.
    seed : int, default=0
        Determines the initial parameters: equal seeds give equal networks. Torch's global
        generator is neither used nor changed.

    Returns
    -------
    Classifier

    References
    ----------
    DOS (ECML 2017), Table 4. Differs from the paper, which does not specify kernel, padding or
    pooling: here 5x5, padded to keep the size, and 2x2 max-pooling.

    Examples
    --------
    >>> small_cnn((1, 28, 28), 10).head
    Linear(in_features=120, out_features=10, bias=True)
    """
    return _cnn(input_shape, num_classes, (6, 16), (400, 120), seed)


def wide_cnn(input_shape: tuple[int, ...], num_classes: int, *, seed: int = 0) -> Classifier:
    """Return the CNN C20-C50-F500-F120, designed for CIFAR-10 and STL-10.

    Like `small_cnn`, with 20 and 50 filters and 500 and 120 units.

    Parameters
    ----------
    input_shape : tuple of int
        (C, H, W) of an image with values in 0..1; H and W at least 4.
    num_classes : int
        Number of classes K.
    seed : int, default=0
        Determines the initial parameters: equal seeds give equal networks. Torch's global
        generator is neither used nor changed.

    Returns
    -------
    Classifier

    References
    ----------
    DOS (ECML 2017), Table 4; see `small_cnn` for what the paper does not specify.

    Examples
    --------
    >>> wide_cnn((3, 32, 32), 10).head
    Linear(in_features=120, out_features=10, bias=True)
    """
    return _cnn(input_shape, num_classes, (20, 50), (500, 120), seed)


def _cnn(
    input_shape: tuple[int, ...],
    num_classes: int,
    filters: tuple[int, int],
    units: tuple[int, int],
    seed: int,
) -> Classifier:
    channels, height, width = input_shape
    flat = filters[1] * (height // 4) * (width // 4)
    with scoped_seed(seed):
        features = nn.Sequential(
            nn.Conv2d(channels, filters[0], 5, padding=2),
            nn.MaxPool2d(2),  # before ReLU: same result, less work
            nn.ReLU(),
            nn.Conv2d(filters[0], filters[1], 5, padding=2),
            nn.MaxPool2d(2),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(flat, units[0]),
            nn.ReLU(),
            nn.Linear(units[0], units[1]),
            nn.ReLU(),
        )
        return Classifier(features, nn.Linear(units[1], num_classes))


def mlp(
    input_shape: tuple[int, ...], num_classes: int, hidden: int = 256, *, seed: int = 0
) -> Classifier:
    """Return a two-layer fully connected network: one hidden layer with ReLU.

    Parameters
    ----------
    input_shape : tuple of int
        Shape of one input, which is flattened.
    num_classes : int
        Number of classes K.
    hidden : int, default=256
        Hidden units, the embedding size D.
    seed : int, default=0
        Determines the initial parameters: equal seeds give equal networks. Torch's global
        generator is neither used nor changed.

    Returns
    -------
    Classifier

    References
    ----------
    AMO (ICLR 2020 submission), section 3.1 (Twitter and Reuters); it does not give the width.

    Examples
    --------
    >>> mlp((1000,), 36).head
    Linear(in_features=256, out_features=36, bias=True)
    """
    with scoped_seed(seed):
        features = nn.Sequential(nn.Flatten(), nn.Linear(prod(input_shape), hidden), nn.ReLU())
        return Classifier(features, nn.Linear(hidden, num_classes))


def linear(input_shape: tuple[int, ...], num_classes: int, *, seed: int = 0) -> Classifier:
    """Return a network without hidden layers: its embeddings are the inputs themselves.

    Parameters
    ----------
    input_shape : tuple of int
        Shape of one input, which is flattened; the embedding size D is its number of values.
    num_classes : int
        Number of classes K.
    seed : int, default=0
        Determines the initial parameters: equal seeds give equal networks. Torch's global
        generator is neither used nor changed.

    Returns
    -------
    Classifier

    Examples
    --------
    >>> linear((1000,), 36).head
    Linear(in_features=1000, out_features=36, bias=True)
    """
    with scoped_seed(seed):
        head = nn.Linear(prod(input_shape), num_classes)
    return Classifier(nn.Sequential(nn.Flatten()), head)
