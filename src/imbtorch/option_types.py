"""Check the values of options that stand in a name against the types that the classes declare."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from numbers import Integral, Real
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from imbtorch.errors import InputError

MOST, LARGEST = 1_000_000, 3.4e38
"""The largest whole number of an option, and the largest number at all, that of float32."""
LAST_SEED = 2**32 - 1
"""The largest seed that numpy and scikit-learn take."""
UNDECLARED = float | str | None
"""What an argument without a declared type can be; imbalanced-learn's own classes have some."""


def check_types(slot: Callable[..., object], options: Mapping[str, object]) -> None:
    """Raise an InputError if an option's value is not of the type that its argument declares.

    Numbers must also be finite, and not absurdly large.

    Examples
    --------
    >>> def method(k: int = 5, share: float | None = None):
    ...     return k, share
    >>> check_types(method, {"k": 3, "share": 1})
    >>> check_types(method, {"k": 2.5})
    Traceback (most recent call last):
        ...
    imbtorch.errors.InputError: k is 2.5; a whole number of at most 1,000,000 is needed
    """
    hints = _hints(slot) if options else {}
    for name, value in options.items():
        hint = hints.get(name, UNDECLARED)
        if not _is_of(value, hint):
            raise InputError(f"{name} is {value!r}; {_wanted(hint)} is needed")


def check_whole(name: str, value: Any, least: int, most: int = MOST) -> int:
    """Return an argument as an int; an InputError if it is not a whole number within bounds.

    Examples
    --------
    >>> check_whole("seeds", 3.0, 1)
    3
    >>> check_whole("seeds", 0, 1)
    Traceback (most recent call last):
        ...
    imbtorch.errors.InputError: seeds is 0; it must be a whole number from 1 to 1,000,000
    """
    if not is_number(value) or not least <= value <= most or value % 1:
        raise InputError(f"{name} is {value}; it must be a whole number from {least} to {most:,}")
    return int(value)


def _hints(slot: Callable[..., object]) -> dict[str, object]:
    """Return the types of the arguments of a class or function, where it declares them."""
    while isinstance(slot, partial):
        slot = slot.func
    return get_type_hints(slot.__init__ if isinstance(slot, type) else slot)  # type: ignore[misc]


def _is_of(value: Any, hint: Any) -> bool:
    if get_origin(hint) in (Union, UnionType):
        return any(_is_of(value, one) for one in get_args(hint))
    if hint is float:
        return is_number(value) and abs(value) <= LARGEST
    if hint is int:
        return is_number(value) and isinstance(value, Integral) and abs(int(value)) <= MOST
    if get_origin(hint) is Sequence:
        return isinstance(value, list) and all(_is_of(v, get_args(hint)[0]) for v in value)
    return isinstance(value, get_origin(hint) or hint)


def is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)  # numpy's numbers too


def _wanted(hint: Any) -> str:
    """Return a declared type in words."""
    words = {
        int: f"a whole number of at most {MOST:,}",
        float: "a finite number",
        bool: "true or false",
        str: "a word",
        type(None): "null",
    }
    if get_origin(hint) is Sequence:
        return "a list of numbers, as in [0.1,0.2]"
    kinds = [get_origin(one) or one for one in get_args(hint) or (hint,)]
    return " or ".join(words[kind] for kind in kinds if kind in words)
