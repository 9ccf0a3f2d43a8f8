"""What the library knows of a method: one row, declared once, in the room the method lives in."""

import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from imbtorch.errors import InputError, unknown_name

Kind = Literal[
    "baseline", "loss", "weights", "sampling", "transform", "over-sampler", "embedding", "head"
]
"""The place a method acts at; "embedding" is the embedding space during training, "head" after."""
Slots = Mapping[str, Callable[..., object]]
"""Slot of a phase -> the class or function that fills it."""
SHORT = {"k": "n_neighbors"}
"""Options that have a short name."""
RUN = {
    *("class_counts", "num_classes", "labels", "weight", "train", "pretrained", "input_range"),
    *("seed", "random_state", "num_replicas", "rank", "num_samples", "epochs", "loss"),
}
"""Arguments that the run supplies: no options of a method."""


@dataclass(frozen=True)
class Method:
    """One row of the catalog: everything that is derived from a method's name comes from here.

    Recipes and their errors, the help of the command line, the tables in README and the
    documentation, what ``tune`` tries, and the tests that all methods share.

    Attributes
    ----------
    name : str
        As in a recipe.
    kind : str
        See `Kind`. A recipe joins at most one loss, one method for the time the network is
        trained, and one head.
    summary : str
        What it does, in one line without a full stop.
    slots : mapping of str to class or callable
        Which slots of a phase it fills, and with what: ``loss``, ``weights``, ``sampler``,
        ``batch``, ``resample`` of `Train` and `RefitHead`; ``phase`` and ``then`` of `phases`.
        Their keyword arguments are the method's options.
    phases : callable, optional
        (epochs, loss slots, **slots) -> phases, for a method that is more than filled slots.
    head : {"linear", "cosine"}, default="linear"
        Kind of head that a loss needs.
    defer : float, default=0.0
        Fraction of the epochs after which the method begins; before, the network is trained
        plainly. An option of every method that fills slots.
    candidates : mapping of str to sequence
        Option -> the values that its paper chooses from: what ``tune`` tries.
    paper : str
        Where it comes from.
    cost : str
        What it adds to the time of plain training.
    page : str
        Page of the documentation, below ``docs/methods``.
    place : {"data", "embeddings"}, default="data"
        Of an over-sampler: where it acts unless ``data:`` or ``head:`` says so.
    """

    name: str
    kind: Kind
    summary: str
    slots: Slots = field(default_factory=dict)
    phases: Callable[..., Sequence[object]] | None = None
    head: Literal["linear", "cosine"] = "linear"
    defer: float = 0.0
    candidates: Mapping[str, Sequence[float | str]] = field(default_factory=dict)
    paper: str = ""
    cost: str = "none"
    page: str = "reweighting"
    place: Literal["data", "embeddings"] = "data"

    def filled(self, options: Mapping[str, object], more: Sequence[str] = ()) -> "Filled":
        """Return the slots with options applied, and those options that belong to no slot.

        Parameters
        ----------
        options : mapping of str to object
            Option -> value; an option goes to the first slot that knows it.
        more : sequence of str
            Options known elsewhere.

        Raises
        ------
        InputError
            If an option is not known, or a word stands where a number is needed.
        """
        rest = dict(options)
        slots = dict(self.slots)
        known = [*more]
        for place, slot in self.slots.items():
            defaults = options_of(slot)
            known += defaults
            mine = {name: rest.pop(name) for name in defaults if name in rest}
            for name, value in mine.items():
                _check_kind(name, value, defaults[name])
            if mine:
                slots[place] = partial(slot, **mine)
        for name in rest:
            if name not in more:
                short = [s for s, long in SHORT.items() if long in known]
                raise unknown_name(f"an option of {self.name}", name, sorted({*known, *short}))
        return Filled(slots, rest)


@dataclass(frozen=True)
class Filled:
    """Slots with a method's options applied, and the options that belong to no slot."""

    slots: dict[str, Callable[..., object]]
    rest: dict[str, object]


def options_of(slot: Callable[..., object]) -> dict[str, object]:
    """Return what a class or function can be given beside what the run supplies, with defaults.

    Examples
    --------
    >>> def method(class_counts, beta=0.9, seed=0):
    ...     return class_counts, beta
    >>> options_of(method)
    {'beta': 0.9}
    """
    parameters = inspect.signature(slot).parameters.values()
    given = {p.name: p.default for p in parameters if p.default is not p.empty}
    return {name: default for name, default in given.items() if name not in RUN}


def parse(text: str) -> tuple[str, dict[str, object]]:
    """Return name and options of ``NAME:OPTION=VALUE:...``; values are JSON, or else words.

    Raises
    ------
    InputError
        If an option is not of that form.

    Examples
    --------
    >>> parse("eos:k=50:direction=away")
    ('eos', {'n_neighbors': 50, 'direction': 'away'})
    """
    name, *rest = text.split(":")
    options: dict[str, object] = {}
    for part in rest:
        option, equals, value = part.partition("=")
        if not equals or not option or not value:
            raise InputError(f"{text!r} has the option {part!r}; name=value is needed")
        try:
            options[SHORT.get(option, option)] = json.loads(value)
        except json.JSONDecodeError:
            options[SHORT.get(option, option)] = value
    return name, options


def written(name: str, options: Mapping[str, object]) -> str:
    """Return what `parse` reads, with short option names.

    Examples
    --------
    >>> written("eos", {"n_neighbors": 50, "compat": True})
    'eos:k=50:compat=true'
    """
    short = {long: short for short, long in SHORT.items()}
    values = {n: v if isinstance(v, str) else json.dumps(v) for n, v in options.items()}
    return ":".join([name, *(f"{short.get(n, n)}={v}" for n, v in values.items())])


def _check_kind(name: str, value: object, default: object) -> None:
    """Raise an InputError if a word is given where the default is a number."""
    if isinstance(default, (int, float)) and not isinstance(value, (int, float)):
        raise InputError(f"{name} is {value!r}; a value like {default!r} is needed")
