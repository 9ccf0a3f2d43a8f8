"""Samplers: which samples an epoch visits, and in which order."""

from imbtorch.method import Method
from imbtorch.samplers.class_balanced import ClassBalancedSampler

__all__ = ["ClassBalancedSampler"]

METHODS = (
    Method(
        "rs",
        "sampling",
        "class-balanced sampling",
        slots={"sampler": ClassBalancedSampler},
        paper="AMO (ICLR 2020 submission), baseline RS",
        page="balanced-sampling",
    ),
    Method(
        "drs",
        "sampling",
        "class-balanced sampling in the last fifth of the epochs",
        slots={"sampler": ClassBalancedSampler},
        defer=0.8,
        paper="AMO (ICLR 2020 submission), baseline DRS",
        page="balanced-sampling",
    ),
)
"""This room's rows of the catalog."""
