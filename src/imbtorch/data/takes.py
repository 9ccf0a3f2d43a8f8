"""How stored rows become tensors: as the network wants them, or as suits the data."""

from dataclasses import replace

from imbtorch.data.images import ImageInput
from imbtorch.data.inputs import IN_WORDS, Input, stored_kind
from imbtorch.data.rows import Rows, Source
from imbtorch.data.tokens import TokenInput
from imbtorch.errors import InputError


def input_for(
    source: Source,
    rows: Rows,
    takes: ImageInput | TokenInput | None,
    image_size: int | None = None,
) -> Input:
    """Return how the training rows become tensors: as the network takes them, or as suits them.

    The range of pixel values is that of the rows, and the size `image_size`, if it is given.
    """
    if takes is None:
        return source.fit_input(rows)
    check_kind(source, takes)
    if isinstance(takes, TokenInput):
        return replace(takes, columns=source.columns)
    size = (image_size, image_size) if image_size else takes.size
    return replace(takes, size=size, value_range=rows.survey.value_range)


def check_kind(source: Source, spec: Input) -> None:
    """Raise an InputError unless DATA holds what becomes this kind of input."""
    if source.kind != stored_kind(spec):
        raise InputError(
            f"the network takes {IN_WORDS[stored_kind(spec)]}; DATA holds {IN_WORDS[source.kind]}"
        )
