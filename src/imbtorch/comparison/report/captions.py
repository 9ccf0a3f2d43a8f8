"""Titles and captions of the report's figures."""

from imbtorch.comparison.report.canvas import GROUPS, MANY
from imbtorch.comparison.report.confusion_plots import SHOWN
from imbtorch.comparison.report.tsne_plots import COLORS

CAPTIONS = {
    "recall": (
        "Samples and recall of each class",
        "Training samples, and the share of each class's held-out samples that is recognized, mean "
        "over seeds.",
    ),
    "cost": (
        "Cost against gain",
        "Balanced accuracy (± standard deviation over seeds) against training time.",
    ),
    "curves": (
        "Training curves",
        "Mean over seeds. The held-out curve decided nothing: results are from the last epoch.",
    ),
    "confusion": (
        "Confusion matrices",
        "All seeds together; each row shows the predictions for the samples of one "
        "true class (color: square root of the share).",
    ),
    "false_positives": (
        "Cumulative false positives",
        "Held-out samples wrongly assigned to a class, summed from the most to the least frequent "
        "class; mean over seeds. The last point is the number of errors.",
    ),
    "tsne": (
        "Embeddings",
        "t-SNE of up to 50 held-out samples per class, first seed, colored by true class.",
    ),
    "boundary": (
        "Boundary between two classes",
        "The pair of classes that the first recipe confuses most often, by t-SNE: held-out "
        "samples of the first seed (outlined in red where the network is wrong), and which of the "
        "two the network predicts for nearby samples.",
    ),
    "gap": (
        "Generalization gap",
        "How far the held-out embeddings of a class lie outside the range of its training "
        "embeddings (including synthetic ones, if the head was trained on them); gray: training "
        "samples.",
    ),
    "true_false": (
        "Generalization gap of true and false positives",
        "Mean over the classes: held-out samples rightly and wrongly assigned to a class, compared "
        "with the training embeddings of that class.",
    ),
    "norms": (
        "Class weight norms",
        "Length of each class's weight vector in the head, mean over seeds.",
    ),
    "class_variance": (
        "Class variance",
        "Deep over-sampling: mean squared distance of the training embeddings (solid) and of "
        "their targets (dashed) from the mean of their class at the start of each round, over "
        "the samples that have neighbors.",
    ),
    "translations": (
        "Translations",
        "M2m: the share of translations kept, and the probability that the pretrained network g "
        "and the trained network f give to the target class (first seed).",
    ),
    "made": (
        "Samples that were made",
        "Left of the line some real images of the rarest classes, right of it images that the "
        "over-sampler made (first seed).",
    ),
    "examples": (
        "Seeds and translations",
        "Majority samples, what they became, and the difference amplified tenfold (first seed).",
    ),
}

_GROUPED = f"Each point is the mean of one of {GROUPS} groups of classes of about equal number."
OF_MANY = {
    "recall": _GROUPED,
    "gap": _GROUPED,
    "norms": _GROUPED,
    "confusion": f"Only the {SHOWN} classes that all runs together confuse most are shown.",
    "tsne": f"Only the {COLORS} classes that all runs together confuse most are shown.",
}
"""What is added where there are many classes."""
OF_UNTESTED = {
    "recall": "No point: no held-out sample.",
    "confusion": "Gray: no held-out sample.",
}
"""What is added where classes are without a held-out sample."""


def caption(figure: str, num_classes: int, untested: bool) -> str:
    """Return the caption of a figure, which says what of many classes is shown."""
    said = [CAPTIONS[figure][1]]
    if num_classes > MANY:
        said.append(OF_MANY.get(figure, ""))
    if untested:
        said.append(OF_UNTESTED.get(figure, ""))
    return " ".join(filter(None, said))
