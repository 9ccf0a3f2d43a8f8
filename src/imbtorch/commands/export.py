"""``imbtorch export``: a stored network as a file that runs without imbtorch."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from imbtorch.commands.common import (
    add_checkpoint,
    add_own_model_option,
    file_to_write,
    load_trained,
    say,
)
from imbtorch.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

    from imbtorch.data.inputs import Input
    from imbtorch.models.classifier import Classifier

EXAMPLES = (
    "imbtorch export model.safetensors --out model.onnx",
    "imbtorch export model.safetensors --format torch-export --data new_photos/",
)
MADE_FROM = ", as `input` in its metadata makes them of rows: the file itself takes no rows"
"""Said of tables and texts, which become numbers before the network."""
CHECKED = 64
"""Samples that the file is checked on."""


def add_options(parser: Any) -> None:
    """Add the command's options."""
    add_checkpoint(parser)
    add = parser.add_argument_group("file").add_argument
    add("--format", type=str, default="onnx", help="onnx or torch-export (default: %(default)s)")
    add(
        "--out",
        type=str | None,
        help="file to write; default: the checkpoint's name with .onnx or .pt2",
    )
    add = parser.add_argument_group("check").add_argument
    add(
        "--data",
        type=str | None,
        help=f"data as for predict: the file is checked on its first {CHECKED} rows, and not on "
        "made ones",
    )
    add("--split", type=str | None, help="name of the split of --data, if several are stored")
    add_own_model_option(parser.add_argument_group("network"))


def run(
    checkpoint: str,
    format: str = "onnx",
    out: str | None = None,
    data: str | None = None,
    split: str | None = None,
    model: str | None = None,
) -> None:
    """Export a stored network to ONNX or torch.export, checked against PyTorch's own outputs.

    The file has one input, ``inputs``: images as uint8 (B, C, H, W) in 0..255, rows of numbers as
    float32 (B, D), as they are stored; the normalization is inside. Its outputs are ``logits``,
    ``probabilities`` and ``class``, with the temperature and offsets of a stored decision. Its
    metadata ``imbtorch`` is JSON: names of the classes, how samples become inputs, the decision.
    """
    from imbtorch.data.inputs import input_from_json
    from imbtorch.errors import unknown_name
    from imbtorch.training.export import FORMATS, export_network

    if format not in FORMATS:
        raise unknown_name("format", format, FORMATS)
    path = file_to_write(
        out or str(Path(checkpoint).with_suffix(FORMATS[format])), checkpoint, data
    )
    if path.suffix != FORMATS[format]:
        raise InputError(f"out is {out!r}; a name that ends in {FORMATS[format]} is needed")
    network, header = load_trained(checkpoint, model)
    spec = input_from_json(header["input"])
    samples = _made(network, spec) if data is None else _real(data, spec, split)
    difference = export_network(path, network, header, samples, format)
    kind = "made samples (--data names real ones)" if data is None else f"samples of {data}"
    made_from = "" if spec.kind in ("image", "features") else MADE_FROM
    say(
        [
            f"checked on {len(samples)} {kind}: probabilities differ from PyTorch's by at most "
            f"{difference:.1g}",
            f"inputs: {str(samples.dtype).removeprefix('torch.')} of shape (batch, "
            f"{', '.join(map(str, header['spec']['input_shape']))}){made_from}",
            f"{format}: {path.resolve()}",
        ]
    )


def _real(data: str, spec: "Input", split: str | None) -> "Tensor":
    """Return the first rows of DATA that can be read."""
    import torch

    from imbtorch.data.new_rows import open_new, usable

    for values in open_new(data, spec, split).blocks(CHECKED):
        tensors, faults = usable(spec, values)
        if tensors:
            return torch.cat(tensors)
    raise InputError(f"data is {data!r}; none of its rows can be read: {faults[0]}")


def _made(network: "Classifier", spec: "Input") -> "Tensor":
    """Return made samples: noise around the mean of the training, or texts of any tokens."""
    import torch

    from imbtorch.data.images.image_input import ImageInput
    from imbtorch.data.texts.tokens import TokenInput
    from imbtorch.models.classifier import Normalize

    assert network.spec is not None
    shape, rng = network.spec["input_shape"], torch.Generator().manual_seed(0)
    if isinstance(spec, ImageInput):
        return torch.randint(0, 256, (CHECKED, *shape), dtype=torch.uint8, generator=rng)
    if isinstance(spec, TokenInput):
        words = [str(i) for i in range(CHECKED)]
        return spec.transform([" ".join(words[: 1 + i // 2]) for i in range(CHECKED)])
    x = torch.randn(CHECKED, *shape, generator=rng)
    front = next(iter(network.features.children()), None)
    return x * front.std + front.mean if isinstance(front, Normalize) else x
