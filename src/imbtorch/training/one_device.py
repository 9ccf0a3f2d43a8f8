"""A single device by its name, as the estimators take it."""

import torch
from lightning_fabric import Fabric

from imbtorch.errors import InputError

NAMES = ("auto", "cpu", "cuda", "mps")


def on_device(device: str | torch.device) -> Fabric:
    """Return a Fabric in float32 on one device.

    Parameters
    ----------
    device : str or torch.device
        auto (the machine's best), cpu, cuda, mps, or one of several, such as cuda:1.

    Raises
    ------
    InputError
        If there is no such device, or none of that number.

    Examples
    --------
    >>> on_device("cpu").device, on_device(torch.device("cpu")).device
    (device(type='cpu'), device(type='cpu'))
    >>> on_device("gpu")
    Traceback (most recent call last):
    imbtorch.errors.InputError: device is 'gpu'; auto, cpu, cuda, cuda:1 (a number) or mps is needed
    """
    name, colon, number = str(device).partition(":")
    if name not in NAMES or (colon and not number.isdecimal()):
        raise InputError(
            f"device is {str(device)!r}; auto, cpu, cuda, cuda:1 (a number) or mps is needed"
        )
    try:
        one = [int(number)] if number and name != "cpu" else 1
        return Fabric(accelerator=name, devices=one)
    except (RuntimeError, ValueError) as error:
        raise InputError(
            f"device is {str(device)!r}, which this machine does not have; auto takes its best"
        ) from error
