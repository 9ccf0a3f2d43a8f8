"""Recipes on the embeddings of frozen pretrained networks: CIFAR-LT and Reuters, one table each.

    IMBTORCH_DATA=shared/data python benchmarks/pretrained_embeddings.py results

Goes on where it stopped. Nothing is chosen by the test set: the setup is the default one.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pretrained_networks import LITE0, lite0_weights, minilm

from imbtorch.comparison.compare import compare
from imbtorch.comparison.make_task import make_task
from imbtorch.comparison.report.summary import summarize
from imbtorch.comparison.report.table import markdown_table
from imbtorch.files import write_atomically

RECIPES = (
    *("erm", "balanced-softmax", "logit-adjustment", "crt"),
    *("eos:k=10", "eos:k=300", "head:smote"),
)
SEEDS = 5
LONG_TAILED = {"profile": "exponential", "ratio": 100.0}


def table(title: str, folder: Path, tasks: Mapping[str, Mapping[str, Any]]) -> None:
    """Compare the recipes on every task, and write one page of all the tables."""
    parts = [f"# {title}"]
    for name, options in tasks.items():
        task = make_task(**options)
        print(*task.describe(), sep="\n", flush=True)
        outcome = compare(task, RECIPES, seeds=SEEDS, out=folder / name)
        about = "\n".join(f"- {line}" for line in task.describe())
        text = markdown_table(summarize(outcome.rows), name, failures=outcome.failures)
        parts.append(f"#{text.strip()}\n\n{about}")
    write_atomically(folder / "table.md", ("\n\n".join(parts) + "\n").encode())


def named_minilm(folder: Path) -> str:
    """Return MiniLM's model name, under a folder name that says what it is."""
    link = folder / "all-MiniLM-L6-v2"
    link.unlink(missing_ok=True)
    link.symlink_to(minilm().removeprefix("hf:"))
    return f"hf:{link}"


def main(arguments: Sequence[str]) -> None:
    """Write the tables below a folder."""
    root = Path(arguments[0])
    frozen = {
        "model": LITE0,
        "pretrained": str(lite0_weights(Path("runs/lite0.safetensors"))),
        "freeze": "backbone",
        "image_size": 96,
    }
    images = {
        f"{data}, ratio 100": {"data": data, **LONG_TAILED, **frozen}
        for data in ("cifar10", "cifar100")
    }
    language = {"model": named_minilm(Path("runs")), "freeze": "backbone"}
    texts = {
        "reuters, MiniLM": {"data": "reuters", **language},
        "reuters, bag of words": {"data": "reuters"},
    }
    table("Frozen MiniLM against a bag of words", root / "pretrained-texts", texts)
    table("Frozen EfficientNet-Lite0 at 96 pixels", root / "pretrained-images", images)


if __name__ == "__main__":
    main(sys.argv[1:])
