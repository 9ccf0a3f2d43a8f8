"""DenseNet in its CIFAR form (Huang et al. 2017)."""

import torch
from torch import Tensor, nn

from imbtorch.models.classifier import Classifier
from imbtorch.seeding import scoped_seed

DEPTH, GROWTH = 100, 12


class _Layer(nn.Module):
    """Bottleneck layer: concatenates its output to its input."""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.BatchNorm2d(in_channels),
            nn.ReLU(),
            nn.Conv2d(in_channels, 4 * GROWTH, 1, bias=False),
            nn.BatchNorm2d(4 * GROWTH),
            nn.ReLU(),
            nn.Conv2d(4 * GROWTH, GROWTH, 3, 1, 1, bias=False),
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, self.layers(x)], 1)


def densenet(input_shape: tuple[int, ...], num_classes: int, *, seed: int = 0) -> Classifier:
    """Return the DenseNet-BC of depth 100 and growth rate 12: 769,162 parameters for 10 classes.

    Three dense blocks of 16 bottleneck layers, halved in width and size between them, global
    average pooling; embeddings of size D = 342.

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
    Huang et al., "Densely connected convolutional networks", CVPR 2017, section 4. EOS, Table V,
    does not say which DenseNet: this is the published one closest in size to its ResNet-56.

    Examples
    --------
    >>> sum(p.numel() for p in densenet((3, 32, 32), 10).parameters())
    769162
    """
    with scoped_seed(seed):
        return _densenet(input_shape, num_classes)


def _densenet(input_shape: tuple[int, ...], num_classes: int) -> Classifier:
    channels = 2 * GROWTH
    layers: list[nn.Module] = [nn.Conv2d(input_shape[0], channels, 3, 1, 1, bias=False)]
    for block in range(3):
        if block:
            layers += [
                nn.BatchNorm2d(channels),
                nn.ReLU(),
                nn.Conv2d(channels, channels // 2, 1, bias=False),
                nn.AvgPool2d(2),
            ]
            channels //= 2
        for _ in range((DEPTH - 4) // 6):
            layers.append(_Layer(channels))
            channels += GROWTH
    features = nn.Sequential(
        *layers, nn.BatchNorm2d(channels), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    )
    for module in features.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight)
    return Classifier(features, nn.Linear(channels, num_classes))
