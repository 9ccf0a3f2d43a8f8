"""Networks that predict, by command: trained, asked, and what they must say."""

import numpy as np
import pandas as pd

from imbtorch import load_checkpoint
from imbtorch.cli import main
from imbtorch.models.inference import predict_logits
from made_images import images

FAST = ["--model", "mlp", "--epochs", "1", "--recipe"]


def trained(data, out, recipe="erm"):
    assert main(["train", str(data), *FAST, recipe, "--out", str(out)]) == 0
    return str(out)


def predicted(network, data, out, *options, status=0):
    assert main(["predict", network, str(data), "--out", str(out), *options]) == status
    return pd.read_csv(out) if out.suffix == ".csv" else pd.read_parquet(out)


def probabilities(made):
    return made.filter(like="probability_").to_numpy()


def table(n, seed):
    rng = np.random.default_rng(seed)
    label = np.arange(n) % 4 == 0
    far = 4 * label + rng.normal(size=n)
    return pd.DataFrame({"far": far, "near": rng.normal(size=n)}), np.where(label, "b, c", "a")


def trained_on_table(folder):
    """Return a network trained on a table with class-balanced sampling."""
    x, y = table(80, 0)
    x.assign(label=y).to_csv(folder / "old.csv", index=False)
    return trained(folder / "old.csv", folder / "t.safetensors", "drs")


def trained_on_images(folder):
    """Return a network trained on a folder of images in two class folders."""
    images(folder / "pets", "cat", "dog", n=8)
    return trained(folder / "pets", folder / "i.safetensors")


def expected(network, x):
    model, header = load_checkpoint(network)
    logits, _ = predict_logits(model, (x, np.zeros(len(x), np.int64)))
    return model.probabilities(logits).numpy(), header
