"""What the header of a checkpoint holds, and the check of one that comes from a file.

The types below are the description: `conform` compares the values of a JSON text with them, so
that no later code meets a value of another type or out of range.
"""

import json
from collections.abc import Mapping
from math import prod
from typing import Annotated, Any, Required, TypedDict, cast, get_args

from imbtorch.data.images.image_input import ImageInput
from imbtorch.data.inputs import FeatureInput, Input, input_from_json
from imbtorch.data.profiles.profile import PROFILES, REDUCTIONS, Profile
from imbtorch.data.tables.table_input import TableInput
from imbtorch.data.texts.text_input import TextInput
from imbtorch.data.texts.tokens import TokenInput
from imbtorch.data.texts.windows import WindowInput
from imbtorch.errors import InputError, unknown_name
from imbtorch.models.backbones import is_backbone
from imbtorch.models.classifier import Spec
from imbtorch.npz import check_memory
from imbtorch.training.backbone_config import BATCH_BYTES, check_config
from imbtorch.training.conform import Range, conform
from imbtorch.training.setup import Setup
from imbtorch.training.slots import Json

Seed = Annotated[int, Range(0, 2**32 - 1)]
Size = Annotated[int, Range(1, 2**31)]


class DataHeader(TypedDict, total=False):
    """What a checkpoint records about its training data."""

    name: Required[str]
    profile: Required[dict[str, object]]
    parts: list[str]
    hash: Required[str]
    data_seed: Required[Seed]
    classes: Required[list[str]]
    counts: Required[list[Size]]
    test_split: str
    folds: Annotated[int, Range(2, 1000)]
    fold: Annotated[int, Range(0, 2**31)]
    label: str


class RecipeHeader(TypedDict, total=False):
    """What a checkpoint records about its recipe: at least the name."""

    name: Required[str]


class DecisionHeader(TypedDict):
    """How probabilities become a class, see `imbtorch.metrics.decision.Decision`."""

    temperature: Annotated[float, Range(0, 1000)]
    offsets: list[Annotated[float, Range(-(10**6), 10**6)]]
    maximizes: str


class Header(TypedDict, total=False):
    """What a checkpoint records about itself, plus whatever `save_checkpoint` was given."""

    spec: Required[Spec | None]
    recipe: dict[str, Json]
    seed: int
    data: DataHeader
    input: dict[str, object]
    seconds: float
    versions: dict[str, str]


class _Specified(TypedDict, total=False):
    """The one key that every header has."""

    spec: Required[Spec | None]


class TrainedHeader(TypedDict, total=False):
    """The header that ``imbtorch train`` and ``compare`` write."""

    spec: Required[Spec]
    recipe: Required[RecipeHeader]
    seed: Annotated[int, Range(0, 2**63 - 1)]
    data: Required[DataHeader]
    input: Required[dict[str, object]]
    model: str
    epochs: Annotated[int, Range(0, 2**31)]
    setup: dict[str, Any]
    augment: str
    precision: str
    figures: str
    versions: dict[str, object]
    decision: DecisionHeader
    seen: list[str]
    class_shares: list[float]


LONGEST = 2**26
"""Characters of a header: a hundred thousand classes, or the largest of tokenizers, and more."""


def parse_header(text: str) -> Header:
    """Return the header in a JSON text; an InputError says what is wrong with it.

    Only ``spec`` is checked: all other keys may be the user's own, see `save_checkpoint`.
    """
    if len(text) > LONGEST:
        raise InputError(f"it has {len(text)} characters; at most {LONGEST} are read")
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"it is not JSON: {error}") from error
    if isinstance(values, dict) and isinstance(values.get("spec"), dict):
        values["spec"].setdefault("head", "linear")  # the only kind of the first versions
    conform(values, _Specified, "header")
    spec = values["spec"]
    if spec is not None:
        _check_config(spec)
    if spec is not None and max(prod(spec["input_shape"]), 2**9 * spec["num_classes"]) > 2**40:
        raise InputError(
            f"spec.input_shape is {spec['input_shape']} and spec.num_classes "
            f"{spec['num_classes']}; that is too large"
        )
    return cast(Header, values)


