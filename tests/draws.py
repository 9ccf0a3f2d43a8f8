"""A generator, and whether what was counted fits a probability, for the tests of augmentation."""

from math import sqrt

import torch


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def near(count, number, p):
    """Whether a count of n draws is within five standard deviations of n p."""
    return abs(count - number * p) <= 5 * sqrt(number * p * (1 - p)) + 1e-9
