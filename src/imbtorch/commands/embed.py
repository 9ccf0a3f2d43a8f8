"""``imbtorch embed``: the embeddings of a data set, as a stored network makes them."""

from typing import Any

import numpy as np

from imbtorch.commands.common import npz_path, say
from imbtorch.errors import InputError
from imbtorch.files import write_npz


def add_options(parser: Any) -> None:
    """Add the command's options."""
    parser.add_argument("checkpoint", type=str, help="file written by train or compare")
    parser.add_argument("data", type=str, help="as for compare; all its splits are embedded")
    parser.add_argument("out", type=str, help=".npz to write")
    parser.add_argument("--label", type=str | None, help="label column")


def run(checkpoint: str, data: str, out: str, label: str | None = None) -> None:
    """Write the embeddings of a data set, as a stored network makes them, into an .npz.

    Of the data set that the network was trained on, the very training set is embedded (the same
    imbalance, the same rows); of any other all rows. `out` holds ``train_features``,
    ``train_labels``, ``test_features``, ``test_labels`` (numbers of the network's classes),
    ``test_logits`` and ``classes``.
    """
    from imbtorch.data.checks import check_finite
    from imbtorch.data.inputs import input_from_json
    from imbtorch.data.load_for import load_splits_for
    from imbtorch.data.profile import Profile
    from imbtorch.models.inference import embed
    from imbtorch.training.checkpoint import load_checkpoint

    path = npz_path(out)
    model, header = load_checkpoint(checkpoint)
    if "input" not in header:
        raise InputError(f"checkpoint {checkpoint!r} does not say what inputs it takes")
    trained_on = header["data"]
    profile = Profile.from_json(trained_on["profile"])
    splits = load_splits_for(
        data,
        input_from_json(header["input"]),
        trained_on["classes"],
        data_seed=trained_on["data_seed"],
        label=label,
        profile=profile if data == trained_on["name"] else None,
    )
    arrays = {"classes": np.array(trained_on["classes"])}
    for name, split in zip(("train", "test"), splits, strict=True):
        features, labels = embed(model, split)
        check_finite(features, f"{name}_features")
        arrays[f"{name}_features"], arrays[f"{name}_labels"] = features.numpy(), labels.numpy()
    arrays["test_logits"] = model.head(features).detach().numpy()
    write_npz(path, arrays)
    n, size = arrays["train_features"].shape
    say([f"{n} + {len(arrays['test_labels'])} embeddings of size {size}: {path.resolve()}"])