def _check_config(spec: Spec) -> None:
    """Raise an InputError unless a network from elsewhere is described in its library's terms."""
    name = spec["name"]
    if is_backbone(name) != ("config" in spec):
        raise InputError(f"spec.name is {name!r}, with{'' if 'config' in spec else 'out'} a config")
    if is_backbone(name):
        shape = spec["input_shape"]
        check_memory(BATCH_BYTES * prod(shape[1:]), f"a batch of inputs of shape {shape}")
        check_config(name, spec["config"])


def trained_header(values: Mapping[str, Any]) -> TrainedHeader:
    """Return a header that says which data, classes and inputs the network was trained on.

    Unknown keys of the header and of its data are ignored; those of what is built from it (spec,
    input, profile, setup) are refused, because they would change what it is.
    """
    conform(values, TrainedHeader, "header")
    header = cast(TrainedHeader, values)
    spec, data = header["spec"], header["data"]
    classes = data["classes"]
    if not len(classes) == len(set(classes)) == len(data["counts"]) == spec["num_classes"]:
        raise InputError(
            f"it has {len(classes)} classes ({len(set(classes))} names), {len(data['counts'])} "
            f"counts and a network for {spec['num_classes']}; these must agree"
        )
    if header.get("model", spec["name"]) != spec["name"]:
        raise InputError(f"model is {header['model']!r} and spec.name {spec['name']!r}")
    if "setup" in header:
        conform(header["setup"], Setup, "setup")
        Setup(**header["setup"])  # checks the ranges
    if "decision" in header:
        _check_decision(header["decision"], len(classes))
    _check_profile(data["profile"])
    _check_input(header["input"], tuple(spec["input_shape"]))
    return header


def _check_decision(values: DecisionHeader, classes: int) -> None:
    temperature, offsets = values["temperature"], len(values["offsets"])
    if not temperature >= 1e-3:
        raise InputError(f"decision.temperature is {temperature}; it must be at least 0.001")
    if offsets not in (0, classes):
        raise InputError(f"decision.offsets has {offsets} numbers, for {classes} classes")


def _check_profile(values: dict[str, object]) -> None:
    conform(values, Profile, "data.profile")
    name, fraction = values["name"], values.get("fraction")
    known = ("stored", *PROFILES, *REDUCTIONS)
    if name not in known:
        raise unknown_name("data.profile.name", str(name), known)
    if (fraction is None and name in REDUCTIONS) or (fraction is not None and name in _NO_FRACTION):
        raise InputError(f"data.profile.fraction is {fraction!r}, with the profile {name!r}")


_NO_FRACTION = ("exponential", "linear")
_INPUTS = {kind.kind: kind for kind in get_args(Input)}


def _check_input(values: dict[str, Any], shape: tuple[int, ...]) -> None:
    """Raise an InputError unless the inputs that `values` describe have the shape `shape`."""
    kind: Any = values.get("kind")
    conform(kind, str, "input.kind")
    if kind not in _INPUTS:
        raise unknown_name("input.kind", kind, _INPUTS)
    conform({k: v for k, v in values.items() if k != "kind"}, _INPUTS[kind], "input")
    spec = input_from_json(values)
    made = shape
    if isinstance(spec, ImageInput):
        made = (spec.channels, *spec.size)
        if spec.channels not in (1, 3):
            raise InputError(f"input.channels is {spec.channels}; it must be 1 or 3")
        check_memory(BATCH_BYTES * prod(spec.size), f"a batch of images of input.size {spec.size}")
    elif isinstance(spec, TextInput):
        made = (len(set(spec.vocabulary)),)
        if not spec.norm > 0 or spec.analyzer not in ("word", "char"):
            raise InputError(
                f"input has norm {spec.norm} and analyzer {spec.analyzer!r}; it must be above 0, "
                "and word or char"
            )
    elif isinstance(spec, TokenInput):
        made = (spec.max_length,)
        spec.check()
    elif isinstance(spec, WindowInput):
        made = (WindowInput.width * spec.features,)
    elif isinstance(spec, FeatureInput):
        made = spec.shape
    elif isinstance(spec, TableInput):
        made = (spec.width,)
        spec.check()
    if made != shape:
        raise InputError(f"input makes samples of shape {made}; the network takes {shape}")
