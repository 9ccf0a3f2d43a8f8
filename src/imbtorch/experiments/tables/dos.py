"""DOS Tables 5 to 8: reduced MNIST and MNIST-back-rotation, and balanced CIFAR-10."""

from functools import partial
from typing import Any

from imbtorch.experiments.paper_table import Method, PaperTable, Row, group_mean, metric
from imbtorch.experiments.tables.dos_published import TABLE_5, TABLE_6, TABLE_7, TABLE_8
from imbtorch.training.classical_heads import LogisticHead, NearestHead
from imbtorch.training.deep_oversample import DeepOversample
from imbtorch.training.recipe import Phase, Recipe
from imbtorch.training.recipe_parts import in_rounds
from imbtorch.training.recipes import make_recipe

SCHEDULE = (
    "The paper's Table 4 counts training rounds: here a round is one epoch in Tables 6 and 7, one "
    "pass over the over-sampled set of its Algorithm 1, and two epochs in Tables 5 and 8. As many "
    "plain ones come before the first round, and the CNN has the same number in all. CNN-CL is "
    "the CNN's embedding with other classifiers: k nearest neighbours (5) for precision, recall "
    "and F1, logistic regression for AUPRC. MNIST-back-rotation is a reconstruction."
)

DATA: dict[str, dict[str, Any]] = {
    "mnist": {"model": "small-cnn", "batch_size": 60, "epochs": 1 + 3},
    "mnist-back-rotation": {"model": "small-cnn", "batch_size": 40, "epochs": 1 + 5},
    "svhn": {"model": "small-cnn", "batch_size": 60, "epochs": 1 + 3},
    "cifar10": {"model": "wide-cnn", "batch_size": 50, "epochs": 1 + 4},
    "stl10": {"model": "wide-cnn", "batch_size": 50, "epochs": 1 + 5, "image_size": 96},
}
"""Network, batch size and rounds (a plain one first), by the paper's Table 4."""


def column(data: str, profile: str, each: int = 1) -> dict[str, Any]:
    """Return the options of `make_task` for a data set in a profile, in rounds of `each` epochs."""
    epochs = each * DATA[data]["epochs"]
    return {"data": data, **DATA[data], "epochs": epochs, "profile": profile, "augment": "none"}


def _dos(epochs: int, k_minority: int, k_majority: int, head: Phase | None, each: int) -> Recipe:
    rounds = max(1, epochs // each - 1)
    if (k_minority, k_majority, rounds, head) == (5, 0, 3, None):
        return make_recipe("dos", epochs)
    phase = partial(DeepOversample, k_minority=k_minority, k_majority=k_majority)
    phases = in_rounds(epochs, {}, phase, rounds)
    name = f"dos, k {k_minority}, {rounds} rounds" + (f", {type(head).__name__}" if head else "")
    return Recipe(name, [*phases, *([head] if head else [])])


def dos(k: int = 5, k_majority: int = 0, head: Phase | None = None, each: int = 1) -> Method:
    """Return deep over-sampling with k neighbours, in rounds of `each` epochs."""
    return partial(_dos, k_minority=k, k_majority=k_majority, head=head, each=each)


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
        note=SCHEDULE + " The paper enlarges this training set tenfold by mirrored and rotated "
        "images; here it is as it is. TL-RS-CSL and LMLE (in three rounds) are classified "
        "by the 20 nearest neighbours.",
        rows={
            "TL-RS-CSL": Row("triplet"),
            "LMLE": Row("lmle"),
            "DOS": Row(dos(each=2)),
            "DOS-LR": Row(dos(head=LogisticHead(), each=2)),
            "DOS-kNN": Row(dos(head=NearestHead(), each=2)),
        },
        columns={
            f"{rate} removed": column("mnist-back-rotation", profile, each=2)
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
        "seed. RS, class-balanced sampling alone, is not in the paper.",
        rows={**CNN, "RS": Row("rs"), "DOS": Row(dos())},
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
        rows={**CNN, **{f"DOS, k {k}": Row(dos(k, k, each=2)) for k in (3, 5, 10)}},
        columns={data: column(data, "none", each=2) for data in ("svhn", "cifar10", "stl10")},
        measures={"F1": metric("f1_macro"), "AUPRC": metric("auprc")},
        published=TABLE_8,
        claims=dict.fromkeys(K_ROWS, ("CNN", "CNN-CL")),
        claimed="F1",
    ),
}
