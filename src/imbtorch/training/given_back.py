"""What `fit` was lent is given back as it was: a Fabric's loss scale, a pretrained network."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain

from lightning_fabric import Fabric
from torch import nn


@contextmanager
def given_back(fabric: Fabric, *networks: nn.Module) -> Iterator[None]:
    """Leave the loss scale of 16-mixed, and networks' modes and device, as before the block.

    Examples
    --------
    >>> network = nn.Linear(2, 2)
    >>> with given_back(Fabric(accelerator="cpu", devices=1), network):
    ...     _ = network.eval()
    >>> network.training
    True
    """
    scale = fabric._precision.state_dict()
    modes = [(m, m.training) for network in networks for m in network.modules()]
    tensors = (next(chain(n.parameters(), n.buffers()), None) for n in networks)
    devices = [None if tensor is None else tensor.device for tensor in tensors]
    try:
        yield
    finally:
        fabric._precision.load_state_dict(scale)
        for module, training in modes:
            module.training = training
        for network, device in zip(networks, devices, strict=True):
            network.to(device)
