"""EOS Tables I to V: over-sampling in pixels and in embeddings, K, losses, networks."""

from typing import Any

from imbtorch.experiments.paper_table import PaperTable, Row, metric
from imbtorch.experiments.tables.eos_published import (
    TABLE_1,
    TABLE_2,
    TABLE_3,
    TABLE_4,
    TABLE_5,
)
from imbtorch.resampling.eos import EOS
from imbtorch.training.recipe import Recipe
from imbtorch.training.train import Train

NOTE = (
    "The published figures are those of the best epoch on the test set; ours are the last "
    "epoch's. Balanced SVM is SVM-SMOTE, which the published figures fit."
)
MEASURES = {
    "BAC": metric("balanced_accuracy"),
    "GM": metric("gmean_macro"),
    "FM": metric("f1_macro"),
}
RATIOS = {"cifar10": 100.0, "svhn": 100.0, "cifar100": 10.0}
LOSSES = {"CE": "", "ASL": "asl", "Focal": "focal", "LDAM": "ldam"}
HEADS = {
    "SMOTE": "head-smote",
    "Borderline-SMOTE": "head-b-smote",
    "SVM-SMOTE": "head-svm-smote",
    "EOS": "eos",
}


def column(data: str, model: str = "resnet32", epochs: int = 200) -> dict[str, Any]:
    """Return the options of `make_task` for a data set."""
    fixed = {"profile": "exponential", "augment": "crop-flip"}
    return {"data": data, "ratio": RATIOS[data], "model": model, "epochs": epochs, **fixed}


def _pixel_eos(epochs: int) -> Recipe:
    return Recipe("pixel-eos", [Train(epochs, resample=EOS)])


COLUMNS = {data: column(data) for data in RATIOS}
GRID = {
    f"{loss}, {head}": Row("+".join(part for part in (recipe, name) if part) or "erm")
    for loss, recipe in LOSSES.items()
    for head, name in {"none": "", **HEADS}.items()
}
"""Loss x over-sampler of the embeddings: eos is erm+eos, under the name that Table I has it."""

TABLES = {
    "eos-1": PaperTable(
        title="EOS Table I",
        note=NOTE,
        rows={
            "pre-SMOTE": Row("smote"),
            "pre-Borderline-SMOTE": Row("b-smote"),
            "pre-SVM-SMOTE": Row("svm-smote"),
            "Remix": Row("remix"),
            "pre-EOS": Row(_pixel_eos),
            **{f"post-{head}": Row(name) for head, name in HEADS.items() if head != "EOS"},
        },
        columns=COLUMNS,
        measures=MEASURES,
        published=TABLE_1,
        claims={f"post-{head}": (f"pre-{head}",) for head in HEADS if head != "EOS"},
        claimed="BAC",
    ),
    "eos-2": PaperTable(
        title="EOS Table II",
        note=NOTE,
        rows=GRID,
        columns=COLUMNS,
        measures=MEASURES,
        published=TABLE_2,
        claims={
            f"{loss}, EOS": tuple(f"{loss}, {head}" for head in ("none", *HEADS) if head != "EOS")
            for loss in LOSSES
        },
        claimed="BAC",
    ),
    "eos-3": PaperTable(
        title="EOS Table III",
        note=NOTE + " The networks that generate images (GAMO, BAGAN, CGAN) are not run here.",
        rows={
            f"{loss}, {name}": Row(GRID[f"{loss}, EOS"].method if name == "EOS" else None)
            for loss in LOSSES
            for name in ("GAMO", "BAGAN", "CGAN", "EOS")
        },
        columns=COLUMNS,
        measures=MEASURES,
        published=TABLE_3,
        claims={},
        claimed="BAC",
    ),
    "eos-4": PaperTable(
        title="EOS Table IV",
        note=NOTE,
        rows={
            f"K {k}": Row(name)
            for k, name in (
                (10, "eos"),
                (50, "eos-50"),
                (100, "eos-100"),
                (200, "eos-200"),
                (300, "eos-300"),
            )
        },
        columns=COLUMNS,
        measures=MEASURES,
        published=TABLE_4,
        claims={"K 300": ("K 10",)},
        claimed="BAC",
    ),
    "eos-5": PaperTable(
        title="EOS Table V",
        note=NOTE,
        rows={"none": Row("erm"), "EOS": Row("eos")},
        columns={
            "cifar10, resnet56": column("cifar10", "resnet56"),
            "cifar10, wide-resnet": column("cifar10", "wide-resnet", 100),
            "cifar10, densenet": column("cifar10", "densenet"),
        },
        measures=MEASURES,
        published=TABLE_5,
        claims={"EOS": ("none",)},
        claimed="BAC",
    ),
}
