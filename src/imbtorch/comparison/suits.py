"""What a recipe needs and a task may not have is refused before anything is trained."""

from imbtorch.comparison.task import Task
from imbtorch.errors import InputError
from imbtorch.training.movable import check_movable
from imbtorch.training.phases import Train
from imbtorch.training.recipe import Recipe
from imbtorch.training.takes_rows import check_samples


def check_recipe(task: Task, recipe: Recipe) -> None:
    """Raise an InputError if a recipe does not fit what is trained, and on what inputs."""
    if task.setup.freeze == "backbone":
        check_trains_head(recipe)
    else:
        check_movable(recipe, task.data.train)
        check_samples(recipe, task.data.train)


def check_trains_head(recipe: Recipe) -> None:
    """Raise an InputError if a recipe has to train the features, which are frozen.

    Those are deep over-sampling and metric learning, which move the embeddings, and those that
    bring an augmentation: the network sees each image once, as it is.
    """
    if recipe.augment is not None:
        raise InputError(
            f"recipe is {recipe.name!r}, which augments images ({recipe.augment}), and these are "
            "embedded once, by a frozen network: leave that part of its name out, or choose "
            "--freeze none"
        )
    for phase in recipe.phases:
        if phase.trains_network and not isinstance(phase, Train):
            raise InputError(
                f"recipe is {recipe.name!r}, which trains the features, and these are frozen: "
                "leave it out, or choose --freeze none"
            )
