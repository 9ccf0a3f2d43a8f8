"""The task of a call from Python: data, network, set-up and options as they are given."""

import inspect
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from torch import nn

from imbtorch.comparison.given_data import Given, given_data
from imbtorch.comparison.make_task import make_task
from imbtorch.comparison.network_options import check_freeze, open_network
from imbtorch.comparison.origin import Origin
from imbtorch.comparison.own_network import OwnNetwork
from imbtorch.comparison.sized_defaults import sized
from imbtorch.comparison.task import Task
from imbtorch.data.arrays import labels_of
from imbtorch.errors import InputError, unknown_name
from imbtorch.models.build import suiting
from imbtorch.models.classifier import Classifier
from imbtorch.training.setup import OWN_SETUP, Setup, usual_setup

OF_SETUP = frozenset(field.name for field in fields(Setup))
OF_NETWORK = frozenset({"pretrained", "from_scratch"})


def asked_task(
    data: str | Given,
    model: object,
    epochs: int | None,
    setup: Setup | None,
    data_seed: int,
    options: Mapping[str, Any],
) -> Task:
    """Return the task of `imbtorch.compare`, see there.

    Raises
    ------
    InputError
        If data or network cannot be used, an option is unknown, or it says again what the set-up or
        the network says.
    """
    own = None if isinstance(model, str) else _own_network(model, setup)
    _check_options(data, own, setup, options)
    if isinstance(data, str):
        name = model if isinstance(model, str) else "auto"
        task = make_task(data, model=name, epochs=epochs, data_seed=data_seed, **options)
        if own is not None:
            made, whole = sized(*OWN_SETUP, len(labels_of(task.data.train)), pretrained=False)
            whole = whole if epochs is None else epochs
            task = replace(task, model="own", epochs=whole, setup=setup or made, origin=own)
            task.network(0)  # raises if it is none
        elif setup is not None:
            backbone = task.origin.backbone if isinstance(task.origin, Origin) else None
            check_freeze(task.model, backbone, setup, "none")
            task = replace(task, setup=setup)
        return task
    loaded = given_data(data, data_seed)
    origin: Origin | OwnNetwork | None = own
    usual, pretrained, shown = OWN_SETUP, False, "own"
    if isinstance(model, str):
        shown = suiting(loaded.shape) if model == "auto" else model
        backbone, start = open_network(shown, None, False)
        if backbone is not None:
            origin = Origin.of(backbone, start, loaded.shape, len(loaded.classes))
            pretrained = bool(backbone.pretrained)
        check_freeze(shown, backbone, setup or Setup(), "none")
        freeze = "none" if setup is None else setup.freeze
        usual = usual_setup(shown, pretrained=pretrained, freeze=freeze)
    made, whole = sized(*usual, len(labels_of(loaded.train)), pretrained=pretrained)
    whole = whole if epochs is None else epochs
    task = Task(loaded, data_seed, shown, whole, setup or made, "none", "32-true", origin=origin)
    task.network(0)  # raises if the network is unknown or cannot take this input
    return task


def _check_options(
    data: str | Given, own: OwnNetwork | None, setup: Setup | None, options: Mapping[str, Any]
) -> None:
    if options and not isinstance(data, str):
        raise InputError(
            f"{', '.join(options)} cannot be set for data at hand; only for the name of data"
        )
    known = inspect.signature(make_task).parameters
    for name in options:
        if name not in known:
            raise unknown_name("an option", name, known)
    twice = [name for name in options if name in OF_SETUP]
    if twice and (setup is not None or own is not None):
        whose = "setup is given" if setup is not None else "model is a network of your own"
        raise InputError(
            f"{', '.join(twice)} cannot be set where {whose}: give them as values of setup, as in "
            f"setup=Setup({twice[0]}=...)"
        )
    useless = [name for name in options if name in OF_NETWORK]
    if useless and own is not None:
        raise InputError(
            f"{', '.join(useless)} cannot be set where model is a network of your own, which "
            "starts from the weights it has: leave it out"
        )


def _own_network(model: object, setup: Setup | None) -> OwnNetwork:
    if not isinstance(model, Classifier) and (isinstance(model, nn.Module) or not callable(model)):
        raise InputError(
            f"model is a {type(model).__name__}; the name of a network, a Classifier or a function "
            "that makes one is needed: split_head(network) makes one"
        )
    if setup is not None and setup.freeze == "backbone":
        raise InputError(
            "setup has freeze 'backbone'; with a network of your own, embed the data once with "
            "imbtorch.models.embed and compare on the embeddings"
        )
    return OwnNetwork(model)
