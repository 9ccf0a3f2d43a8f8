"""DOS Tables 5 to 8: reduced MNIST and MNIST-back-rotation, and balanced CIFAR-10."""

from typing import Any

from imbtorch.experiments.paper_table import PaperTable, Row, group_mean, metric
from imbtorch.experiments.tables.dos_published import TABLE_5, TABLE_6, TABLE_7, TABLE_8

EPOCHS = 8
SCHEDULE = (
    "The paper counts training rounds and not epochs: here 8 epochs, for DOS 2 plain ones and "
    "three rounds of 2. CNN-CL is the CNN's embedding with other classifiers: k nearest "
    "neighbours (5) for precision, recall and F1, logistic regression for AUPRC. "
    "MNIST-back-rotation is a reconstruction."
)

DATA: dict[str, dict[str, Any]] = {
    "mnist": {"model": "small-cnn", "batch_size": 60},
    "mnist-back-rotation": {"model": "small-cnn", "batch_size": 40},
    "svhn": {"model": "small-cnn", "batch_size": 60},
    "cifar10": {"model": "wide-cnn", "batch_size": 50},
    "stl10": {"model": "wide-cnn", "batch_size": 50, "image_size": 96},
}
"""Network and batch size, by the paper's Table 4."""


def column(data: str, profile: str) -> dict[str, Any]:
    """Return the options of `make_task` for a data set in a profile."""
    fixed = {"profile": profile, "epochs": EPOCHS, "augment": "none"}
    return {"data": data, **DATA[data], **fixed}


def dos(k: int, k_majority: int = 0) -> str:
    """Return the recipe of deep over-sampling with k neighbours."""
    name = "dos" if k == 5 else f"dos:k_minority={k}"
    return f"{name}:k_majority={k_majority}" if k_majority else name


BY_LR = dict.fromkeys(("minority AUPRC", "majority AUPRC", "AUPRC"), "erm+lr")
CNN = {"CNN": Row("erm"), "CNN-CL": Row("erm+knn", BY_LR)}
PER_CLASS = {"precision": "precision", "recall": "recall", "F1": "f1", "AUPRC": "auprc"}
GROUPS = {
    f"{group} {heading}": group_mean(name, group == "minority")
    for group in ("minority", "majority")
    for heading, name in PER_CLASS.items()
}
K_ROWS = {f"DOS, k {k}": Row(dos(k)) for k in (3, 5, 10)}

TABLES = {
    "dos-5": PaperTable(
        title="DOS Table 5",
        note=SCHEDULE + " The paper enlarges the training set tenfold by mirrored and rotated "
        "images; here it is as it is. TL-RS-CSL and LMLE are classified by the 20 nearest "
        "neighbours.",
        rows={
            "TL-RS-CSL": Row("triplet"),
            "LMLE": Row("lmle"),
            "DOS": Row("dos"),
            "DOS-LR": Row("dos-lr"),
            "DOS-kNN": Row("dos-knn"),
        },
        columns={
            f"{rate} removed": column("mnist-back-rotation", profile)
            for rate, profile in (("0", "none"), ("0.2", "gaussian:0.2"), ("0.4", "gaussian:0.4"))
        },
        measures={"recall": metric("balanced_accuracy")},
        published=TABLE_5,
        claims={"DOS": ("TL-RS-CSL", "LMLE", "DOS-LR", "DOS-kNN")},
        claimed="recall",
        data_seeds=True,
    ),
    "dos-6": PaperTable(
        title="DOS Table 6",
        note=SCHEDULE + " The data seed, which chooses the four reduced classes, is the training "
        "seed.",
        rows={**CNN, "DOS": Row("dos")},
        columns={
            f"{data}, p {p}": column(data, f"random:{p}")
            for data in ("mnist", "mnist-back-rotation", "svhn")
            for p in ("0.9", "0.95", "0.99")
        },
        measures=GROUPS,
        published=TABLE_6,
        claims={"DOS": ("CNN", "CNN-CL")},
        claimed="minority F1",
        data_seeds=True,
    ),
    "dos-7": PaperTable(
        title="DOS Table 7",
        note=SCHEDULE + " The data seed is the training seed.",
        rows={**CNN, **K_ROWS},
        columns={
            f"{data}, p 0.99": column(data, "random:0.99")
            for data in ("mnist", "mnist-back-rotation", "svhn")
        },
        measures=GROUPS,
        published=TABLE_7,
        claims=dict.fromkeys(K_ROWS, ("CNN", "CNN-CL")),
        claimed="minority F1",
        data_seeds=True,
    ),
    "dos-8": PaperTable(
        title="DOS Table 8",
        note=SCHEDULE + " All classes have neighbours.",
        rows={**CNN, **{f"DOS, k {k}": Row(dos(k, k)) for k in (3, 5, 10)}},
        columns={data: column(data, "none") for data in ("svhn", "cifar10", "stl10")},
        measures={"F1": metric("f1_macro"), "AUPRC": metric("auprc")},
        published=TABLE_8,
        claims=dict.fromkeys(K_ROWS, ("CNN", "CNN-CL")),
        claimed="F1",
    ),
}
