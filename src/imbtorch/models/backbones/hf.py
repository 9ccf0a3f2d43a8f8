"""Networks of transformers: for images or texts, from the Hugging Face hub or a folder."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import torch
from torch import nn

from imbtorch.data.texts.tokens import TokenInput
from imbtorch.errors import InputError
from imbtorch.models.backbones.backbone import Backbone, image_backbone, where_from
from imbtorch.models.backbones.hf_config import (
    FOR_IMAGES,
    config_of,
    import_transformers,
    kind_of,
    values_of,
)
from imbtorch.models.backbones.hf_features import POOLINGS, TextFeatures
from imbtorch.models.backbones.hf_images import read_images
from imbtorch.models.backbones.weights import downloaded, read_weights
from imbtorch.models.heads import find_head

LONGEST_TEXT = 512
"""Tokens of a text, where the network says no less."""


class Config(TypedDict):
    """The `config` of a network of transformers: `images` or `pooling` is None.

    Where it was built for texts, ``embedding_size`` says what it was found to return.
    """

    network: dict[str, Any]
    images: dict[str, Any] | None
    pooling: str | None
    embedding_size: NotRequired[int]


def describe(name: str, pretrained: bool | str, config: Mapping[str, Any] | None) -> Backbone:
    """Return the description of ``hf:NAME-or-folder``, see `open_backbone`.

    From a `config`, that of a language model is without a tokenizer: `takes` is None.
    """
    transformers = import_transformers()
    source = name.partition(":")[2]
    tokens = None
    if config is None:
        network = _read(name, "config.json", transformers.AutoConfig.from_pretrained)
        kind = kind_of(network.model_type)
        if kind is None:
            raise InputError(
                f"model is {name!r}, a network of type {network.model_type}; one for images or "
                "texts is needed, whose type has a form for their classification"
            )
        images = pooling = None
        if kind == FOR_IMAGES:
            processor = _read(
                name, "preprocessor_config.json", transformers.AutoImageProcessor.from_pretrained
            )
            images = read_images(name, processor)
        else:
            pooling = _pooling(name, source, network)
            tokens = _tokens(name, source, network)
        values = values_of(network)
        config_of(values)  # what a checkpoint will hold can be read again
        config = Config(network=values, images=images, pooling=pooling)
    make = partial(_make, name, pretrained, config)
    words = where_from(pretrained, f"transformers, {source}")
    if config["images"] is not None:
        return image_backbone(name, make, config["images"], words, config)
    return Backbone(
        name,
        lambda input_shape, num_classes: make(),
        tokens,
        config=config,
        pretrained=words,
        pooling=POOLINGS[str(config["pooling"])],
    )


def _read(name: str, file: str, read: Any) -> Any:
    """Return what transformers reads of a network, without ever running code of its own."""
    try:
        return read(name.partition(":")[2], trust_remote_code=False)
    except Exception as error:  # of hub, network, JSON and the classes themselves
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"model is {name!r}, whose {file} cannot be read: {reason}") from error


def _json(source: str, file: str) -> dict[str, Any]:
    """Return a JSON file that a network may have beside its weights; empty if it has none."""
    path = import_transformers().utils.cached_file(
        source,
        file,
        _raise_exceptions_for_gated_repo=False,
        _raise_exceptions_for_missing_entries=False,
        _raise_exceptions_for_connection_errors=False,
    )
    with suppress(ValueError):
        values = json.loads(Path(path).read_text()) if path else {}
        return values if isinstance(values, dict) else {}
    return {}


def _pooling(name: str, source: str, network: Any) -> str:
    """Return how a network's own description pools tokens; by default the mean over them.

    Networks that read only what stands before (GPT) know the whole text at its last token.
    """
    auto = import_transformers().models.auto.modeling_auto
    known = _json(source, "1_Pooling/config.json")
    modes = {"mean_tokens": "mean", "cls_token": "cls", "max_tokens": "max", "lasttoken": "last"}
    chosen = [key for key, on in known.items() if key.startswith("pooling_mode_") and on is True]
    if len(chosen) == 1 and (mode := chosen[0].removeprefix("pooling_mode_")) in modes:
        return modes[mode]
    if chosen:
        raise InputError(
            f"model is {name!r}, which pools tokens by {' and '.join(chosen)}; one of "
            f"{', '.join(modes)} is needed"
        )
    kind = network.model_type
    if kind in auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES or network.is_encoder_decoder:
        return "mean"
    return "last" if kind in auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES else "mean"


def _tokens(name: str, source: str, network: Any) -> TokenInput:
    tokenizer = _read(name, "tokenizer", import_transformers().AutoTokenizer.from_pretrained)
    if not tokenizer.is_fast:
        raise InputError(
            f"model is {name!r}, whose tokenizer {type(tokenizer).__name__} is not one of the "
            "library tokenizers; a network with a tokenizer.json is needed"
        )
    said = _json(source, "sentence_bert_config.json").get("max_seq_length")
    longest = said if type(said) is int else min(tokenizer.model_max_length, LONGEST_TEXT)
    return TokenInput(tokenizer.backend_tokenizer.to_str(), min(longest, _places(network, longest)))


def _places(network: Any, otherwise: int) -> int:
    """Return how many tokens of a text a network has positions for; `otherwise` if all.

    RoBERTa and its relatives number them from behind that of padding.
    """
    most = getattr(network, "max_position_embeddings", None)
    if type(most) is not int or most < 1:  # XLNet says -1
        return otherwise
    with torch.device("meta"):
        made = import_transformers().AutoModel.from_config(network, trust_remote_code=False)
    for name, module in made.named_modules():
        padding = getattr(module, "padding_idx", None)
        if name.endswith("position_embeddings") and padding is not None:
            most = min(most, len(module.weight) - padding - 1)
    return most


@contextmanager
def _quietly(transformers: Any) -> Iterator[None]:
    """Leave out progress bars and the report on weights that only the head has."""
    logging = transformers.utils.logging
    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()


def _make(name: str, pretrained: bool | str, config: Mapping[str, Any]) -> nn.Module:
    transformers = import_transformers()
    network = config_of(config["network"])
    images = config["images"] is not None
    kind = transformers.AutoModelForImageClassification if images else transformers.AutoModel
    if pretrained is False:
        try:
            made: nn.Module = kind.from_config(network, trust_remote_code=False)
        except Exception as error:  # each class finds its own values wrong
            reason = " ".join(str(error).split())[:200]
            raise InputError(
                f"model is {name!r}, a network of type {network.model_type} that cannot be made: "
                f"{reason}"
            ) from error
        head = find_head(made) if images else "pooler"
    else:
        made, found = _pretrained(transformers, kind, name, pretrained, network)
        head = find_head(made) if images else "pooler"
        keys = [*found["missing_keys"], *(key for key, *_ in found["mismatched_keys"])]
        if lacks := sorted(key for key in keys if not key.startswith(head + ".")):
            raise InputError(
                f"pretrained is {pretrained!r}, which does not fit {name}: it lacks {len(lacks)} "
                f"tensors, such as {lacks[0]}"
            )
    if images:
        made.set_submodule(head, nn.Identity())
        return made
    if network.is_encoder_decoder:
        made = made.get_encoder()  # type: ignore[operator]
    return TextFeatures(made, config["pooling"], network.pad_token_id or 0)


def _pretrained(
    transformers: Any, kind: Any, name: str, pretrained: bool | str, network: Any
) -> tuple[nn.Module, dict[str, Any]]:
    """Return a network with its weights in float32, and what they lack."""
    state, source = None, name.partition(":")[2]
    if isinstance(pretrained, str):
        state = read_weights(pretrained)
        with torch.device("meta"):
            kind = type(kind.from_config(network, trust_remote_code=False))
    with downloaded(name, pretrained), _quietly(transformers):
        made, found = kind.from_pretrained(
            source if state is None else None,
            config=network,
            state_dict=state,
            dtype="float32",
            ignore_mismatched_sizes=True,  # those of the head; the caller looks at them
            output_loading_info=True,
            trust_remote_code=False,
        )
    return made, found
