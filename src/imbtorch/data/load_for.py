"""Load DATA for a network that is already trained, in the form it takes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch.utils.data import Dataset

from imbtorch.data.inputs import Input
from imbtorch.data.labels import class_names
from imbtorch.data.load import dataset_of, splits_of
from imbtorch.data.profile import Profile
from imbtorch.data.rows import Split
from imbtorch.data.sources import open_source
from imbtorch.errors import InputError


def load_for(
    data: str, spec: Input, classes: Sequence[str], *, data_seed: int = 0, label: str | None = None
) -> Dataset[Any]:
    """Open the held-out split of DATA in the form a trained network takes.

    Parameters
    ----------
    data : str
        See `imbtorch.data.sources.open_source`.
    spec : ImageInput, TextInput, WindowInput or FeatureInput
        The input kind the network was trained on.
    classes : sequence of str
        The network's classes; the labels in DATA must be among them.
    data_seed : int, default=0
        The data seed of the network's training. If no held-out split is stored, it holds out
        the same samples again.
    label : str, optional
        Label column.

    Returns
    -------
    Dataset
        Yields (x, y).

    Raises
    ------
    InputError
        If DATA cannot be opened, or holds another kind of input or unknown labels.
    """
    return load_splits_for(data, spec, classes, data_seed=data_seed, label=label)[1]


def load_splits_for(
    data: str,
    spec: Input,
    classes: Sequence[str],
    *,
    data_seed: int = 0,
    label: str | None = None,
    profile: Profile | None = None,
) -> tuple[Dataset[Any], Dataset[Any]]:
    """Open both splits of DATA in the form a trained network takes.

    Parameters
    ----------
    data, spec, classes, data_seed, label
        As for `load_for`.
    profile : Profile, optional
        The profile of the network's training set, to make the same imbalance again; by default
        all training rows are kept.

    Returns
    -------
    train, test : Dataset
        Yield (x, y).
    """
    source = open_source(data, label)
    train, test = splits_of(source, data_seed)
    kind = source.fit_input(test.rows).kind
    if kind != spec.kind:
        raise InputError(f"DATA {data!r} holds {kind} rows; the network takes {spec.kind} rows")
    places = {name: k for k, name in enumerate(classes)}

    def numbers(split: Split) -> np.ndarray:
        names = class_names(split.labels, source.label_names)
        unknown = sorted(set(names) - set(classes))
        if unknown:
            raise InputError(
                f"DATA has the labels {unknown[:5]}; the network knows {list(classes)}"
            )
        return np.array([places[n] for n in names])

    train_y, test_y = numbers(train), numbers(test)
    if profile is not None:
        keep = profile.rows(train_y, len(classes), data_seed)
        train, train_y = train.take(keep), train_y[keep]
    return (
        dataset_of(train.rows, train_y, spec, tuple(classes)),
        dataset_of(test.rows, test_y, spec, tuple(classes)),
    )
