"""A single device by its name, as the estimators take it."""

import re

import torch
from lightning_fabric import Fabric
from lightning_fabric.utilities.exceptions import MisconfigurationException

from imbtorch.errors import InputError

NAME = re.compile(r"auto|gpu|(cpu|cuda|mps)(:\d+)?")


def on_device(device: str | torch.device) -> Fabric:
    """Return a Fabric in float32 on one device.

    Parameters
    ----------
    device : str or torch.device
        auto (the machine's best), cpu, gpu, cuda, mps, or one of several, such as cuda:1.

    Raises
    ------
    InputError
        If there is no such device, or none of that number.

    Examples
    --------
    >>> on_device("cpu").device, on_device(torch.device("cpu")).device
    (device(type='cpu'), device(type='cpu'))
    >>> on_device("tpu")
    Traceback (most recent call last):
    imbtorch.errors.InputError: device is 'tpu'; auto, cpu, gpu, cuda, cuda:1 or mps is needed
    """
    if NAME.fullmatch(str(device)) is None:
        raise InputError(
            f"device is {str(device)!r}; auto, cpu, gpu, cuda, cuda:1 or mps is needed"
        )
    try:
        name, _, number = str(device).partition(":")
        one = [int(number)] if number and name != "cpu" else 1
        return Fabric(accelerator=name, devices=one)
    except (RuntimeError, ValueError, MisconfigurationException) as error:
        raise InputError(
            f"device is {str(device)!r}, which this machine does not have; auto takes its best"
        ) from error
