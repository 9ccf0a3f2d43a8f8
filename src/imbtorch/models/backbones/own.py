"""A network of one's own: ``path/to/module.py:factory``."""

import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from torch import nn

from imbtorch.errors import InputError
from imbtorch.models.backbones.backbone import Backbone
from imbtorch.models.classifier import Classifier
from imbtorch.models.heads import split_head

ARGUMENTS = ("num_classes", "input_shape", "pretrained")
"""What a factory is given, of those that its signature names."""


def describe(name: str, pretrained: bool | str, config: Mapping[str, Any] | None) -> Backbone:
    """Return the description of ``path/to/module.py:factory``, whose file is run."""
    factory = _factory(name)
    words = "its own" if pretrained is True else pretrained or ""
    return Backbone(name, partial(_make, name, factory, pretrained), pretrained=words)


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Say of an error in the user's code which code it is."""
    try:
        yield
    except (Exception, SystemExit) as error:  # code that may raise anything
        line = traceback.extract_tb(error.__traceback__)[-1]
        raise InputError(
            f"model is {name!r}, whose code fails in line {line.lineno} of {line.filename}: "
            f"{type(error).__name__}: {error}"
        ) from error


def _factory(name: str) -> Callable[..., object]:
    """Run the file and return the function in it."""
    path, _, wanted = name.rpartition(":")
    if not Path(path).is_file():
        raise InputError(f"model is {name!r}; there is no file {path!r}")
    module_name = f"imbtorch_own_{Path(path).stem}"
    spec = importlib.util.spec_from_file_location(module_name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module  # dataclasses and pickle look for it there
    with _named(name):
        spec.loader.exec_module(module)
    factory = getattr(module, wanted, None)
    if not callable(factory):
        made = [key for key, value in vars(module).items() if inspect.isfunction(value)]
        raise InputError(
            f"model is {name!r}; {path!r} has no function {wanted!r}: it has {', '.join(made)}"
        )
    return factory  # type: ignore[no-any-return]


def _make(
    name: str,
    factory: Callable[..., object],
    pretrained: bool | str,
    input_shape: Sequence[int],
    num_classes: int,
) -> nn.Module:
    """Call the factory; a network that was told the number of classes has a head of its own."""
    values = (num_classes, tuple(input_shape), pretrained)
    named = inspect.signature(factory).parameters
    given = {key: value for key, value in zip(ARGUMENTS, values, strict=True) if key in named}
    unknown = [p.name for p in named.values() if p.name not in given and _is_needed(p)]
    if unknown:
        raise InputError(
            f"model is {name!r}, which needs {', '.join(unknown)}; a factory is given "
            f"{', '.join(ARGUMENTS)}, of which it takes those that it names"
        )
    with _named(name):
        made = factory(**given)
    if not isinstance(made, nn.Module):
        raise InputError(f"model is {name!r}, which made a {type(made).__name__}, not a network")
    if "num_classes" in given and not isinstance(made, Classifier):
        return split_head(made)
    return made


def _is_needed(parameter: inspect.Parameter) -> bool:
    """Whether an argument has to be given."""
    several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return parameter.default is inspect.Parameter.empty and parameter.kind not in several
