"""Check a value read from JSON against a type: the type is the whole check."""

import reprlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from math import isfinite
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    NamedTuple,
    NotRequired,
    Required,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from imbtorch.errors import InputError, unknown_name


class Range(NamedTuple):
    """Bounds of a number, both included."""

    low: int
    high: int


def conform(value: Any, kind: Any, where: str) -> None:
    """Raise an InputError unless a value read from JSON is of a type.

    Parameters
    ----------
    value : object
        What `json.loads` returned.
    kind : type
        A number, str, None, list, tuple, dict, union, dataclass or TypedDict, in any depth; a
        number may be ``Annotated`` with its `Range`. A dataclass and a total TypedDict hold no
        other keys.
    where : str
        What the error calls the value.

    Examples
    --------
    >>> conform({"counts": [9, -1]}, dict[str, list[Annotated[int, Range(1, 10)]]], "data")
    Traceback (most recent call last):
    imbtorch.errors.InputError: data.counts[1] is -1; a number from 1 to 10 is needed
    """
    origin, args = get_origin(kind), get_args(kind)
    if origin in (Required, NotRequired):
        conform(value, args[0], where)
    elif origin is Annotated:
        conform(value, args[0], where)
        low, high = args[1]
        _require(low <= value <= high, value, f"a number from {low} to {high}", where)
    elif origin in (Union, UnionType):
        if value is not None or NoneType not in args:
            (only,) = (arg for arg in args if arg is not NoneType)
            conform(value, only, where)
    elif is_typeddict(kind):
        hints = get_type_hints(kind, include_extras=True)
        _conform_keys(value, hints, kind.__required_keys__, not kind.__total__, where)
    elif is_dataclass(kind):
        needed = {f.name for f in fields(kind) if f.default is f.default_factory is MISSING}
        _conform_keys(value, get_type_hints(kind), needed, False, where)
    elif origin is dict:
        _require(isinstance(value, dict), value, "an object", where)
        for key, item in value.items():
            conform(item, args[1], f"{where}.{key}")
    elif origin in (list, tuple, Sequence):
        _require(isinstance(value, list), value, "a list", where)
        kinds = args if origin is tuple and args[-1] is not ... else args[:1] * len(value)
        _require(len(value) == len(kinds), value, f"a list of {len(kinds)}", where)
        for i, (item, each) in enumerate(zip(value, kinds, strict=True)):
            conform(item, each, f"{where}[{i}]")
    elif kind is int:
        whole = type(value) is int and abs(value) < 2**63
        _require(whole, value, "a whole number", where)
    elif kind is float:
        finite = type(value) is float and isfinite(value)
        finite |= type(value) is int and abs(value) < 2**63
        _require(finite, value, "a finite number", where)
    elif kind is bool:
        _require(type(value) is bool, value, "true or false", where)
    elif kind is str:
        text = isinstance(value, str) and not any("\ud800" <= c <= "\udfff" for c in value)
        _require(text, value, "a text", where)


def _conform_keys(
    value: Any, hints: Mapping[str, Any], needed: Collection[str], open_: bool, where: str
) -> None:
    _require(isinstance(value, dict), value, "an object", where)
    if missing := sorted(set(needed) - set(value)):
        raise InputError(f"{where} has no {missing[0]!r}")
    if (unknown := sorted(set(value) - set(hints))) and not open_:
        raise unknown_name(f"a key of {where}", reprlib.repr(unknown[0])[1:-1], hints)
    for key in hints.keys() & value.keys():
        conform(value[key], hints[key], f"{where}.{key}".removeprefix("header."))


def _require(right: bool, value: Any, needed: str, where: str) -> None:
    if not right:
        raise InputError(f"{where} is {reprlib.repr(value)}; {needed} is needed")
