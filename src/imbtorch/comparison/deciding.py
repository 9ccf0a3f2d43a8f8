"""The task whose runs choose a decision: a fifth of its training set is held out for that."""

from dataclasses import replace
from pathlib import Path

from imbtorch.comparison.task import Task
from imbtorch.comparison.validation import hold_validation
from imbtorch.data.arrays import labels_of
from imbtorch.data.cost_file import read_costs
from imbtorch.errors import InputError
from imbtorch.metrics.objective import Objective, few_words


def check_deciding(metric: str | None, cost: str | None, option: str = "decide") -> None:
    """Raise an InputError if the options cannot be right, before any data are opened.

    `option` is what the metric's is called.
    """
    if metric is not None and cost is not None:
        raise InputError(
            f"{option} is {metric!r} and cost {cost!r}: a decision is chosen for one of them; "
            "leave the other out"
        )
    if metric is not None:
        Objective(metric, option=option)
    if cost is not None and not Path(cost).is_file():
        raise InputError(f"cost is {cost!r}; there is no such file")


def deciding(task: Task, decide: str | None, cost: str | None) -> Task:
    """Return the task whose runs choose a decision for a metric or costs, if either is given.

    A fifth of the training set is held out from all its recipes, and the decision is chosen there.
    """
    check_deciding(decide, cost)
    if decide is None and cost is None:
        return task
    costs = None if cost is None else read_costs(cost, task.data.classes)
    objective = Objective.of(decide, costs, "decide")
    data = hold_validation(task.data, task.data_seed)
    assert data.validation is not None
    y = labels_of(data.validation).numpy()
    objective.check_choice(y, data.counts)
    data = replace(data, notes=(*data.notes, *few_words(y, data.classes)))
    return replace(task, data=data, decide=objective)
