"""``imbtorch embed``: compute the embeddings of a data set with a stored network."""

from typing import Any

import numpy as np

from imbtorch.commands.common import add_reading_options, load_trained, npz_path, say
from imbtorch.files import write_npz


def add_options(parser: Any) -> None:
    """Add the command's options."""
    parser.add_argument("checkpoint", type=str, help="file written by train or compare")
    parser.add_argument("data", type=str, help="as for compare; all its splits are embedded")
    parser.add_argument("out", type=str, help=".npz to write")
    add_reading_options(parser)


def run(checkpoint: str, data: str, out: str, **reading: str | None) -> None:
    """Write the embeddings of a data set, computed by a stored network, to an .npz.

    For the data set that the network was trained on, the training rows are exactly those of its
    training (the same imbalance, the same rows); of any other, all rows are embedded, as test
    rows if no held-out split is stored. `out` holds ``test_features``, ``test_labels`` (numbers
    of the network's classes), ``test_logits``, ``classes`` and, if there are training rows,
    ``train_features`` and ``train_labels``.
    """
    from imbtorch.data.checks import check_finite
    from imbtorch.data.inputs import input_from_json
    from imbtorch.data.load_for import TrainedOn, load_for
    from imbtorch.data.splits import Reading
    from imbtorch.models.inference import embed

    path = npz_path(out)
    model, header = load_trained(checkpoint)
    trained_on = header["data"]
    spec = input_from_json(header["input"])
    opened = load_for(data, spec, TrainedOn.from_header(trained_on), Reading.of(**reading))
    say(opened.notes)
    arrays = {"classes": np.array(trained_on["classes"])}
    for name, split in (("train", opened.train), ("test", opened.test)):
        if split is not None:
            features, labels = embed(model, split)
            check_finite(features, f"{name}_features")
            arrays[f"{name}_features"], arrays[f"{name}_labels"] = features.numpy(), labels.numpy()
    arrays["test_logits"] = model.head(features).detach().numpy()
    write_npz(path, arrays)
    n, (tested, size) = len(arrays.get("train_labels", ())), arrays["test_features"].shape
    say([f"{n} + {tested} embeddings of size {size}: {path.resolve()}"])
