"""How stored rows become tensors: as the network wants them, or as suits the data."""

from dataclasses import replace

from imbtorch.data.images import ImageInput
from imbtorch.data.inputs import IN_WORDS, Input, stored_kind
from imbtorch.data.rows import Rows, Source
from imbtorch.data.tokens import TokenInput
from imbtorch.errors import InputError


def input_for(source: Source, rows: Rows, takes: ImageInput | TokenInput | None) -> Input:
    """Return how the rows become tensors: as the network takes them, or as suits the data."""
    if takes is None:
        return source.fit_input(rows)
    if source.kind != stored_kind(takes):
        raise InputError(
            f"the network takes {IN_WORDS[stored_kind(takes)]}; DATA holds {IN_WORDS[source.kind]}"
        )
    if isinstance(takes, TokenInput):
        return replace(takes, columns=source.columns)
    return takes
