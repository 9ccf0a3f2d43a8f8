"""Losses: logits and labels -> scalar; class weights: class counts -> one weight a class."""

from imbtorch.losses.asymmetric import AsymmetricLoss
from imbtorch.losses.balanced_softmax import BalancedSoftmaxLoss
from imbtorch.losses.cdt import CDTLoss
from imbtorch.losses.focal import FocalLoss
from imbtorch.losses.ldam import LDAMLoss, ldam_margins
from imbtorch.losses.logit_adjusted import LogitAdjustedLoss
from imbtorch.losses.micro_cluster import MicroClusterLoss
from imbtorch.losses.multi_label_asymmetric import MultiLabelAsymmetricLoss
from imbtorch.losses.quintuplet import QuintupletLoss
from imbtorch.losses.weights import effective_number_weights, inverse_frequency_weights
from imbtorch.method import Method

__all__ = [
    "AsymmetricLoss",
    "BalancedSoftmaxLoss",
    "CDTLoss",
    "FocalLoss",
    "LDAMLoss",
    "LogitAdjustedLoss",
    "MicroClusterLoss",
    "MultiLabelAsymmetricLoss",
    "QuintupletLoss",
    "effective_number_weights",
    "inverse_frequency_weights",
    "ldam_margins",
]

METHODS = (
    Method(
        "rw",
        "weights",
        "class weights by inverse frequency",
        slots={"weights": inverse_frequency_weights},
        paper="AMO (ICLR 2020 submission), baseline RW",
    ),
    Method(
        "cb-rw",
        "weights",
        "class weights by the effective number of samples",
        slots={"weights": effective_number_weights},
        candidates={"beta": (0.9, 0.99, 0.999, 0.9999)},
        paper="Cui et al., CVPR 2019",
    ),
    Method(
        "drw",
        "weights",
        "class weights by the effective number, in the last fifth of the epochs",
        slots={"weights": effective_number_weights},
        defer=0.8,
        candidates={"beta": (0.9, 0.99, 0.999, 0.9999)},
        paper="Cao et al., NeurIPS 2019",
    ),
    Method(
        "focal",
        "loss",
        "samples that are right already count less",
        slots={"loss": FocalLoss},
        candidates={"gamma": (0.5, 1.0, 2.0, 5.0)},
        paper="Lin et al., ICCV 2017",
        page="focal",
    ),
    Method(
        "asl",
        "loss",
        "asymmetric loss: the wrong classes fade faster than the right one",
        slots={"loss": AsymmetricLoss},
        paper="Ridnik et al., ICCV 2021",
        page="focal",
    ),
    Method(
        "ldam",
        "loss",
        "larger margins for rare classes, on a cosine head",
        slots={"loss": LDAMLoss},
        head="cosine",
        paper="Cao et al., NeurIPS 2019",
        page="ldam",
    ),
    Method(
        "balanced-softmax",
        "loss",
        "a softmax in which each class weighs as much as it has samples",
        slots={"loss": BalancedSoftmaxLoss},
        paper="Ren et al., NeurIPS 2020",
        page="logit-adjustment",
    ),
    Method(
        "logit-adjustment",
        "loss",
        "logits moved by the log of the class priors",
        slots={"loss": LogitAdjustedLoss},
        paper="Menon et al., ICLR 2021",
        page="logit-adjustment",
    ),
    Method(
        "cdt",
        "loss",
        "logits divided by temperatures that are high for rare classes",
        slots={"loss": CDTLoss},
        paper="Ye et al., 2020 (arXiv 2001.01385)",
        page="logit-adjustment",
    ),
)
"""The room's rows of the catalog."""
