"""ResNet in its CIFAR form (He et al. 2016, section 4.2)."""

from typing import Literal

import torch.nn.functional as F
from torch import Tensor, nn

from imbtorch.models.classifier import Classifier
from imbtorch.seeding import scoped_seed


class _Block(nn.Module):
    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__()
        self.stride = 1 if in_channels == channels else 2
        self.conv1 = nn.Conv2d(in_channels, channels, 3, self.stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.padding = (0, 0, 0, 0, (channels - in_channels) // 2, (channels - in_channels) // 2)

    def forward(self, x: Tensor) -> Tensor:
        out = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)), inplace=True)))
        if self.stride == 2:  # parameter-free shortcut: every second pixel, channels padded
            x = F.pad(x[:, :, ::2, ::2], self.padding)
        return F.relu(out.add_(x), inplace=True)


def resnet32(input_shape: tuple[int, ...], num_classes: int, *, seed: int = 0) -> Classifier:
    """Return the ResNet-32 of the CIFAR experiments: 464,154 parameters for 10 classes.

    Three stages of five blocks with 16, 32, 64 channels, parameter-free shortcuts, global
    average pooling; embeddings of size D = 64.

    Parameters
    ----------
    input_shape : tuple of int
        (C, H, W) of an image with values in 0..1.
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
    He et al., "Deep residual learning for image recognition", CVPR 2016, section 4.2.

    Examples
    --------
    >>> model = resnet32((3, 32, 32), 10)
    >>> sum(p.numel() for p in model.parameters())
    464154
    """
    with scoped_seed(seed):
        return _resnet(input_shape, num_classes, blocks=5)


def resnet32_m2m(input_shape: tuple[int, ...], num_classes: int, *, seed: int = 0) -> Classifier:
    """Return `resnet32` with the initial parameters that M2m's authors draw.

    Convolutions have a variance of 2 over their outgoing connections (fan-out), against the
    incoming ones in `resnet32`; the weights of the linear head have a standard deviation of
    sqrt(2 / 64), against about .07. A cosine head begins with class weights of length 1.

    Parameters
    ----------
    input_shape : tuple of int
        (C, H, W) of an image with values in 0..1.
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
    The program released with M2m (Kim et al., CVPR 2020), whose tables it is used for.

    Examples
    --------
    >>> head = resnet32_m2m((3, 32, 32), 100).head.weight
    >>> round(head.std().item(), 2)
    0.18
    """
    with scoped_seed(seed):
        model = _resnet(input_shape, num_classes, blocks=5, fan="fan_out")
        nn.init.kaiming_normal_(model.head.get_parameter("weight"))
    model.unit_cosine = True
    return model


def resnet56(input_shape: tuple[int, ...], num_classes: int, *, seed: int = 0) -> Classifier:
    """Return the ResNet-56: `resnet32` with nine blocks per stage, 853,018 parameters.

    Parameters
    ----------
    input_shape : tuple of int
        (C, H, W) of an image with values in 0..1.
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
    He et al., "Deep residual learning for image recognition", CVPR 2016, section 4.2; EOS,
    Table V.

    Examples
    --------
    >>> sum(p.numel() for p in resnet56((3, 32, 32), 10).parameters())
    853018
    """
    with scoped_seed(seed):
        return _resnet(input_shape, num_classes, blocks=9)


def _resnet(
    input_shape: tuple[int, ...],
    num_classes: int,
    blocks: int,
    fan: Literal["fan_in", "fan_out"] = "fan_in",
) -> Classifier:
    layers: list[nn.Module] = [
        nn.Conv2d(input_shape[0], 16, 3, 1, 1, bias=False),
        nn.BatchNorm2d(16),
        nn.ReLU(),
    ]
    channels = 16
    for width in (16, 32, 64):
        for _ in range(blocks):
            layers.append(_Block(channels, width))
            channels = width
    features = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())
    for module in features.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode=fan)
    return Classifier(features, nn.Linear(64, num_classes))
