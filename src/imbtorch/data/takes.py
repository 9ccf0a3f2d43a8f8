"""How stored rows become tensors: as the network wants them, or as suits the data."""

from dataclasses import replace
from typing import Any

from torch.utils.data import Dataset

from imbtorch.data.arrays import ArrayDataset
from imbtorch.data.images.image_input import ImageInput
from imbtorch.data.inputs import IN_WORDS, Input, stored_kind
from imbtorch.data.rows import Rows, Source
from imbtorch.data.sources import open_source
from imbtorch.data.splits import Reading
from imbtorch.data.texts.text_input import TextInput
from imbtorch.data.texts.tokens import PAD, TokenInput
from imbtorch.errors import InputError


def open_for(data: str, reading: Reading, takes: ImageInput | TokenInput | None) -> Source:
    """Open DATA for a network that takes certain inputs, or for one that takes what there is."""
    if isinstance(takes, ImageInput):  # settles the size also of data that are of one size
        reading = replace(reading, image_size=None)
    return open_source(data, reading)


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
        spec = source.fit_input(rows)
        if image_size is not None and not isinstance(spec, ImageInput):
            raise _no_size(image_size, spec)
        return spec
    check_kind(source, takes)
    if isinstance(takes, TokenInput):
        if image_size is not None:
            raise _no_size(image_size, takes)
        return replace(takes, columns=source.columns)
    size = (image_size, image_size) if image_size else takes.size
    return replace(takes, size=size, value_range=rows.survey.value_range)


def _no_size(image_size: int, spec: Input) -> InputError:
    held = IN_WORDS[stored_kind(spec)]
    return InputError(f"image_size is {image_size}; DATA holds {held}: leave it out")


def check_kind(source: Source, spec: Input) -> None:
    """Raise an InputError unless DATA holds what becomes this kind of input."""
    if source.kind != stored_kind(spec):
        raise InputError(
            f"the network takes {IN_WORDS[stored_kind(spec)]}; DATA holds {IN_WORDS[source.kind]}"
        )


def notes_on_texts(spec: Input, *sets: Dataset[Any]) -> list[str]:
    """Return what a network does not see of texts, in sentences."""
    rows = [part.x for part in sets if isinstance(part, ArrayDataset)]
    if isinstance(spec, TextInput):
        empty = sum(int((~x.any(1)).sum()) for x in rows)
        note = f"{empty} texts hold none of the {len(spec.vocabulary)} counted words"
        return [note] if empty else []
    if isinstance(spec, TokenInput):
        full = [x[:, -1] != PAD for x in rows if x.shape[1] == spec.max_length]
        long = sum(int(there.sum()) for there in full)
        note = f"{long} texts have {spec.max_length} tokens or more: what follows is not read"
        return [note] if long else []
    return []
