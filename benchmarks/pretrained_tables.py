"""Recipes with pretrained networks: photographs, Reuters and CIFAR-LT, one table each.

    IMBTORCH_DATA=shared/data python benchmarks/pretrained_tables.py results [TABLE ...]

TABLE is photographs, texts or images; by default all are made. Goes on where it stopped. Nothing
is chosen by the test set: each setup is the default one of its kind of network, but for the epochs
from scratch. The photographs need scikit-image, see own_photographs.py.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from own_photographs import make
from pretrained_networks import LITE0, lite0_weights, minilm

from imbtorch.comparison.compare import compare
from imbtorch.comparison.make_task import make_task
from imbtorch.comparison.report.summary import summarize
from imbtorch.comparison.report.table import markdown_table
from imbtorch.files import write_atomically

HEADS = ("erm", "balanced-softmax", "crt", "eos:k=10", "head:smote")
"""Recipes; all but balanced-softmax share the training of their network."""
RECIPES = (
    *("erm", "balanced-softmax", "logit-adjustment", "crt"),
    *("eos:k=10", "eos:k=300", "head:smote"),
)
LONG_TAILED = {"profile": "exponential", "ratio": 100.0}
RUNS = Path("runs")


def photographs() -> Mapping[str, Any]:
    """Return the tasks on photographs: frozen, fine-tuned and from scratch, at 64 pixels."""
    folder = RUNS / "photographs"
    if not folder.exists():
        make(folder)
    data = {"data": str(folder), "model": LITE0, "image_size": 64}
    pretrained = {"pretrained": str(lite0_weights(RUNS / "lite0.safetensors"))}
    return {
        "frozen": {**data, **pretrained, "freeze": "backbone"},
        "fine-tuned": {**data, **pretrained},
        "from-scratch": {**data, "from_scratch": True, "epochs": 25},
    }


def texts() -> Mapping[str, Any]:
    """Return the tasks on Reuters: a frozen language model, and a bag of words."""
    link = RUNS / "all-MiniLM-L6-v2"  # results name it, not a folder of this machine
    if not link.exists():
        RUNS.mkdir(exist_ok=True)
        link.symlink_to(minilm().removeprefix("hf:"))
    return {
        "reuters-minilm": {"data": "reuters", "model": f"hf:{link}", "freeze": "backbone"},
        "reuters-bag-of-words": {"data": "reuters"},
    }


def images() -> Mapping[str, Any]:
    """Return the tasks on long-tailed CIFAR."""
    pretrained = {"pretrained": str(lite0_weights(RUNS / "lite0.safetensors"))}
    frozen = {"model": LITE0, **pretrained, "freeze": "backbone", "image_size": 96}
    return {
        f"{data}-100": {"data": data, **LONG_TAILED, **frozen} for data in ("cifar10", "cifar100")
    }


TABLES = {
    "photographs": ("Photographs: a pretrained EfficientNet-Lite0", photographs, HEADS, 2),
    "texts": ("Reuters: a frozen MiniLM against a bag of words", texts, RECIPES, 5),
    "images": ("CIFAR-LT: a frozen EfficientNet-Lite0 at 96 pixels", images, RECIPES, 5),
}
"""Name -> title, tasks, recipes, training seeds."""


def main(arguments: Sequence[str]) -> None:
    """Write the tables below a folder."""
    root = Path(arguments[0])
    for name in arguments[1:] or TABLES:
        title, tasks, recipes, seeds = TABLES[name]
        parts = [f"# {title}"]
        for part, options in tasks().items():
            task = make_task(**options)
            print(*task.describe(), sep="\n", flush=True)
            outcome = compare(task, recipes, seeds=seeds, out=root / f"pretrained-{name}" / part)
            about = "\n".join(f"- {line}" for line in task.describe()[-2:])
            text = markdown_table(summarize(outcome.rows), f"{part}, {seeds} seeds")
            embedded = outcome.rows[0].get("embedding_seconds")
            once = f"\n- all samples were embedded once, in {embedded:.0f} s" if embedded else ""
            parts.append(f"#{text.strip()}\n\n{about}{once}")
        page = "\n\n".join(parts) + "\n"
        write_atomically(root / f"pretrained-{name}" / "table.md", page.encode())


if __name__ == "__main__":
    main(sys.argv[1:])
