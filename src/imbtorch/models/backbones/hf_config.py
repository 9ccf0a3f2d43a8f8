"""Configurations of transformers as JSON values, from which a network is made without a download.

They may come from a checkpoint's header, which may hold anything: only what the configuration's
own class declares is taken, in bounds, and no word that could be the name of a file, of a
repository or of code in one.
"""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields
from math import isfinite
from types import ModuleType
from typing import Any

from imbtorch.errors import InputError
from imbtorch.extras import extra
from imbtorch.models.backbones.torchvision import import_torchvision

FOR_IMAGES, FOR_TEXTS = "images", "texts"
MOST = 2**24
"""The largest whole number of a configuration."""
_PARTS = ((re.compile(r".*(layer|depth|block|stage)s?$"), 2**12), (re.compile(r".*experts"), 2**14))
"""Names of numbers of parts that are made one by one, and how many there can be."""
_WORD = re.compile(r"[A-Za-z0-9_.+-]{0,64}")
_NEVER = {"architectures", "dtype", "id2label", "label2id", "problem_type", "transformers_version"}


def import_transformers() -> ModuleType:
    """Return transformers; where there is a torchvision, it must be one that can be imported."""
    with suppress(ImportError):
        import_torchvision()
    with extra("hf", "a network of transformers"):
        import transformers
    module: ModuleType = transformers
    return module


def kind_of(model_type: str) -> str | None:
    """Return what networks of a type take, `FOR_IMAGES` or `FOR_TEXTS`; None for neither."""
    auto = import_transformers().models.auto.modeling_auto
    if model_type in auto.MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES:
        return None if model_type == "timm_wrapper" else FOR_IMAGES
    texts = (
        auto.MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
        auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    )
    return FOR_TEXTS if any(model_type in names for names in texts) else None


def values_of(config: Any) -> dict[str, Any]:
    """Return a configuration of transformers as JSON values, without what a network has no use of.

    The inverse of `config_of`.
    """
    values = json.loads(json.dumps(_declared(config.to_diff_dict(), type(config)), default=str))
    return {"model_type": config.model_type, **values}


def config_of(values: Mapping[str, Any]) -> Any:
    """Return the configuration in JSON values; an InputError says what is wrong with them."""
    transformers = import_transformers()
    model_type = values.get("model_type")
    if not isinstance(model_type, str) or kind_of(model_type) is None:
        raise InputError(f"config.model_type is {model_type!r}, not a network for images or texts")
    rest = {key: value for key, value in values.items() if key != "model_type"}
    unknown = sorted(set(rest) - set(_declared(rest, transformers.CONFIG_MAPPING[model_type])))
    if unknown:
        raise InputError(f"config holds {unknown[0]!r}, which {model_type} does not have")
    _check(rest, "config")
    try:
        config = transformers.AutoConfig.for_model(model_type, **rest)
    except Exception as error:  # each class checks its own values
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"config is none of {model_type}: {reason}") from error
    config.architectures = []  # of several classes for one type, the first
    return config


def _declared(values: Mapping[str, Any], kind: Any) -> dict[str, Any]:
    """Return the values that a class of configurations declares, in its parts too."""
    known = {field.name for field in fields(kind)} - _NEVER
    kept = {key: value for key, value in values.items() if key in known}
    for key, part in kind.sub_configs.items():
        if isinstance(kept.get(key), dict) and hasattr(part, "sub_configs"):
            kept[key] = _declared(kept[key], part)
    return kept


def _check(value: Any, where: str, depth: int = 0) -> None:
    """Raise an InputError unless a value is a number in bounds, a word, or a few of them."""
    last = where.rpartition(".")[2]
    most = next((most for name, most in _PARTS if name.match(last)), MOST)
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, (int, float)):
        right = abs(value) <= most if isinstance(value, int) else isfinite(value)
    elif isinstance(value, str):
        right = _WORD.fullmatch(value) is not None
    elif isinstance(value, (list, dict)) and len(value) <= 2**12 and depth < 6:
        right = True
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            inner = where if isinstance(value, list) else f"{where}.{key}"
            _check(item, inner, depth + 1)
    else:
        right = False
    if not right:
        raise InputError(f"{where} is {str(value)[:100]!r}; a word or a number in bounds is needed")
