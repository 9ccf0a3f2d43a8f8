"""``imbtorch embed``: compute the embeddings of a data set with a stored network."""

from typing import Any

import numpy as np

from imbtorch.commands.common import load_trained, npz_path, say
from imbtorch.files import write_npz


def add_options(parser: Any) -> None:
    """Add the command's options."""
    parser.add_argument("checkpoint", type=str, help="file written by train or compare")
    parser.add_argument("data", type=str, help="as for compare; all its splits are embedded")
    parser.add_argument("out", type=str, help=".npz to write")
    parser.add_argument("--label", type=str | None, help="label column")


def run(checkpoint: str, data: str, out: str, label: str | None = None) -> None:
    """Write the embeddings of a data set, computed by a stored network, to an .npz.

    For the data set that the network was trained on, the training rows are exactly those of its
    training (the same imbalance, the same rows); for any other, all rows are embedded. `out`
    holds ``train_features``, ``train_labels``, ``test_features``, ``test_labels`` (numbers of the
    network's classes), ``test_logits`` and ``classes``.
    """
    from imbtorch.data.checks import check_finite
    from imbtorch.data.inputs import input_from_json
    from imbtorch.data.load_for import load_splits_for
    from imbtorch.data.profile import Profile
    from imbtorch.models.inference import embed

    path = npz_path(out)
    model, header = load_trained(checkpoint)
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
