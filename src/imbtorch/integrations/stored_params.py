"""The parameters of an estimator in a file: what JSON holds, and what must be given again."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, NoReturn

import numpy as np
import torch

from imbtorch.errors import InputError
from imbtorch.training.conform import conform
from imbtorch.training.setup import Setup


class NotStored:
    """A parameter that a file cannot hold: it must be given again before the estimator is fitted.

    Examples
    --------
    >>> NotStored("augment", "crop_flip")()
    Traceback (most recent call last):
    imbtorch.errors.InputError: augment was crop_flip, which a file does not hold: give it again ...
    """

    def __init__(self, name: str, what: str) -> None:
        self.name, self.what = name, what

    def __call__(self, *_: object, **__: object) -> NoReturn:
        raise InputError(
            f"{self.name} was {self.what}, which a file does not hold: give it again with "
            f"set_params({self.name}=...) before you fit"
        )

    def __repr__(self) -> str:
        return f"NotStored({self.name!r}, {self.what!r})"


def in_json(params: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the parameters of a constructor as JSON, and in words those that are not stored.

    Examples
    --------
    >>> in_json({"epochs": np.int64(9), "device": torch.device("cpu"), "augment": len})
    ({'epochs': 9, 'device': 'cpu'}, {'augment': 'len'})
    """
    stored: dict[str, Any] = {}
    not_stored: dict[str, str] = {}
    for name, value in params.items():
        if isinstance(value, np.integer):
            stored[name] = int(value)
        elif isinstance(value, Setup):
            stored[name] = asdict(value)
        elif isinstance(value, torch.device):
            stored[name] = str(value)
        elif value is None or isinstance(value, (str, int, float)):
            stored[name] = value
        else:
            shown = getattr(value, "name", None) or getattr(value, "__name__", None)
            not_stored[name] = str(shown or type(value).__name__)
    return stored, not_stored


def from_json(stored: Mapping[str, Any], not_stored: Mapping[str, str]) -> dict[str, Any]:
    """Return the arguments of the constructor from what `in_json` made of them.

    Raises
    ------
    InputError
        If the values of the set-up are not those of a `Setup`.
    """
    params = dict(stored)
    if params.get("setup") is not None:
        conform(params["setup"], Setup, "estimator.params.setup")
        values: dict[str, Any] = params["setup"]
        values = {n: tuple(v) if isinstance(v, list) else v for n, v in values.items()}
        params["setup"] = Setup(**values)
    return params | {name: NotStored(name, what) for name, what in not_stored.items()}


def check_given(params: Mapping[str, Any]) -> None:
    """Raise an InputError if a parameter was not in the file that an estimator came from."""
    for value in params.values():
        if isinstance(value, NotStored):
            value()
