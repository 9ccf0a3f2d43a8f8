"""Batch transforms, applied to each training batch: M2m, AOS, Mixup, Remix and CutMix."""

from functools import partial

from imblearn.over_sampling import RandomOverSampler

from imbtorch.method import Method
from imbtorch.samplers import ClassBalancedSampler
from imbtorch.transforms.aos import AOS, adversarial
from imbtorch.transforms.cutmix import CutMix
from imbtorch.transforms.m2m import M2m
from imbtorch.transforms.mixup import Mixup, Remix
from imbtorch.transforms.seeds import acceptance_matrix
from imbtorch.transforms.translate import translate

__all__ = [
    "AOS",
    "CutMix",
    "M2m",
    "Mixup",
    "Remix",
    "acceptance_matrix",
    "adversarial",
    "translate",
]

METHODS = (
    Method(
        "mixup",
        "transform",
        "weighted means of two samples and of their labels",
        slots={"batch": Mixup},
        paper="Zhang et al., ICLR 2018",
        page="mixup",
    ),
    Method(
        "remix",
        "transform",
        "mixup that gives the label to the rarer class where the counts are far apart",
        slots={"batch": Remix},
        paper="Chou et al., ECCV 2020 workshops",
        page="mixup",
    ),
    Method(
        "cutmix",
        "transform",
        "a part of a class-balanced partner pasted into each image, labels mixed by area",
        slots={"batch": CutMix},
        candidates={"p": (0.5, 1.0)},
        paper="Yun et al., ICCV 2019; partners drawn as in Park et al., CVPR 2022",
        cost="the partners' augmentation, for half of the batches",
        page="cutmix",
    ),
    Method(
        "aos",
        "transform",
        "random over-sampling, with rare samples moved up the loss gradient",
        slots={"resample": RandomOverSampler, "batch": AOS},
        candidates={"epsilon": (0.007, 0.03, 0.1), "p": (0.1, 0.25, 0.5, 1.0)},
        paper="Wojciechowski and Lango, AOS poster",
        cost="epochs up to K times as long; a backward pass over the moved samples",
        page="aos",
    ),
    Method(
        "m2m",
        "transform",
        "frequent samples translated into rare ones, in the last fifth of the epochs",
        slots={"sampler": ClassBalancedSampler, "batch": M2m},
        defer=0.8,
        candidates={"beta": (0.9, 0.99, 0.999), "lam": (0.01, 0.1, 0.5), "gamma": (0.9, 0.99)},
        paper="M2m (Kim et al., CVPR 2020)",
        cost="a second network; ten backward passes per batch in the last fifth",
        page="m2m",
    ),
    Method(
        "amo",
        "transform",
        "m2m with the AMO paper's rule: translations are accepted by their loss",
        slots={"sampler": ClassBalancedSampler, "batch": partial(M2m, accept="loss")},
        defer=0.8,
        candidates={"beta": (0.99, 0.999), "lam": (0.1, 0.5)},
        paper="AMO (ICLR 2020 submission)",
        cost="a second network; ten backward passes per batch in the last fifth",
        page="m2m",
    ),
)
"""The methods of this package, as rows of the catalog."""
