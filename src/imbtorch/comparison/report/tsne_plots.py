"""The report's figures of held-out embeddings in the plane, by t-SNE."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.inspection import DecisionBoundaryDisplay
from sklearn.manifold import TSNE
from sklearn.neighbors import KNeighborsClassifier

from imbtorch.comparison.report.canvas import MANY, Arrays, Rows, legend_above, new_grid
from imbtorch.comparison.report.confusion_plots import most_confused
from imbtorch.extras import extra

with extra("cli"):
    import matplotlib as mpl
    from matplotlib.colors import ListedColormap
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

COLORS = 10
"""Number of classes that colors can tell apart; of many classes, so many are shown."""


def tsne(features: NDArray[Any]) -> NDArray[Any]:
    """Return the t-SNE points of embeddings, shape (n, 2)."""
    if len(features) < 2:
        return np.zeros((len(features), 2))
    perplexity = min(30.0, max(1.0, (len(features) - 1) / 3))
    made = TSNE(perplexity=perplexity, init="random", random_state=0)
    points: NDArray[Any] = made.fit_transform(features)
    return points


def plot_tsne(embeddings: Arrays, rows: Rows) -> Figure:
    """Draw the t-SNE of held-out embeddings, one picture per recipe, colored by true class.

    Of many classes, only those that are confused most are shown.
    """
    classes = rows[0]["data"]["classes"]
    if len(classes) > MANY:
        chosen = most_confused(rows, COLORS)
        classes = [classes[k] for k in chosen]
        embeddings = {name: _only(arrays, chosen) for name, arrays in embeddings.items()}
    figure, axes = new_grid(len(embeddings))
    colors = mpl.colormaps["tab10" if len(classes) <= COLORS else "nipy_spectral"]
    for axis, (name, arrays) in zip(axes, embeddings.items(), strict=True):
        features, labels = arrays["features"], arrays["labels"]
        points = tsne(features)
        shade = labels if len(classes) <= COLORS else labels / (len(classes) - 1)
        axis.scatter(points[:, 0], points[:, 1], c=colors(shade), s=6)
        axis.set_title(name)
        axis.set_xticks([])
        axis.set_yticks([])
    if len(classes) <= COLORS:
        handles = [
            Line2D([], [], marker="o", linestyle="", color=colors(k), label=label)
            for k, label in enumerate(classes)
        ]
        legend_above(figure, handles)
    return figure


def _only(arrays: Mapping[str, NDArray[Any]], chosen: list[int]) -> dict[str, NDArray[Any]]:
    """Return the samples of some classes, whose labels become their places in `chosen`."""
    labels = arrays["labels"]
    taken = np.isin(labels, chosen)
    places = np.array([chosen.index(k) for k in labels[taken].tolist()], dtype=np.int64)
    return {"features": arrays["features"][taken], "labels": places}


def most_mistaken(labels: NDArray[Any], predicted: NDArray[Any], number: int) -> tuple[int, int]:
    """Return the two classes that are confused most often, the lower one first."""
    low, high = np.minimum(labels, predicted), np.maximum(labels, predicted)
    pairs, counts = np.unique((low * number + high)[low < high], return_counts=True)
    if not len(pairs):
        return 0, 1
    first, second = divmod(int(pairs[counts.argmax()]), number)
    return first, second


def plot_boundary(
    embeddings: Arrays, data: Mapping[str, Any], pair: tuple[int, int] | None = None
) -> Figure | None:
    """Draw samples of two classes by t-SNE, and the boundary between the two.

    The plane is colored by the predictions of the nearest samples. By default they are the classes
    that the first recipe confuses most often.
    """
    arrays = {name: a for name, a in embeddings.items() if "predicted" in a}
    if not arrays:
        return None
    classes = data["classes"]
    start = next(iter(arrays.values()))
    pair = pair or most_mistaken(start["labels"], start["predicted"], len(classes))
    two = ListedColormap(["tab:blue", "tab:orange"])
    figure, axes = new_grid(len(arrays))
    for axis, (name, one) in zip(axes, arrays.items(), strict=True):
        chosen = np.isin(one["labels"], pair)
        features, labels, predicted = (one[k][chosen] for k in ("features", "labels", "predicted"))
        points, among = tsne(features), np.isin(predicted, pair)
        shades = {"plot_method": "pcolormesh", "cmap": two, "vmin": 0, "vmax": 1, "alpha": 0.2}
        taken = (predicted[among] == pair[1]).astype(int)
        if taken.any() and not taken.all():
            near = KNeighborsClassifier(min(5, int(among.sum()))).fit(points[among], taken)
            DecisionBoundaryDisplay.from_estimator(
                near, points, response_method="predict", ax=axis, **shades
            )
        elif len(taken):  # only one of the two is predicted
            axis.set_facecolor((*two(taken[0])[:3], shades["alpha"]))
        wrong = predicted != labels
        axis.scatter(points[:, 0], points[:, 1], 14, labels == pair[1], cmap=two, vmin=0, vmax=1)
        axis.scatter(points[wrong, 0], points[wrong, 1], 22, "none", edgecolors="red")
        axis.set_title(name)
        axis.set_xticks([])
        axis.set_yticks([])
    handles = [
        Line2D([], [], marker="o", linestyle="", color=two(i), label=classes[k])
        for i, k in enumerate(pair)
    ]
    legend_above(figure, handles)
    return figure
