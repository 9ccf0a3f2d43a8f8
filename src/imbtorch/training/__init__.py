"""Training: recipes, the phases they are made of, and `fit`."""

from imbtorch.training.catalog import RECIPES
from imbtorch.training.checkpoint import load_checkpoint, save_checkpoint
from imbtorch.training.fit import FitResult, fit, train_pretrained
from imbtorch.training.phases import (
    AdjustLogits,
    DeepOversample,
    LocalEmbedding,
    LogisticHead,
    LogisticOnInputs,
    NearestHead,
    Phase,
    RefitHead,
    TauNormalize,
    Train,
    TreesOnInputs,
    TripletEmbedding,
    adjust_logits,
    tau_normalize,
)
from imbtorch.training.pretrained import Pretrained
from imbtorch.training.recipe import Recipe
from imbtorch.training.recipes import make_recipe
from imbtorch.training.sam import SAM, ImbSAM, ascended
from imbtorch.training.setup import Setup
from imbtorch.training.snapshots import Snapshots

__all__ = [
    "RECIPES",
    "SAM",
    "AdjustLogits",
    "DeepOversample",
    "FitResult",
    "ImbSAM",
    "LocalEmbedding",
    "LogisticHead",
    "LogisticOnInputs",
    "NearestHead",
    "Phase",
    "Pretrained",
    "Recipe",
    "RefitHead",
    "Setup",
    "Snapshots",
    "TauNormalize",
    "Train",
    "TreesOnInputs",
    "TripletEmbedding",
    "adjust_logits",
    "ascended",
    "fit",
    "load_checkpoint",
    "make_recipe",
    "save_checkpoint",
    "tau_normalize",
    "train_pretrained",
]
