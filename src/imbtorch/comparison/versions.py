"""What a result depends on besides its task: software, threads, kernels and device."""

import platform
from functools import cache
from importlib import metadata

import torch

version = cache(metadata.version)  # which reads a file each time


def versions(device: torch.device) -> dict[str, str | int]:
    """Return versions, and what decides in which order sums are taken.

    With another number of threads or other kernels, the first steps of a training differ in their
    last digits, and later ones in all.

    Examples
    --------
    >>> sorted(versions(torch.device("cpu")))[:3]
    ['device', 'imbalanced-learn', 'imbtorch']
    """
    is_cuda = device.type == "cuda"
    return {
        "imbtorch": version("imbalanced-torch"),
        "torch": torch.__version__,
        "numpy": version("numpy"),
        "scikit-learn": version("scikit-learn"),
        "imbalanced-learn": version("imbalanced-learn"),
        "python": platform.python_version(),
        "threads": torch.get_num_threads(),
        "kernels": torch.backends.cpu.get_cpu_capability(),
        "device": torch.cuda.get_device_name(device) if is_cuda else device.type,
    }
