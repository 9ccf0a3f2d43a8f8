"""EOS Tables II and IV for CIFAR-10 and cross-entropy, on stored embeddings of a trained network.

The embeddings (ResNet-32, CIFAR-10 in long-tailed form, ratio 100: 12,406 x 64 to train on, 10,000
x 64 held out) are over-sampled, a fresh head is trained for 10 epochs, and its **last** epoch is
measured. The paper's figures are those of the best epoch on the test set, with embeddings of its
own; beside them stands a rerun on these very embeddings at the last epoch.
"""

import time
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from imblearn.over_sampling import RandomOverSampler
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from tqdm import tqdm

from imbtorch.data.sources import data_folder
from imbtorch.errors import InputError
from imbtorch.evaluation.gap import generalization_gap
from imbtorch.evaluation.metrics import classification_metrics
from imbtorch.experiments.page import write_page
from imbtorch.experiments.quick import few_rows
from imbtorch.experiments.store import ResultStore
from imbtorch.resampling.eos import EOS
from imbtorch.resampling.smote import BalancedSVM, borderline_smote, smote, svm_smote
from imbtorch.training.embedding_head import EmbeddingHead
from imbtorch.training.slots import describe

FILE = "cifar10_lt_embeddings/embeddings.npz"

ROWS: dict[str, tuple[Callable[..., Any] | None, float | None, float | None]] = {
    "none": (None, 0.676, None),
    "random": (RandomOverSampler, 0.732, None),
    "SMOTE": (smote, 0.727, 0.7390),
    "Borderline-SMOTE": (borderline_smote, 0.723, 0.7446),
    "SVM-SMOTE": (svm_smote, 0.727, 0.7381),
    "Balanced SVM": (BalancedSVM, None, 0.7381),
    "EOS 10": (EOS, 0.747, 0.7581),
    "EOS 50": (partial(EOS, n_neighbors=50), None, 0.7618),
    "EOS 100": (partial(EOS, n_neighbors=100), None, 0.7676),
    "EOS 200": (partial(EOS, n_neighbors=200), None, 0.7717),
    "EOS 300": (partial(EOS, n_neighbors=300), 0.758, 0.7722),
    "EOS 300 compat": (partial(EOS, n_neighbors=300, compat=True), 0.768, None),
    "EOS 10 away": (partial(EOS, direction="away"), 0.721, None),
    "EOS 300 away": (partial(EOS, n_neighbors=300, direction="away"), None, None),
}
"""Row -> (over-sampler, balanced accuracy of the rerun at the last epoch, published one)."""

COLUMNS = {
    "balanced_accuracy": "balanced accuracy",
    "gmean_recall": "G-mean recalls",
    "gmean_macro": "G-mean macro",
    "f1_macro": "macro F1",
    "gap": "gap",
    "gap_rarest": "gap of the 3 rarest",
}

SPLITS = ("train", "test")
Arrays = dict[str, NDArray[Any]]


def load() -> Arrays:
    """Return the stored arrays; looked for below `data_folder`."""
    path = data_folder() / FILE
    if not path.is_file():
        raise InputError(f"the embeddings are not at hand: {path} is no file; set IMBTORCH_DATA")
    with np.load(path) as arrays:
        return dict(arrays)


def few(data: Arrays) -> Arrays:
    """Return a few rows of each class, for the quick scale."""
    labels = {split: torch.from_numpy(data[f"{split}_labels"]).long() for split in SPLITS}
    rows = {split: few_rows(y).numpy() for split, y in labels.items()}
    return {name: array[rows[name.partition("_")[0]]] for name, array in data.items()}


def measure(row: str, data: Arrays, seed: int) -> dict[str, Any]:
    """Over-sample, train a head, and return the row of its last epoch's metrics."""
    x, y = data["train_features"], data["train_labels"]
    test, truth = data["test_features"], data["test_labels"]
    counts = np.bincount(y)
    method = ROWS[row][0]
    start = time.perf_counter()
    new_x, new_y = (x, y) if method is None else method(random_state=seed).fit_resample(x, y)
    sampled = time.perf_counter()
    predicted = EmbeddingHead(None, random_state=seed).fit(new_x, new_y).predict(test)
    gap = generalization_gap(new_x, new_y, test, truth)
    metrics = {
        **classification_metrics(truth, predicted, counts.tolist()),
        "gap": gap.overall,
        "gap_rarest": float(gap.per_class[np.argsort(counts)[:3]].mean()),
        "sampling_seconds": sampled - start,
        "head_seconds": time.perf_counter() - sampled,
    }
    return {"metrics": metrics}


def reproduce(table: str, out: Path, seeds: int, quick: bool = False) -> None:
    """Run the table, store each run below `out`, print it and write ``table.md``."""
    data = load()
    if quick:
        data = few(data)
    shapes = {name: list(array.shape) for name, array in data.items()}
    store = ResultStore(out, {"data": shapes, "version": version("imbalanced-torch")})
    with tqdm(total=len(ROWS) * seeds, unit="run", dynamic_ncols=True) as bar:
        for row in ROWS:
            recipe = {"name": row, "resample": describe(ROWS[row][0])}
            for seed in range(seeds):
                store.row(recipe, seed, partial(measure, row, data, seed))
                bar.update()
    text = show(store.rows, seeds)
    write_page(out, text, f"reproduce {table} --seeds {seeds}")


def show(rows: list[dict[str, Any]], seeds: int) -> str:
    """Print means and standard deviations over the seeds, and return them as Markdown."""
    headings = ["over-sampler", *COLUMNS.values(), "rerun", "published"]
    title = f"EOS on stored embeddings, last epoch, {seeds} seed(s)"
    table = Table(*headings, title=title, title_justify="left")
    lines = [f"# {title}", "", " | ".join(headings), "|".join(["---"] * len(headings))]
    for name, (_, rerun, published) in ROWS.items():
        mine = [r for r in rows if r["recipe"]["name"] == name and r["training_seed"] < seeds]
        runs = [r["metrics"] for r in mine]
        cells = [name]
        for column in COLUMNS:
            values = [run[column] for run in runs]
            spread = np.std(values, ddof=1) if len(values) > 1 else 0.0
            cells.append(f"{np.mean(values):.4f}±{spread:.4f}")
        cells += [
            "" if value is None else f"{value:.4f}".rstrip("0") for value in (rerun, published)
        ]
        table.add_row(*cells)
        lines.append(" | ".join(cells))
    Console(width=150).print(table)
    return "\n".join(lines) + "\n"
