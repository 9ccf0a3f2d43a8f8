"""Make recipes from names with options, such as ``focal:gamma=2+drw+eos:k=50``."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import cast

from imbtorch.errors import InputError
from imbtorch.models.classifier import CosineHead
from imbtorch.option_types import check_types, check_whole
from imbtorch.training.phases import Phase, RefitHead, Train
from imbtorch.training.recipe import Recipe
from imbtorch.training.recipe_parts import Part, joined, split_name
from imbtorch.training.slots import Json
from imbtorch.training.try_out import try_out

EVERYWHERE = ("loss", "branch", "step")
"""Roles whose slots are those of every phase that trains the network."""
IN_A_STEP = ("batch", "loss", "branch", "step")
"""Places whose methods must fit each other."""
BROUGHT = ("augment", "schedule", "average")
"""Roles that change how the whole recipe is trained, whatever its phases."""
HEAD_OPTIONS = ("epochs", "start")
"""Options of `RefitHead` that a recipe's name can set."""
SLOTS = ("phase", "then")
"""Arguments of a method's `phases` that its slots fill; the others are options."""


def split_list(text: str) -> list[str]:
    """Split a comma-separated list of names, except at commas inside brackets.

    Examples
    --------
    >>> split_list("erm, lmle:margins=[0.1,0.1,0.2],eos:k=50")
    ['erm', 'lmle:margins=[0.1,0.1,0.2]', 'eos:k=50']
    """
    names, depth = [""], 0
    for letter in text:
        depth += (letter == "[") - (letter == "]")
        if letter == "," and not depth:
            names.append("")
        else:
            names[-1] += letter
    return [name.strip() for name in names if name.strip()]


def make_recipe(name: str, epochs: int = 200) -> Recipe:
    """Return the recipe called `name`, with its phases spread over a number of epochs.

    Parameters
    ----------
    name : str
        One of `RECIPES`, or a loss, a method and a head joined with ``+``, at most one of each:
        ``focal+drw``, ``ldam+eos``, ``asl+smote``. With them go, again at most one of each, an
        augmentation, a schedule and an average, which take the place of what the set-up says, an
        optimizer and a contrastive branch: ``drs+autoaugment+cosine+ema``. Options follow a
        method's name, each after a colon: ``m2m:beta=0.99:lam=0.5``, ``eos:k=50``,
        ``focal:gamma=2+drw``. They are the keyword arguments of its class. A method that acts
        during plain network training also takes ``defer``, the fraction of the epochs after which
        it starts (``m2m:defer=0``).

        An over-sampler (ros, smote, borderline-smote, svm-smote, balanced-svm) is applied to the
        inputs before training; ``head:smote`` applies it to the embeddings instead and trains a
        new head on them. For eos this is the default; ``data:eos`` applies it to the inputs.
    epochs : int, default=200
        Epochs of network training, at least 1. A head that is retrained afterwards takes 10 more
        epochs, over embeddings.

    Returns
    -------
    Recipe
        Its name lists the parts in the order loss, method, branch, augmentation, schedule,
        optimizer, average, head.

    Raises
    ------
    InputError
        If the recipe or an option is unknown (the nearest name is suggested), an option's value
        is out of its range, or `epochs` is not a whole number of at least 1.

    References
    ----------
    AMO (ICLR 2020 submission), Tables 1 to 3; AOS poster, Tables 1 and 2; EOS (Dablain et al.),
    Table II. DRW weights the classes by their effective number of samples, as LDAM-DRW does.

    Examples
    --------
    >>> [phase.epochs for phase in make_recipe("drs", epochs=200).phases]
    [160, 40]
    >>> [type(phase).__name__ for phase in make_recipe("focal+drw+eos").phases]
    ['Train', 'Train', 'RefitHead']
    >>> make_recipe("m2m:beta=0.99").phases[-1].describe()["batch"]["beta"]
    0.99
    """
    epochs = check_whole("epochs", epochs, 1)
    parts = split_name(name)
    _check_options(name)
    loss, head = parts.get("loss"), parts.get("head")
    trained = parts.get("method") or Part.read("erm")
    if trained.method.kind == "classical" and len(parts) > 1:
        other = next(p.name for p in parts.values() if p is not trained)
        raise InputError(
            f"recipe is {name!r}; {trained.name} trains no network, and so is joined with nothing: "
            f"leave {other} out"
        )
    phases = _training_phases(trained, epochs, _slots_of(parts, ["loss"]))
    for role in ("branch", "step"):
        if role in parts and any(p.trains_network and type(p) is not Train for p in phases):
            raise InputError(
                f"recipe is {name!r}; {trained.method.name} trains in phases of its own, which "
                f"take no {parts[role].method.name}: leave one of the two out"
            )
    phases = _training_phases(trained, epochs, _slots_of(parts, EVERYWHERE))
    cosine = loss is not None and loss.method.head == "cosine"
    if head is not None:
        phases = [phase for phase in phases if phase.trains_network] + [_head_phase(head)]
    shown = [p for p in parts.values() if p.name != "erm" or len(parts) == 1]
    if loss is not None and head is not None and cosine and phases[-1].needs_linear_head:
        raise InputError(
            f"recipe is {name!r}; {head.method.name} changes the weights of a linear head, and "
            f"{loss.method.name} has a head of cosines: leave one of the two out"
        )
    setup, augment = _brought(parts)
    return Recipe(joined(shown), phases, CosineHead if cosine else None, setup, augment)


