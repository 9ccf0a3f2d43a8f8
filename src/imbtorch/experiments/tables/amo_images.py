"""AMO Tables 1, 2 and 4 and M2m's ablations: long-tailed CIFAR with ResNet-32."""

from typing import Any

from imbtorch.experiments.paper_table import PaperTable, Row, metric
from imbtorch.experiments.tables.amo_published import IMAGES, TABLE_4

NOTE = (
    "Trained on the long-tailed training set and measured on the whole official test set at the "
    "last epoch. AMO is M2m with its usual constants (beta .999, lam .1, gamma .9): the paper "
    "chooses them on a validation set."
)
MEASURES = {
    "major": metric("majority_recall"),
    "minor": metric("minority_recall"),
    "average": metric("balanced_accuracy"),
}
ROWS = {
    "ERM": Row("erm"),
    "RS": Row("rs"),
    "SMOTE": Row("smote"),
    "RW": Row("rw"),
    "CB-RW": Row("cb-rw"),
    "DRS": Row("drs"),
    "AMO": Row("m2m"),
    "Focal": Row("focal"),
    "LDAM": Row("ldam"),
    "LDAM-DRW": Row("ldam-drw"),
    "LDAM-AMO": Row("ldam-m2m"),
}
CLAIMS = {
    "AMO": ("ERM", "RS", "SMOTE", "RW", "CB-RW", "DRS"),
    "LDAM-AMO": ("LDAM", "LDAM-DRW"),
}


def column(data: str, ratio: float) -> dict[str, Any]:
    """Return the options of `make_task` for a data set and imbalance ratio."""
    fixed = {"profile": "exponential", "model": "resnet32", "epochs": 200, "augment": "crop-flip"}
    return {"data": data, "ratio": ratio, **fixed}


def _columns(data: str) -> dict[str, dict[str, Any]]:
    return {f"{data}, ratio {ratio}": column(data, float(ratio)) for ratio in (100, 10)}


TABLES = {
    "amo-1": PaperTable(
        title="AMO Table 1",
        note=NOTE,
        rows=ROWS,
        columns=_columns("cifar10"),
        measures=MEASURES,
        published={c: IMAGES[c] for c in _columns("cifar10")},
        claims=CLAIMS,
        claimed="average",
    ),
    "amo-2": PaperTable(
        title="AMO Table 2",
        note=NOTE,
        rows=ROWS,
        columns=_columns("cifar100"),
        measures=MEASURES,
        published={c: IMAGES[c] for c in _columns("cifar100")},
        claims=CLAIMS,
        claimed="average",
    ),
    "amo-4": PaperTable(
        title="AMO Table 4",
        note=NOTE,
        rows={"AMO": Row("m2m"), "lam 0": Row("m2m:lam=0"), "clean": Row("m2m-clean")},
        columns={"cifar10, ratio 100": column("cifar10", 100.0)},
        measures=MEASURES,
        published={"cifar10, ratio 100": TABLE_4},
        claims={"AMO": ("lam 0", "clean")},
        claimed="average",
    ),
    "m2m-ablations": PaperTable(
        title="M2m's ablations",
        note=NOTE + " Their figures are not in the papers at hand.",
        rows={
            "M2m": Row("m2m"),
            **{f"{m} seeds a class": Row(f"m2m:seeds_per_class={m}") for m in (1, 10, 50)},
            "lam 0": Row("m2m:lam=0"),
            "clean": Row("m2m-clean"),
            "RS": Row("m2m-rs"),
            "RS, random label": Row("m2m-rs-rand"),
        },
        columns={"cifar10, ratio 100": column("cifar10", 100.0)},
        measures=MEASURES,
        published={},
        claims={"M2m": ("lam 0", "clean", "RS", "RS, random label")},
        claimed="average",
    ),
}
