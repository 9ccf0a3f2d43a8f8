"""The report's figures of M2m's translations."""

from collections.abc import Sequence

from imbtorch.comparison.report.canvas import WIDTH, Arrays, Rows, by_recipe, legend_above
from imbtorch.extras import extra

with extra("cli"):
    from matplotlib.figure import Figure


def plot_translations(rows: Rows) -> Figure | None:
    """Draw the share of translations kept and both networks' confidence, over the epochs."""
    figure = Figure(figsize=(WIDTH, 3.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    for name, runs in by_recipe(rows).items():
        epochs = [row for row in runs[0]["history"] if "batch" in row]
        if not epochs:
            continue
        x, counted = [row["epoch"] for row in epochs], [row["batch"] for row in epochs]
        kept = [sum(b["accepted"]) / max(sum(b["translated"]), 1) for b in counted]
        left.plot(x, kept, marker=".", label=name)
        right.plot(x, [b["pretrained_confidence"] for b in counted], marker=".", label=f"{name}: g")
        right.plot(x, [b["model_confidence"] for b in counted], marker=".", label=f"{name}: f")
    if not left.lines:
        return None
    left.set(xlabel="epoch", ylabel="share of translations kept", ylim=(-0.02, 1.02))
    right.set(xlabel="epoch", ylabel="probability of the target class", ylim=(-0.02, 1.02))
    for axis in (left, right):
        axis.grid(alpha=0.3)
    legend_above(figure, right.get_lines())
    return figure


def plot_examples(examples: Arrays, classes: Sequence[str]) -> Figure | None:
    """Draw seed images, their translations and the difference amplified tenfold."""
    images = {name: a for name, a in examples.items() if "seed" in a and a["seed"].ndim == 4}
    if not images:
        return None
    arrays = next(iter(images.values()))
    number = len(arrays["seed"])
    figure = Figure(figsize=(1.1 * max(number, 4), 3.8), layout="constrained")
    axes = figure.subplots(3, number, squeeze=False)
    noise = 0.5 + 10 * (arrays["moved"] - arrays["seed"])
    for row, images_of_row in enumerate((arrays["seed"], arrays["moved"], noise)):
        for axis, image in zip(axes[row], images_of_row, strict=True):
            axis.imshow(image.transpose(1, 2, 0).clip(0, 1), cmap="gray", vmin=0, vmax=1)
            axis.set_xticks([])
            axis.set_yticks([])
    for column in range(number):
        axes[0, column].set_title(classes[arrays["k0"].astype(int)[column]], fontsize=8)
        axes[1, column].set_title("as " + classes[arrays["k"].astype(int)[column]], fontsize=8)
    for axis, name in zip(axes[:, 0], ("seed", "translation", "noise x 10"), strict=True):
        axis.set_ylabel(name, fontsize=8)
    return figure
