"""Check the options of a network from elsewhere against each other, before any data are opened."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from imbtorch.errors import InputError
from imbtorch.models.backbones import Backbone, is_backbone, open_backbone
from imbtorch.training.setup import Setup, usual_setup

ELSEWHERE = "timm:NAME, hf:NAME or torchvision:NAME"


def open_network(
    model: str, pretrained: str | None, from_scratch: bool
) -> tuple[Backbone | None, bool | str]:
    """Return the description of a network from elsewhere and what it starts from.

    Parameters
    ----------
    model : str
        Name of a network; for one that is built in, the description is None.
    pretrained : str, optional
        File of weights.
    from_scratch : bool
        Whether it starts from random weights.

    Raises
    ------
    InputError
        If there is no such network or file, or the options do not fit together.
    """
    if pretrained is not None:
        if from_scratch:
            raise InputError(f"pretrained is {pretrained!r} and from_scratch is set: choose one")
        if not is_backbone(model):
            raise InputError(
                f"pretrained is {pretrained!r}; model {model} has no pretrained weights: choose "
                f"another with --model, such as {ELSEWHERE}"
            )
        if not Path(pretrained).is_file():
            raise InputError(
                f"pretrained is {pretrained!r}; there is no such file: correct the path, or leave "
                "it out for the library's own weights"
            )
    start: bool | str = pretrained or not from_scratch
    return (open_backbone(model, start) if is_backbone(model) else None), start


def check_freeze(model: str, backbone: Backbone | None, setup: Setup, augment: str) -> None:
    """Raise an InputError if the network has nothing worth freezing, or cannot be frozen so."""
    freeze = setup.freeze
    if freeze == "none":
        return
    if backbone is None or not backbone.pretrained:
        why = "is built in" if backbone is None else "starts from random weights"
        raise InputError(
            f"freeze is {freeze!r}; model {model} {why}, which is not worth keeping: choose a "
            f"pretrained one, such as {ELSEWHERE}"
        )
    if freeze == "backbone" and augment not in ("auto", "none"):
        raise InputError(
            f"augment is {augment!r}; a frozen network sees each sample once, as it is: choose "
            "--augment none or --freeze none"
        )
    if freeze == "backbone" and setup.layer_decay != 1:
        raise InputError(
            f"layer_decay is {setup.layer_decay:g}; of a frozen network only the head is trained, "
            "with the rate lr: leave it out or choose --freeze none"
        )


def check_optimizer(model: str, start: bool | str, freeze: str, asked: dict[str, Any]) -> None:
    """Raise an InputError if another optimizer is asked for than the usual rate is for."""
    known = "resnet32" if model == "auto" else model  # all that are built in have one optimizer
    setup, _ = usual_setup(known, pretrained=bool(start), freeze=freeze)
    wanted = asked.get("optimizer", setup.optimizer)
    if wanted != setup.optimizer and "lr" not in asked:
        raise InputError(
            f"optimizer is {wanted!r}; the usual learning rate of {setup.lr:g} is for "
            f"{setup.optimizer}: give --lr too"
        )


def choose_setup(
    model: str, start: bool | str, freeze: str, asked: dict[str, Any]
) -> tuple[Setup, int]:
    """Return the usual setup and epochs of a network, with the options that were asked for."""
    setup, epochs = usual_setup(model, pretrained=bool(start), freeze=freeze)
    known = {field.name for field in fields(Setup)}
    return replace(setup, **{k: v for k, v in asked.items() if k in known}), epochs
