"""Loss functions for imbalanced classes, and class weights computed from class counts.

A loss maps logits and labels to a scalar; class weights are one number per class. The losses of
class labels take what ``torch.nn.functional.cross_entropy`` takes: logits (B, K, ...) and labels
(B, ...), ignored labels, a reduction, and label smoothing where it means something.
"""

from imbtorch.losses.asymmetric import AsymmetricLoss
from imbtorch.losses.balanced_softmax import BalancedSoftmaxLoss
from imbtorch.losses.cdt import CDTLoss
from imbtorch.losses.dbm import DBMLoss
from imbtorch.losses.focal import FocalLoss
from imbtorch.losses.ldam import LDAMLoss, ldam_margins
from imbtorch.losses.logit_adjusted import LogitAdjustedLoss
from imbtorch.losses.micro_cluster import MicroClusterLoss
from imbtorch.losses.multi_label_asymmetric import MultiLabelAsymmetricLoss
from imbtorch.losses.proco import ProCo, proco_loss
from imbtorch.losses.quintuplet import QuintupletLoss
from imbtorch.losses.weights import effective_number_weights, inverse_frequency_weights
from imbtorch.method import Method

__all__ = [
    "AsymmetricLoss",
    "BalancedSoftmaxLoss",
    "CDTLoss",
    "DBMLoss",
    "FocalLoss",
    "LDAMLoss",
    "LogitAdjustedLoss",
    "MicroClusterLoss",
    "MultiLabelAsymmetricLoss",
    "ProCo",
    "QuintupletLoss",
    "effective_number_weights",
    "inverse_frequency_weights",
    "ldam_margins",
    "proco_loss",
]

METHODS = (
    Method(
        "rw",
        "weights",
        "class weights from inverse class frequencies",
        slots={"weights": inverse_frequency_weights},
        paper="AMO (ICLR 2020 submission), baseline RW",
    ),
    Method(
        "cb-rw",
        "weights",
        "class weights from the effective number of samples",
        slots={"weights": effective_number_weights},
        candidates={"beta": (0.9, 0.99, 0.999, 0.9999)},
        paper="Cui et al., CVPR 2019",
    ),
    Method(
        "drw",
        "weights",
        "class weights from the effective number, in the last fifth of the epochs",
        slots={"weights": effective_number_weights},
        defer=0.8,
        candidates={"beta": (0.9, 0.99, 0.999, 0.9999)},
        paper="Cao et al., NeurIPS 2019",
    ),
    Method(
        "focal",
        "loss",
        "samples already classified correctly count less",
        slots={"loss": FocalLoss},
        candidates={"gamma": (0.5, 1.0, 2.0, 5.0)},
        paper="Lin et al., ICCV 2017",
        page="focal",
    ),
    Method(
        "asl",
        "loss",
        "asymmetric loss: wrong classes fade faster than the correct one",
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
        "a softmax that weights each class by its number of samples",
        slots={"loss": BalancedSoftmaxLoss},
        paper="Ren et al., NeurIPS 2020",
        page="logit-adjustment",
    ),
    Method(
        "logit-adjustment",
        "loss",
        "logits shifted by the log of the class priors",
        slots={"loss": LogitAdjustedLoss},
        paper="Menon et al., ICLR 2021",
        page="logit-adjustment",
    ),
    Method(
        "cdt",
        "loss",
        "logits divided by temperatures that are higher for rare classes",
        slots={"loss": CDTLoss},
        paper="Ye et al., 2020 (arXiv 2001.01385)",
        page="logit-adjustment",
    ),
    Method(
        "dbm",
        "loss",
        "balanced softmax with margins for rare classes and hard samples, on a cosine head",
        slots={"loss": DBMLoss},
        head="cosine",
        candidates={"margin": (0.1, 0.2, 0.3)},
        paper="Son et al., AAAI 2025",
        page="logit-adjustment",
    ),
    Method(
        "proco",
        "contrastive",
        "contrastive learning against a distribution of each class's features, beside the loss",
        slots={"branch": ProCo},
        paper="Du et al., TPAMI 2024",
        cost="a forward and backward pass for each further view",
        page="proco",
    ),
)
"""The methods of this package, as rows of the catalog."""
