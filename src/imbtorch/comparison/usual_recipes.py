"""The recipes of a comparison for which none are named."""

from typing import TYPE_CHECKING

from imbtorch.errors import InputError

if TYPE_CHECKING:
    from imbtorch.comparison.task import Task
    from imbtorch.data.inputs import Input

USUAL = ("erm", "rs", "drw", "ldam+drw", "m2m", "eos")
"""The recipes to compare if none are named: plain training, and one or two for each place."""


def usual_recipes(task: "Task") -> list[str]:
    """Return the names of `USUAL` that fit a task, and those of `without_network`.

    Without m2m, for example, if its inputs are categories or tokens, which cannot be moved.
    """
    from imbtorch.comparison.suits import check_recipe

    fitting = []
    for name in USUAL:
        try:
            check_recipe(task, task.recipe(name))
        except InputError:
            continue
        fitting.append(name)
    return [*fitting, *without_network(task.data.input)]


def without_network(spec: "Input") -> list[str]:
    """Return the names of the methods to compare networks with: on tables, what others use there.

    Examples
    --------
    >>> from imbtorch.data.inputs import FeatureInput
    >>> without_network(FeatureInput((2,), ("age", "height")))
    ['hgb', 'logistic']
    """
    table = spec.kind in ("table", "features") and bool(getattr(spec, "columns", ()))
    return ["hgb", "logistic"] if table else []
