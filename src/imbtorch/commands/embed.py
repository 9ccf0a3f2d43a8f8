"""``imbtorch embed``: a data set's embeddings, by a stored or a pretrained network."""

from typing import Any

import numpy as np

from imbtorch.commands.common import add_reading_options, load_trained, npz_path, say
from imbtorch.errors import InputError
from imbtorch.files import write_npz

EXAMPLES = (
    "imbtorch embed model.safetensors photos/ embeddings.npz",
    "imbtorch embed photos/ embeddings.npz --model timm:resnet50",
)


def add_options(parser: Any) -> None:
    """Add the command's options."""
    parser.add_argument(
        "paths",
        type=str,
        nargs="+",
        metavar="[CHECKPOINT] DATA OUT",
        help="file written by train or compare (or none, with --model); data as for compare, of "
        "which all splits are embedded; .npz to write",
    )
    add_reading_options(parser)
    add = parser.add_argument_group("network and inputs").add_argument
    add(
        "--model",
        type=str | None,
        help="without a checkpoint: a pretrained network, such as timm:NAME; with one: "
        "path/to/module.py:factory, if the network came from there: its code is run",
    )
    add("--pretrained", type=str | None, help="file with its weights; default: its library's")
    add("--image_size", type=int | None, help="height and width that images are brought to")
    add("--columns", type=str | None, help="input columns, separated by commas")
    add("--data_seed", type=int, default=0, help="decides what is held out (default: 0)")
    add("--precision", type=str, default="32-true", help="as in compare (default: 32-true)")


def run(paths: list[str], model: str | None, **options: Any) -> None:
    """Write the embeddings of a data set, computed by a stored network, to an .npz.

    With a checkpoint: for the data set that the network was trained on, the training rows are
    exactly those of its training (the same imbalance, the same rows); of any other, all rows are
    embedded, as test rows if no held-out split is stored. Without one, ``--model`` names a
    pretrained network, which embeds all rows, once: they are kept in the cache folder.

    OUT holds ``test_features``, ``test_labels`` (numbers of the network's classes), ``classes``
    and, if there are training rows, ``train_features`` and ``train_labels``; with a checkpoint
    also ``test_logits``.
    """
    if len(paths) not in (2, 3):
        raise InputError(f"{len(paths)} paths are given; [CHECKPOINT] DATA OUT are needed")
    path = npz_path(paths[-1], paths[-2])
    if len(paths) == 3:
        arrays = _by_checkpoint(paths[0], paths[1], model, **options)
    elif model is None:
        raise InputError("model is missing: name a checkpoint before DATA, or --model timm:NAME")
    else:
        arrays = _by_model(paths[0], model, **options)
    write_npz(path, arrays)
    n, (tested, size) = len(arrays.get("train_labels", ())), arrays["test_features"].shape
    say([f"{n} + {tested} embeddings of size {size}: {path.resolve()}"])


def _by_model(data: str, model: str, **options: Any) -> dict[str, Any]:
    """Return the arrays that a pretrained network makes of a data set."""
    from imbtorch.comparison.frozen_task import embedded_once
    from imbtorch.comparison.make_task import make_task
    from imbtorch.comparison.network_options import ELSEWHERE
    from imbtorch.data.arrays import ArrayDataset
    from imbtorch.models.backbones import is_backbone

    if not is_backbone(model):
        raise InputError(
            f"model is {model!r}; without a checkpoint, a pretrained network is needed, such as "
            f"{ELSEWHERE}"
        )
    task = make_task(data, model=model, freeze="backbone", profile="none", **options)
    say(task.describe_inputs())
    made = embedded_once(task).data
    arrays = {"classes": np.array(made.classes)}
    for name, split in (("train", made.train), ("test", made.test)):
        assert isinstance(split, ArrayDataset)
        arrays[f"{name}_features"], arrays[f"{name}_labels"] = split.x.numpy(), split.y.numpy()
    return arrays


def _by_checkpoint(checkpoint: str, data: str, model: str | None, **options: Any) -> dict[str, Any]:
    """Return the arrays that a stored network makes of a data set."""
    from imbtorch.data.finite import check_finite
    from imbtorch.data.inputs import input_from_json
    from imbtorch.data.load_for import TrainedOn, load_for
    from imbtorch.data.splits import Reading
    from imbtorch.models.inference import embed

    settled: dict[str, Any] = {"pretrained": None, "image_size": None, "columns": None}
    for name, default in {**settled, "data_seed": 0, "precision": "32-true"}.items():
        if options[name] != default:
            raise InputError(
                f"{name} is {options[name]!r}; with the checkpoint {checkpoint!r} that is settled: "
                "leave it out"
            )
    network, header = load_trained(checkpoint, model)
    trained_on = header["data"]
    spec = input_from_json(header["input"])
    reading = Reading.of(**{n: options[n] for n in ("label", "train_split", "test_split")})
    opened = load_for(data, spec, TrainedOn.from_header(trained_on), reading)
    say(opened.notes)
    arrays = {"classes": np.array(trained_on["classes"])}
    for name, split in (("train", opened.train), ("test", opened.test)):
        if split is not None:
            features, labels = embed(network, split)
            check_finite(features, f"{name}_features")
            arrays[f"{name}_features"], arrays[f"{name}_labels"] = features.numpy(), labels.numpy()
    arrays["test_logits"] = network.head(features).detach().numpy()
    return arrays