def recipe_of(recipe: str | Recipe, epochs: int | None, usual: int = 200) -> Recipe:
    """Return a Recipe as it is, or the one of a name over a number of epochs.

    Parameters
    ----------
    recipe : str or Recipe
        A name, see `make_recipe`, or a Recipe, whose phases have epochs of their own.
    epochs : int, optional
        Epochs of network training, as a user asked for them.
    usual : int, default=200
        Epochs of a name if none are asked for.

    Raises
    ------
    InputError
        If `epochs` are asked for and a Recipe has others.

    Examples
    --------
    >>> recipe_of(Recipe("short", [Train(3)]), 50)
    Traceback (most recent call last):
        ...
    imbtorch.errors.InputError: epochs is 50; recipe short has phases of 3 epochs together: leave \
epochs out, or set them in its phases
    """
    if not isinstance(recipe, Recipe):
        return make_recipe(recipe, usual if epochs is None else epochs)
    if epochs is not None and epochs != recipe.epochs:
        raise InputError(
            f"epochs is {epochs}; recipe {recipe.name} has phases of {recipe.epochs} epochs "
            "together: leave epochs out, or set them in its phases"
        )
    return recipe


@lru_cache(maxsize=1024)  # names are made again and again, as by the overview of all tables
def _check_options(name: str) -> None:
    """Try the parts of a recipe that have options, and those together that meet in a step."""
    parts = split_name(name)
    together: dict[str, Callable[..., object]] = {}
    try:
        for part in parts.values():
            slots = part.method.filled(part.options, [*part.options]).slots
            if part.options:
                try_out(slots)
            together |= {place: slots[place] for place in IN_A_STEP if place in slots}
        if len(together) > 1:
            try_out(together)
    except InputError as error:
        raise InputError(f"recipe is {name!r}; {error}") from error


def _slots_of(parts: Mapping[str, Part], roles: Sequence[str]) -> dict[str, Callable[..., object]]:
    """Return the slots that the parts in some roles fill, with their options applied."""
    found = [parts[role] for role in roles if role in parts]
    return {k: v for part in found for k, v in part.method.filled(part.options).slots.items()}


def _brought(parts: Mapping[str, Part]) -> tuple[dict[str, Json], str | None]:
    """Return the values of the set-up, and the augmentation, that a recipe brings."""
    setup: dict[str, Json] = {}
    for role in BROUGHT:
        slots = _slots_of(parts, [role])
        if "setup" in slots:
            setup |= cast(Mapping[str, Json], slots["setup"]())
    augment = _slots_of(parts, BROUGHT).get("augment")
    return setup, None if augment is None else str(augment())


def _training_phases(
    part: Part, epochs: int, loss: Mapping[str, Callable[..., object]]
) -> list[Phase]:
    """Return the phases in which a method trains the network."""
    method = part.method
    if method.phases is not None:
        parameters = inspect.signature(method.phases).parameters.values()
        more = [p.name for p in parameters if p.default is not p.empty and p.name not in SLOTS]
        filled = method.filled(part.options, more)
        made = method.phases(epochs, loss, **filled.slots, **filled.rest)
        return list(cast(Sequence[Phase], made))
    filled = method.filled(part.options, ["defer"])
    defer = filled.rest.get("defer", method.defer)
    if not isinstance(defer, int | float) or isinstance(defer, bool) or not 0 <= defer < 1:
        raise InputError(f"defer is {defer!r}; it must be a fraction of the epochs, in [0, 1)")
    if not defer:
        return [Train(epochs, **loss, **filled.slots)]  # type: ignore[arg-type]
    rest = max(1, round(epochs * (1 - defer)))
    begin = Train(epochs - rest, **loss)  # type: ignore[arg-type]
    return [begin, Train(rest, **loss, **filled.slots)]  # type: ignore[arg-type]


def _head_phase(part: Part) -> Phase:
    """Return the phase that replaces the trained network's head."""
    method = part.method
    if "phase" in method.slots:
        return cast(Phase, method.filled(part.options).slots["phase"]())
    filled = method.filled(part.options, HEAD_OPTIONS)
    check_types(RefitHead, filled.rest)
    return RefitHead(**filled.rest, **filled.slots)  # type: ignore[arg-type]
