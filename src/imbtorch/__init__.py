"""imbalanced-torch: deep learning on class-imbalanced data.

Over-sampling and re-weighting at every place where they can act: the data set, the mini-batch,
the loss and the embedding space. Take one block into your own loop, train by a recipe with
`fit`, or compare recipes from the command line: ``imbtorch compare DATA``.
"""

from importlib.metadata import version

from imbtorch.data.arrays import ArrayDataset
from imbtorch.data.augment import crop_flip, random_crop, random_flip
from imbtorch.data.load import LoadedData, load_data
from imbtorch.data.profiles import (
    exponential_counts,
    linear_counts,
    make_imbalanced,
    step_counts,
)
from imbtorch.data.reductions import gaussian_reduction, random_reduction
from imbtorch.data.samplers import ClassBalancedSampler
from imbtorch.errors import InputError
from imbtorch.evaluation.calibration import expected_calibration_error
from imbtorch.evaluation.class_bias import class_weight_norms, cumulative_false_positives
from imbtorch.evaluation.gap import Gap, generalization_gap, true_false_gaps
from imbtorch.evaluation.metrics import classification_metrics, evaluate, majority_classes
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
from imbtorch.models.binary import single_logit_head, two_class_logits, two_logit_head
from imbtorch.models.build import build_model
from imbtorch.models.classifier import Classifier, CosineHead, join_head, split_head
from imbtorch.models.densenet import densenet
from imbtorch.models.inference import embed, predict_logits
from imbtorch.models.neighbor_head import NeighborHead
from imbtorch.models.prior import correct_prior
from imbtorch.models.resnet import resnet32, resnet56
from imbtorch.models.small import mlp, small_cnn, wide_cnn
from imbtorch.models.wide_resnet import wide_resnet
from imbtorch.resampling.eos import EOS
from imbtorch.resampling.micro_clusters import draw_weights, overload
from imbtorch.resampling.names import RESAMPLERS, make_resampler
from imbtorch.resampling.neighbors import Neighbors
from imbtorch.resampling.smote import BalancedSVM, Checked, borderline_smote, smote, svm_smote
from imbtorch.training.checkpoint import load_checkpoint, save_checkpoint
from imbtorch.training.classical_heads import LogisticHead, NearestHead
from imbtorch.training.deep_oversample import DeepOversample
from imbtorch.training.embedding_head import EmbeddingHead
from imbtorch.training.fit import FitResult, fit, train_generator
from imbtorch.training.imbalanced_classifier import ImbalancedClassifier
from imbtorch.training.metric_learning import LocalEmbedding, TripletEmbedding
from imbtorch.training.recipe import Phase, Recipe
from imbtorch.training.recipes import RECIPES, make_recipe, with_options
from imbtorch.training.refit import RefitHead
from imbtorch.training.setup import Setup
from imbtorch.training.snapshots import Snapshots
from imbtorch.training.tau_norm import TauNormalize, tau_normalize
from imbtorch.training.train import Train
from imbtorch.transforms.aos import AOS, adversarial
from imbtorch.transforms.m2m import M2m
from imbtorch.transforms.mixup import Mixup, Remix
from imbtorch.transforms.seeds import acceptance_matrix
from imbtorch.transforms.translate import translate

__version__ = version("imbalanced-torch")

__all__ = [
    "AOS",
    "EOS",
    "RECIPES",
    "RESAMPLERS",
    "ArrayDataset",
    "AsymmetricLoss",
    "BalancedSVM",
    "BalancedSoftmaxLoss",
    "CDTLoss",
    "Checked",
    "ClassBalancedSampler",
    "Classifier",
    "CosineHead",
    "DeepOversample",
    "EmbeddingHead",
    "FitResult",
    "FocalLoss",
    "Gap",
    "ImbalancedClassifier",
    "InputError",
    "LDAMLoss",
    "LoadedData",
    "LocalEmbedding",
    "LogisticHead",
    "LogitAdjustedLoss",
    "M2m",
    "MicroClusterLoss",
    "Mixup",
    "MultiLabelAsymmetricLoss",
    "NearestHead",
    "NeighborHead",
    "Neighbors",
    "Phase",
    "QuintupletLoss",
    "Recipe",
    "RefitHead",
    "Remix",
    "Setup",
    "Snapshots",
    "TauNormalize",
    "Train",
    "TripletEmbedding",
    "acceptance_matrix",
    "adversarial",
    "borderline_smote",
    "build_model",
    "class_weight_norms",
    "classification_metrics",
    "correct_prior",
    "crop_flip",
    "cumulative_false_positives",
    "densenet",
    "draw_weights",
    "effective_number_weights",
    "embed",
    "evaluate",
    "expected_calibration_error",
    "exponential_counts",
    "fit",
    "gaussian_reduction",
    "generalization_gap",
    "inverse_frequency_weights",
    "join_head",
    "ldam_margins",
    "linear_counts",
    "load_checkpoint",
    "load_data",
    "majority_classes",
    "make_imbalanced",
    "make_recipe",
    "make_resampler",
    "mlp",
    "overload",
    "predict_logits",
    "random_crop",
    "random_flip",
    "random_reduction",
    "resnet32",
    "resnet56",
    "save_checkpoint",
    "single_logit_head",
    "small_cnn",
    "smote",
    "split_head",
    "step_counts",
    "svm_smote",
    "tau_normalize",
    "train_generator",
    "translate",
    "true_false_gaps",
    "two_class_logits",
    "two_logit_head",
    "wide_cnn",
    "wide_resnet",
    "with_options",
]
