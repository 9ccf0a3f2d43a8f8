"""How the papers' figures are drawn: with the plots of a comparison's report, where it has them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imbtorch.comparison.report.canvas import Arrays, Rows
from imbtorch.comparison.report.confusion_plots import plot_false_positives
from imbtorch.comparison.report.embedding_plots import plot_gap, plot_norms, plot_true_false
from imbtorch.comparison.report.translation_plots import plot_examples, plot_translations
from imbtorch.comparison.report.tsne_plots import plot_boundary, plot_tsne
from imbtorch.extras import extra
from imbtorch.reproduction.paper_figure import PaperFigure
from imbtorch.reproduction.plots import plot_against, plot_sizes

with extra("cli"):
    from matplotlib.container import BarContainer
    from matplotlib.figure import Figure
    from matplotlib.ticker import FixedLocator

SHOWN_PER_CLASS = 50
"""Training samples of each class in the t-SNE of all classes, as in the AMO paper."""


@dataclass(frozen=True)
class Panel:
    """What one picture is drawn from.

    Parameters
    ----------
    figure : PaperFigure
        The figure it belongs to.
    data : mapping
        The data set as result rows describe it: ``classes``, ``counts``.
    rows : sequence of mapping
        Result rows; the recipe's name is its label in the picture.
    training, examples : mapping of str to mapping
        Label -> the first seed's training embeddings, and its translated samples.
    """

    figure: PaperFigure
    data: Mapping[str, Any]
    rows: Rows
    training: Arrays
    examples: Arrays


def _tsne(panel: Panel) -> Figure | None:
    kept = {}
    for label, arrays in panel.training.items():
        members = [np.flatnonzero(arrays["labels"] == k) for k in range(len(panel.data["counts"]))]
        rows = np.concatenate([some[:SHOWN_PER_CLASS] for some in members])
        kept[label] = {name: values[rows] for name, values in arrays.items()}
    return plot_tsne(kept, panel.rows) if kept else None


def _boundary(panel: Panel) -> Figure | None:
    first, second = panel.figure.pair
    return plot_boundary(panel.training, panel.data, (first, second))


def _against(panel: Panel) -> Figure:
    return plot_against(panel.rows, panel.figure.axis, panel.figure.measures)


DRAWINGS: dict[str, Callable[[Panel], Figure | None]] = {
    "gap": lambda panel: plot_gap(panel.rows),
    "true_false": lambda panel: plot_true_false(panel.rows),
    "norms": lambda panel: plot_norms(panel.rows),
    "false_positives": lambda panel: plot_false_positives(panel.rows),
    "translations": lambda panel: plot_translations(panel.rows),
    "examples": lambda panel: plot_examples(panel.examples, panel.data["classes"]),
    "tsne": _tsne,
    "boundary": _boundary,
    "against": _against,
    "sizes": lambda panel: plot_sizes(panel.data),
}
"""Name of a drawing -> function that draws a picture; None if what it needs is not there."""


def drawn_numbers(figure: Figure) -> list[tuple[str, str, float]]:
    """Return the numbers that a figure's lines and bars show: (name, place, value).

    The place is the name on the horizontal axis if it has names, and a number otherwise. The points
    of a t-SNE and the pixels of images are not among them.

    Examples
    --------
    >>> figure = Figure()
    >>> _ = figure.subplots().plot([1, 2], [0.5, 0.25], label="erm")
    >>> drawn_numbers(figure)
    [('erm', '1', 0.5), ('erm', '2', 0.25)]
    """
    found = []
    for axis in figure.axes:
        fixed = isinstance(axis.xaxis.get_major_locator(), FixedLocator)
        names = [tick.get_text() for tick in axis.get_xticklabels()] if fixed else []
        ticks = [float(tick) for tick in axis.get_xticks()]

        def place(x: float, names: list[str] = names, ticks: list[float] = ticks) -> str:
            near = min(range(len(names)), key=lambda n: abs(ticks[n] - x), default=None)
            return f"{x:g}" if near is None else names[near]

        series: list[tuple[str, NDArray[Any], NDArray[Any]]] = [
            (str(line.get_label()), np.asarray(line.get_xdata()), np.asarray(line.get_ydata()))
            for line in axis.get_lines()
        ]
        for bars in axis.containers:
            if isinstance(bars, BarContainer):
                centers = np.array([bar.get_x() + bar.get_width() / 2 for bar in bars])
                heights = np.array([bar.get_height() for bar in bars])
                series.append((str(bars.get_label()), centers, heights))
        several = len(figure.axes) > 1 and axis.get_lines() and not names
        for label, x, y in series:
            shown = axis.get_ylabel() if label.startswith("_") else label
            shown = f"{axis.get_ylabel()}: {shown}" if several else shown
            found += [(shown, place(float(a)), float(b)) for a, b in zip(x, y, strict=True)]
    return found
