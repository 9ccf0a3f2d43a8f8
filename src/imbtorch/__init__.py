"""imbalanced-torch: deep learning on class-imbalanced data.

Over-sampling and re-weighting at every place where they can act: the data set, the mini-batch,
the loss and the embedding space. Use single blocks in your own loop (`imbtorch.losses`,
`.samplers`, `.transforms`, `.resampling`), train with a recipe by calling `fit`, or compare
recipes from the command line: ``imbtorch compare DATA``.
"""

from importlib.metadata import version
from typing import TYPE_CHECKING

from imbtorch.errors import InputError
from imbtorch.lazy import lazily

if TYPE_CHECKING:
    from imbtorch.comparison.from_python import compare
    from imbtorch.data import ArrayDataset, load_data
    from imbtorch.metrics import evaluate
    from imbtorch.models import build_model, join_head, split_head
    from imbtorch.training import (
        RECIPES,
        FitResult,
        Phase,
        Recipe,
        RefitHead,
        Setup,
        Snapshots,
        Train,
        load_checkpoint,
        make_recipe,
        save_checkpoint,
    )
    from imbtorch.training.fit import fit  # not from the package: it has a module of that name

__version__ = version("imbalanced-torch")

__all__ = [
    "RECIPES",
    "ArrayDataset",
    "FitResult",
    "InputError",
    "Phase",
    "Recipe",
    "RefitHead",
    "Setup",
    "Snapshots",
    "Train",
    "build_model",
    "compare",
    "evaluate",
    "fit",
    "join_head",
    "load_checkpoint",
    "load_data",
    "make_recipe",
    "save_checkpoint",
    "split_head",
]

__getattr__ = lazily(
    __name__,
    {
        "imbtorch.comparison.from_python": ["compare"],
        "imbtorch.data": ["ArrayDataset", "load_data"],
        "imbtorch.losses": [],
        "imbtorch.metrics": ["evaluate"],
        "imbtorch.models": ["build_model", "join_head", "split_head"],
        "imbtorch.resampling": [],
        "imbtorch.samplers": [],
        "imbtorch.training": [
            *("RECIPES", "FitResult", "Phase", "Recipe", "RefitHead", "Setup", "Snapshots"),
            *("Train", "fit", "load_checkpoint", "make_recipe", "save_checkpoint"),
        ],
        "imbtorch.transforms": [],
    },
)
"""Nothing is imported before it is asked for: the help of the command line needs none of it."""


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
