"""`Method`: the catalog row that declares, in one place, what the library knows of a method."""

import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from imbtorch.errors import InputError, unknown_name
from imbtorch.option_types import check_types

Kind = Literal[
    "baseline",
    "loss",
    "weights",
    "sampling",
    "transform",
    "over-sampler",
    "embedding",
    "head",
    "classical",
    "augmentation",
    "schedule",
    "average",
    "optimizer",
    "contrastive",
    "preset",
]
"""Where a method acts; "embedding" is the embedding space during training, "head" after it,
"classical" in place of a network, "contrastive" a branch beside the loss. A "preset" is short for
several methods together."""
Slots = Mapping[str, Callable[..., object]]
"""Slot of a phase -> the class or function that fills it."""
SHORT = {"k": "n_neighbors"}
"""Short name of an option -> its full name."""
RUN = {
    *("class_counts", "num_classes", "labels", "weight", "train", "pretrained", "input_range"),
    *("augment", "embedding_size"),
    *("seed", "random_state", "num_replicas", "rank", "num_samples", "epochs", "loss"),
    *("nn", "dtype", "sampler", "once"),  # objects, which a name cannot express
    *("ignore_index", "reduction", "label_smoothing"),  # of losses in a loop of one's own
}
"""Arguments that the run supplies; they are not options of a method."""


@dataclass(frozen=True)
class Method:
    """One row of the catalog: everything that follows from a method's name comes from here.

    That is: recipes and their errors, the command-line help, the tables in the README and the
    documentation, the values that ``tune`` tries, and the tests that all methods share.

    Attributes
    ----------
    name : str
        Its name in a recipe.
    kind : str
        See `Kind`. A recipe combines at most one loss, one method that acts while the network
        is trained, one head, and one of each of the kinds from "augmentation" on.
    summary : str
        What it does, in one line without a final period.
    slots : mapping of str to class or callable
        The slots that it fills, and with what: ``loss``, ``weights``, ``sampler``, ``batch``,
        ``resample``, ``branch``, ``step`` of `Train` and `RefitHead`; ``phase`` and ``then`` of
        `phases`; ``setup`` and ``augment``, functions that return those of the `Recipe`. The
        keyword arguments of these classes and functions are the method's options.
    phases : callable, optional
        (epochs, loss slots, **slots) -> phases, for a method that does more than fill slots.
    head : {"linear", "cosine"}, default="linear"
        The kind of head that its loss needs.
    defer : float, default=0.0
        Fraction of the epochs after which the method starts; until then, the network is trained
        without it. An option of every method that fills slots.
    candidates : mapping of str to sequence
        Option -> the values that its paper chooses from; ``tune`` tries these.
    paper : str
        Its source.
    cost : str
        What it adds to the time of plain training.
    page : str
        Its documentation page, in ``docs/methods``.
    place : {"data", "embeddings"}, default="data"
        For an over-sampler: where it acts, unless the recipe says ``data:`` or ``head:``.
    recipe : str
        For a preset: the recipe's name that it is short for.
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
    recipe: str = ""

    def filled(self, options: Mapping[str, object], more: Sequence[str] = ()) -> "Filled":
        """Return the slots with options applied, and the options that belong to no slot.

        Parameters
        ----------
        options : mapping of str to object
            Option -> value; an option goes to the first slot that knows it.
        more : sequence of str
            Options that are valid although no slot knows them.

        Raises
        ------
        InputError
            If an option is unknown, or its value is not of its type.
        """
        rest = dict(options)
        slots = dict(self.slots)
        known = [*more]
        for place, slot in self.slots.items():
            defaults = options_of(slot)
            known += defaults
            mine = {name: rest.pop(name) for name in defaults if name in rest}
            check_types(slot, mine)
            if mine:
                slots[place] = partial(slot, **mine)
        if self.phases is not None:
            check_types(self.phases, rest)
        for name in rest:
            if name not in more:
                if not known:
                    raise InputError(
                        f"{self.name} has no options; {name!r} was given: leave it out"
                    )
                short = [s for s, long in SHORT.items() if long in known]
                raise unknown_name(f"an option of {self.name}", name, sorted({*known, *short}))
        return Filled(slots, rest)


@dataclass(frozen=True)
class Filled:
    """Slots with a method's options applied, and the options that belong to no slot."""

    slots: dict[str, Callable[..., object]]
    rest: dict[str, object]


def options_of(slot: Callable[..., object]) -> dict[str, object]:
    """Return the options of a class or function: its defaults, except what the run supplies.

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
    """Return the name and options of ``NAME:OPTION=VALUE:...``; values are JSON or plain words.

    Raises
    ------
    InputError
        If an option does not have this form.

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
        option = SHORT.get(option, option)
        if option in options:
            raise InputError(f"{text!r} has the option {option} twice; once is needed")
        try:
            options[option] = json.loads(value)
        except json.JSONDecodeError:
            options[option] = value
    return name, options


def written(name: str, options: Mapping[str, object]) -> str:
    """Return the text that `parse` reads, with short option names.

    Examples
    --------
    >>> written("eos", {"n_neighbors": 50, "compat": True})
    'eos:k=50:compat=true'
    """
    short = {long: short for short, long in SHORT.items()}
    values = {n: v if isinstance(v, str) else json.dumps(v) for n, v in options.items()}
    return ":".join([name, *(f"{short.get(n, n)}={v}" for n, v in values.items())])
