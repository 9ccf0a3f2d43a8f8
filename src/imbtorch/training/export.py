"""A trained network as one file that runs without imbtorch: ONNX, or a program of torch.export."""

import io
import json
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from imbtorch.data.as_float import as_float
from imbtorch.errors import InputError
from imbtorch.extras import extra
from imbtorch.files import replacing
from imbtorch.models.classifier import Classifier
from imbtorch.models.neighbor_head import NeighborHead
from imbtorch.training.header import TrainedHeader

FORMATS = {"onnx": ".onnx", "torch-export": ".pt2"}
"""Formats -> suffixes of their files."""
OUTPUTS = ("logits", "probabilities", "class")
KEY = "imbtorch"
"""Name of the metadata in a file: of ONNX's ``metadata_props``, or of an extra file."""
TOLERANCE = 1e-4
"""Largest difference from PyTorch, of probabilities and of logits relative to the largest."""

Outputs = tuple[NDArray[Any], ...]
"""Logits (B, K), probabilities (B, K) and classes (B,)."""


class Exported(nn.Module):
    r"""A network with what makes probabilities and a class of its logits.

    .. math:: p = \mathrm{softmax}(s z / T), \qquad \hat y = \arg\max_k \, (\log p_k + b_k)

    Parameters
    ----------
    network : Classifier
        Its normalization is inside.
    decision : mapping, optional
        Entry ``decision`` of a checkpoint's header: temperature T and offsets b; without, T is 1
        and b is 0, so that the class is the most probable one.

    Notes
    -----
    Takes what the checkpoint's input kind makes: images as uint8 (B, C, H, W) in 0..255, rows of
    numbers as float32 (B, D), not standardized, tokens as int32 (B, L), filled with -1. s is the
    scale of a `CosineHead`, else 1.

    Examples
    --------
    >>> from imbtorch import build_model
    >>> network = build_model("mlp", (2,), 3)
    >>> logits, probabilities, classes = Exported(network)(torch.zeros(4, 2))
    >>> torch.allclose(probabilities, logits.softmax(1)), classes.shape
    (True, torch.Size([4]))
    """

    offsets: Tensor

    def __init__(self, network: Classifier, decision: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        decision = decision or {}
        self.network = network
        if isinstance(network.head, NeighborHead):
            self.network = Classifier(network.features, _Votes(network.head))
        self.scale = float(getattr(network.head, "scale", 1.0)) / decision.get("temperature", 1.0)
        offsets = decision.get("offsets") or [0.0]
        self.register_buffer("offsets", torch.tensor(offsets, dtype=torch.float32))

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return logits and probabilities of shape (B, K), and classes of shape (B,), int64."""
        logits = self.network(as_float(inputs)).float()
        log_p = (logits * self.scale).log_softmax(1)
        return logits, log_p.exp(), (log_p + self.offsets).argmax(1)


class _Votes(nn.Module):
    """A `NeighborHead` whose number of neighbors is part of the graph."""

    def __init__(self, head: NeighborHead) -> None:
        super().__init__()
        self.head, self.k = head, min(int(head.asked), len(head.features))

    def forward(self, h: Tensor) -> Tensor:
        return self.head.logits(h, self.k)


def export_network(
    path: Path, network: Classifier, header: TrainedHeader, samples: Tensor, format: str = "onnx"
) -> float:
    """Write a trained network to one file, once its outputs are those of PyTorch.

    The file is loaded again and run on the samples, in batches of several sizes, before it is put
    in its place. It has one input, ``inputs``, see `Exported`, with batches of any size (and
    tokens of any length), and the outputs ``logits``, ``probabilities`` and ``class``. As
    metadata, it holds JSON under the name ``imbtorch``: ``classes``, ``input`` and ``decision``.

    Parameters
    ----------
    path : Path
        File to write.
    network : Classifier
        From a checkpoint, on the CPU.
    header : TrainedHeader
        That of the checkpoint.
    samples : Tensor
        Inputs to check it on, at least one, as the checkpoint's input kind makes them.
    format : {"onnx", "torch-export"}, default="onnx"
        ONNX, or a program that `torch.export.load` reads.

    Returns
    -------
    float
        Largest difference of a probability from PyTorch's.

    Raises
    ------
    InputError
        If the network cannot be exported, or the outputs of the file differ from PyTorch's.
    """
    module = Exported(network, header.get("decision")).eval()
    keys = ("input", "decision", "recipe", "versions")
    said = {"classes": header["data"]["classes"], **{k: header[k] for k in keys if k in header}}  # type: ignore[literal-required]
    with torch.no_grad(), _quiet(), replacing(path) as part:
        try:
            names = {0: "batch", 1: "tokens"} if samples.dtype == torch.int32 else {0: "batch"}
            sizes = {0: torch.export.Dim("batch")}
            if len(names) > 1:
                longest = header["spec"]["input_shape"][0]
                sizes[1] = torch.export.Dim("tokens", min=2, max=longest)
            program = _program(module, samples, sizes)
            if format == "onnx":
                run = _write_onnx(program, part, json.dumps(said), names)
            else:
                run = _write_program(program, part, json.dumps(said))
        except (InputError, OSError, KeyboardInterrupt):
            raise
        except Exception as error:  # exporters raise many types for what they cannot express
            reason = " ".join(str(error).split())[:300] or type(error).__name__
            raise InputError(f"the network cannot be exported as {format}: {reason}") from error
        return _largest_difference(module, run, samples)


def _program(module: nn.Module, samples: Tensor, sizes: Mapping[int, Any]) -> Any:
    """Return the program of a network; `sizes` are the axes that are not fixed."""
    few = samples[[0, -1]] if len(samples) > 1 else samples[[0, 0]]  # 1 would be taken as fixed
    return torch.export.export(module, (few,), dynamic_shapes={"inputs": dict(sizes)})


def _write_onnx(
    program: Any, part: Path, said: str, names: Mapping[int, str]
) -> Callable[[Tensor], Outputs]:
    with extra("export", "ONNX"):
        import onnxruntime
        import onnxscript  # noqa: F401  # which the exporter uses

    made: Any = torch.onnx.export(
        program,
        dynamo=True,
        input_names=["inputs"],
        output_names=[*OUTPUTS],
        verbose=False,
        dynamic_shapes=(dict(names),),
    )
    made.model.metadata_props[KEY] = said
    made.save(part, external_data=False)
    session = onnxruntime.InferenceSession(str(part), providers=["CPUExecutionProvider"])
    return lambda x: tuple(session.run([*OUTPUTS], {"inputs": x.numpy()}))


def _write_program(program: Any, part: Path, said: str) -> Callable[[Tensor], Outputs]:
    buffer = io.BytesIO()  # not a path: its suffix is looked at
    torch.export.save(program, buffer, extra_files={f"{KEY}.json": said})
    part.write_bytes(buffer.getvalue())
    again = torch.export.load(io.BytesIO(part.read_bytes())).module()
    return lambda x: tuple(y.numpy() for y in again(x))


def _largest_difference(
    module: nn.Module, run: Callable[[Tensor], Outputs], samples: Tensor
) -> float:
    """Return the largest difference of a probability; an InputError if outputs are not the same."""
    worst = 0.0
    for n in sorted({1, 2, 3, len(samples)} & {*range(len(samples) + 1)}):
        x = samples[:n]
        logits, p, classes = (y.numpy() for y in module(x))
        got_logits, got_p, got_classes = run(x)
        off = float(np.abs(got_logits - logits).max() / max(1.0, np.abs(logits).max()))
        worst = max(worst, float(np.abs(got_p - p).max()))
        scores = np.sort(np.log(np.maximum(p, 1e-45)) + module.offsets.numpy(), 1)  # type: ignore[operator]
        certain = scores.shape[1] < 2 or scores[:, -1] - scores[:, -2] > 10 * TOLERANCE
        same = bool((got_classes == classes)[certain].all())
        if not (max(off, worst) <= TOLERANCE and same):
            raise InputError(
                f"the exported network gives other outputs than PyTorch for {n} samples: logits "
                f"differ by {off:.2g} of the largest, probabilities by {worst:.2g}; no file is "
                "written"
            )
    return worst


@contextmanager
def _quiet() -> Iterator[None]:
    """Leave out what exporters warn of, which is not for the user of a network."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
