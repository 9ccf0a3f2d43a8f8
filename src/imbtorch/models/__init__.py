"""Networks, each split into features (inputs -> embeddings) and a head (-> logits)."""

from imbtorch.models.binary import single_logit_head, two_class_logits, two_logit_head
from imbtorch.models.build import build_model
from imbtorch.models.classifier import Classifier, CosineHead
from imbtorch.models.densenet import densenet
from imbtorch.models.heads import find_head, join_head, split_head
from imbtorch.models.inference import embed, predict_logits
from imbtorch.models.neighbor_head import NeighborHead
from imbtorch.models.resnet import resnet32, resnet32_m2m, resnet56
from imbtorch.models.small import linear, mlp, small_cnn, wide_cnn
from imbtorch.models.tree_head import TreeHead
from imbtorch.models.wide_resnet import wide_resnet

__all__ = [
    "Classifier",
    "CosineHead",
    "NeighborHead",
    "TreeHead",
    "build_model",
    "densenet",
    "embed",
    "find_head",
    "join_head",
    "linear",
    "mlp",
    "predict_logits",
    "resnet32",
    "resnet32_m2m",
    "resnet56",
    "single_logit_head",
    "small_cnn",
    "split_head",
    "two_class_logits",
    "two_logit_head",
    "wide_cnn",
    "wide_resnet",
]
