"""AOS poster, Tables 1 and 2: images in the step profile, macro F1."""

from collections.abc import Mapping, Sequence

from imbtorch.experiments.paper_table import PaperTable, Row, metric

EPOCHS = 5
NOTE = (
    "The poster gives neither network nor schedule: here the small CNN, 5 epochs, no "
    "augmentation. An epoch of base is one pass over the imbalanced set; after over-sampling it is "
    "one over a set with all classes as large as the largest. p, which is not given either, is the "
    "default of AOS."
)
# base, ros, aos: macro F1 in per cent; the column names the fraction of minority classes
TABLE_1 = {
    "cifar10, mu 0.4": (46.34, 60.18, 60.77),
    "cifar10, mu 0.6": (35.77, 52.67, 54.10),
    "cifar10, mu 0.8": (31.90, 49.84, 51.18),
}
TABLE_2 = {
    "mnist, mu 0.3": (83.39, 86.60, 92.92),
    "mnist, mu 0.9": (76.38, 79.69, 83.51),
    "cifar10, mu 0.3": (44.66, 43.83, 45.41),
    "cifar10, mu 0.9": (2.35, 7.59, 16.26),
}


def _table(
    title: str, note: str, ratio: float, epsilon: float, figures: Mapping[str, Sequence[float]]
) -> PaperTable:
    fixed = {"ratio": ratio, "model": "small-cnn", "epochs": EPOCHS, "augment": "none"}
    rows = {"base": Row("base"), "ros": Row("ros"), "aos": Row(f"aos:epsilon={epsilon}")}
    columns = {}
    for column in figures:
        data, _, minority = column.partition(", mu ")
        columns[column] = {"data": data, "profile": f"step:{minority}", **fixed}
    return PaperTable(
        title=title,
        note=NOTE + note,
        rows=rows,
        columns=columns,
        measures={"macro F1": metric("f1_macro")},
        published={
            column: {row: (value,) for row, value in zip(rows, values, strict=True)}
            for column, values in figures.items()
        },
        claims={"ros": ("base",), "aos": ("base", "ros")},
        claimed="macro F1",
    )


TABLES = {
    "aos-1": _table(
        "AOS Table 1", " Intel's scenes are not at hand and left out.", 60.0, 0.007, TABLE_1
    ),
    "aos-2": _table("AOS Table 2", "", 500.0, 0.1, TABLE_2),
}
