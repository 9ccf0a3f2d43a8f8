"""Resampling: over-samplers (arrays -> more arrays) for the data set or its embeddings."""

from functools import partial

from imblearn.over_sampling import RandomOverSampler

from imbtorch.method import Method
from imbtorch.resampling.balanced_svm import BalancedSVM
from imbtorch.resampling.eos import EOS
from imbtorch.resampling.generative.bagan import BAGAN
from imbtorch.resampling.generative.cgan import CGAN
from imbtorch.resampling.generative.deep_smote import DeepSMOTE
from imbtorch.resampling.generative.gamo import GAMO
from imbtorch.resampling.micro_clusters import draw_weights, overload
from imbtorch.resampling.neighbors import Neighbors
from imbtorch.resampling.smote import SMOTE, SVMSMOTE, BorderlineSMOTE

__all__ = [
    "BAGAN",
    "CGAN",
    "EOS",
    "GAMO",
    "SMOTE",
    "SVMSMOTE",
    "BalancedSVM",
    "BorderlineSMOTE",
    "DeepSMOTE",
    "Neighbors",
    "draw_weights",
    "overload",
]

LONGER = "on the data: epochs up to K times as long; on the embeddings: minutes"

METHODS = (
    Method(
        "ros",
        "over-sampler",
        "random over-sampling: samples of rare classes are repeated",
        slots={"resample": RandomOverSampler},
        paper="baseline of all five papers",
        cost=LONGER,
        page="smote",
    ),
    Method(
        "smote",
        "over-sampler",
        "points between neighbors of the same class",
        slots={"resample": SMOTE},
        paper="Chawla et al., JAIR 2002",
        cost=LONGER,
        page="smote",
    ),
    Method(
        "borderline-smote",
        "over-sampler",
        "SMOTE from the samples that lie among other classes",
        slots={"resample": BorderlineSMOTE},
        paper="Han et al., ICIC 2005",
        cost=LONGER,
        page="smote",
    ),
    Method(
        "svm-smote",
        "over-sampler",
        "SMOTE from the support vectors of a class",
        slots={"resample": SVMSMOTE},
        paper="Nguyen et al., 2009",
        cost=LONGER,
        page="smote",
    ),
    Method(
        "balanced-svm",
        "over-sampler",
        "SMOTE whose points are labeled by a support vector machine",
        slots={"resample": partial(BalancedSVM, top_up=False)},
        paper="EOS (Dablain et al.), section II",
        cost=LONGER,
        page="smote",
    ),
    Method(
        "deep-smote",
        "over-sampler",
        "SMOTE between the codes of an autoencoder, which makes samples of them",
        slots={"resample": DeepSMOTE},
        paper="Dablain et al., IEEE TNNLS 2022",
        cost=f"{LONGER}; and an autoencoder",
        page="generative",
    ),
    Method(
        "bagan",
        "over-sampler",
        "a GAN that starts from an autoencoder, with a Gaussian of codes for each class",
        slots={"resample": BAGAN},
        paper="Mariani et al., 2018",
        cost=f"{LONGER}; and a GAN",
        page="generative",
    ),
    Method(
        "gamo",
        "over-sampler",
        "convex combinations that a generator chooses to deceive a classifier",
        slots={"resample": GAMO},
        paper="Mullick et al., ICCV 2019",
        cost=f"{LONGER}; and a small game, on images after an autoencoder",
        page="generative",
    ),
    Method(
        "cgan",
        "over-sampler",
        "samples made by a conditional GAN for each class, of it against all others",
        slots={"resample": CGAN},
        paper="Dong et al., Neurocomputing 2022, as in EOS (Dablain et al.)",
        cost=f"{LONGER}; and a GAN for each class",
        page="generative",
    ),
    Method(
        "eos",
        "over-sampler",
        "points between a sample's embedding and its nearest enemies, then a new head",
        slots={"resample": EOS},
        candidates={"k": (10, 50, 100, 200, 300)},
        paper="EOS (Dablain et al.)",
        cost="minutes, for the head only",
        page="eos",
        place="embeddings",
    ),
)
"""This room's rows of the catalog."""
