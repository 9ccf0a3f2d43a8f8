"""What a recipe needs and a task may not have is refused before anything is trained."""

from imbtorch.comparison.task import Task
from imbtorch.errors import InputError
from imbtorch.training.movable import check_movable
from imbtorch.training.phases import Train
from imbtorch.training.recipe import Recipe
from imbtorch.training.recipe_parts import explained
from imbtorch.training.takes_rows import check_samples, image_parts


def check_recipe(task: Task, recipe: Recipe) -> None:
    """Raise an InputError if a recipe does not fit what is trained, and on what inputs."""
    if task.setup.freeze == "backbone":
        check_trains_head(recipe)
    else:
        check_samples(recipe, task.data.train)
        check_movable(recipe, task.data.train)


def check_trains_head(recipe: Recipe) -> None:
    """Raise an InputError if a recipe has to train the features, which are frozen.

    Those are deep over-sampling and metric learning, which move the embeddings, a branch, and what
    needs images: the network sees each image once, as it is.
    """
    if parts := image_parts(recipe):
        raise InputError(
            f"recipe {explained(recipe.name)}: images are needed by {' and '.join(parts)}, and "
            "these are embedded once, by a frozen network: leave that out of its name, or choose "
            "--freeze none"
        )
    for phase in recipe.phases:
        alone = isinstance(phase, Train) and phase.branch is None
        if phase.trains_network and not alone:
            raise InputError(
                f"recipe is {recipe.name!r}, which trains the features, and these are frozen: "
                "leave it out, or choose --freeze none"
            )
