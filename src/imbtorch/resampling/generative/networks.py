"""Networks of the generative over-samplers, for images of any size and for vectors."""

from collections.abc import Sequence
from itertools import pairwise
from math import prod

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

SMALLEST = 4
"""Pixels a side from which an image is not halved further."""


def sides(shape: Sequence[int]) -> list[tuple[int, int]]:
    """Return the heights and widths at which convolutions see an image, from large to small.

    Examples
    --------
    >>> sides((1, 28, 28))
    [(28, 28), (14, 14), (7, 7), (4, 4)]
    """
    found = [(shape[1], shape[2])]
    while max(found[-1]) > SMALLEST:
        height, width = found[-1]
        found.append((-(-height // 2), -(-width // 2)))
    return found


class Encoder(nn.Module):
    """Samples -> features: strided convolutions for images, two hidden layers for vectors.

    Parameters
    ----------
    shape : sequence of int
        (C, H, W) of an image or (D,) of a vector.
    out_features : int
        Size of the output.
    width : int
        Channels of the first convolution; each further one has twice as many. A vector's hidden
        layers have eight times as many units.
    spectral : bool, default=False
        Whether each layer is divided by its largest singular value (a discriminator's), instead of
        batch normalization.

    Examples
    --------
    >>> Encoder((3, 32, 32), 10, 8)(torch.zeros(2, 3, 32, 32)).shape
    torch.Size([2, 10])
    """

    def __init__(
        self, shape: Sequence[int], out_features: int, width: int, *, spectral: bool = False
    ) -> None:
        super().__init__()

        def block(layer: nn.Module, norm: nn.Module) -> list[nn.Module]:
            normed = [spectral_norm(layer)] if spectral else [layer, norm]
            return [*normed, nn.LeakyReLU(0.2)]

        layers: list[nn.Module] = []
        if len(shape) == 1:
            for before, after in pairwise([shape[0], 8 * width, 8 * width]):
                layers += block(nn.Linear(before, after), nn.BatchNorm1d(after))
            size = 8 * width
        else:
            channels = [shape[0], *(width << level for level in range(len(sides(shape)) - 1))]
            for before, after in pairwise(channels):
                layer = nn.Conv2d(before, after, 3, 2, 1, bias=spectral)
                layers += block(layer, nn.BatchNorm2d(after))
            size = channels[-1] * prod(sides(shape)[-1])
        last = nn.Linear(size, out_features)
        self.layers = nn.Sequential(
            *layers, nn.Flatten(), spectral_norm(last) if spectral else last
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return features (B, out_features) of samples (B, ...)."""
        features: Tensor = self.layers(x)
        return features


class Decoder(nn.Module):
    """Latent vectors -> samples: an `Encoder` backwards.

    Images are enlarged by repetition and then convolved, which leaves no checkerboard; their
    values are in -1..1. Vectors have values of any size.

    Parameters
    ----------
    in_features : int
        Size of the latent vectors.
    shape, width
        See `Encoder`.

    Examples
    --------
    >>> Decoder(10, (1, 28, 28), 8)(torch.zeros(2, 10)).shape
    torch.Size([2, 1, 28, 28])
    """

    def __init__(self, in_features: int, shape: Sequence[int], width: int) -> None:
        super().__init__()
        self.sizes = [] if len(shape) == 1 else sides(shape)[::-1]
        layers: list[nn.Module] = []
        if not self.sizes:
            for before, after in pairwise([in_features, 8 * width, 8 * width]):
                layers += [nn.Sequential(nn.Linear(before, after), nn.BatchNorm1d(after))]
            layers.append(nn.Linear(8 * width, shape[0]))
        else:
            channels = [width << level for level in range(len(self.sizes) - 1)][::-1] or [width]
            first = nn.Linear(in_features, channels[0] * prod(self.sizes[0]))
            unflat = nn.Unflatten(1, (channels[0], *self.sizes[0]))
            layers.append(nn.Sequential(first, unflat, nn.BatchNorm2d(channels[0])))
            for before, after in pairwise(channels):
                convolved = nn.Conv2d(before, after, 3, 1, 1, bias=False)
                layers.append(nn.Sequential(convolved, nn.BatchNorm2d(after)))
            layers.append(nn.Sequential(nn.Conv2d(channels[-1], shape[0], 3, 1, 1), nn.Tanh()))
        self.layers = nn.ModuleList(layers)

    def forward(self, z: Tensor) -> Tensor:
        """Return samples (B, ...) of latent vectors (B, in_features)."""
        for level, layer in enumerate(self.layers):
            if level:
                z = F.relu(z)
                if self.sizes:
                    z = F.interpolate(z, self.sizes[min(level, len(self.sizes) - 1)])
            z = layer(z)
        return z


class Autoencoder(nn.Module):
    """An encoder of samples to latent vectors, and a decoder back."""

    def __init__(self, shape: tuple[int, ...], latent_size: int, width: int) -> None:
        super().__init__()
        self.encoder = Encoder(shape, latent_size, width)
        self.decoder = Decoder(latent_size, shape, width)

    def forward(self, x: Tensor) -> Tensor:
        """Return samples (B, ...) as they come back."""
        back: Tensor = self.decoder(self.encoder(x))
        return back


class ConditionalGenerator(nn.Module):
    """Noise and a label -> a sample: a `Decoder` that is told the label one-hot.

    Parameters
    ----------
    latent_size, num_classes : int
        Sizes of the noise and of the one-hot label.
    shape, width
        See `Encoder`.

    Examples
    --------
    >>> generator = ConditionalGenerator(4, 3, (6,), 2)
    >>> generator(torch.zeros(2, 4), torch.tensor([0, 2])).shape
    torch.Size([2, 6])
    """

    def __init__(
        self, latent_size: int, num_classes: int, shape: Sequence[int], width: int
    ) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.decoder = Decoder(latent_size + num_classes, shape, width)

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        """Return samples (B, ...) of noise (B, latent_size) and labels (B,)."""
        sample: Tensor = self.decoder(torch.cat([z, F.one_hot(y, self.num_classes).to(z)], 1))
        return sample


class ConditionalDiscriminator(nn.Module):
    r"""Sample and label -> how real the sample is as one of its class: a projection discriminator.

    .. math:: d(x, y) = w^\top \phi(x) + e_y^\top \phi(x)

    with features :math:`\phi` of an `Encoder` with spectral normalization.

    Parameters
    ----------
    num_classes : int
        Number of labels.
    shape, width
        See `Encoder`; the features number eight times `width`.

    References
    ----------
    Miyato and Koyama, "cGANs with projection discriminator", ICLR 2018; Miyato et al., "Spectral
    normalization for generative adversarial networks", ICLR 2018.

    Examples
    --------
    >>> discriminator = ConditionalDiscriminator(3, (6,), 2)
    >>> discriminator(torch.zeros(2, 6), torch.tensor([0, 2])).shape
    torch.Size([2])
    """

    def __init__(self, num_classes: int, shape: Sequence[int], width: int) -> None:
        super().__init__()
        self.encoder = Encoder(shape, 8 * width, width, spectral=True)
        self.score = spectral_norm(nn.Linear(8 * width, 1))
        self.embedding = spectral_norm(nn.Embedding(num_classes, 8 * width))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Return scores (B,) of samples (B, ...) with labels (B,)."""
        features = F.leaky_relu(self.encoder(x), 0.2)
        of_class = (self.embedding(y) * features).sum(1)
        scores: Tensor = self.score(features)[:, 0] + of_class
        return scores
