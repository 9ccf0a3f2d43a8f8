"""Input kinds: how stored images, texts and numbers become tensors for a network.

Each kind is fitted on the training rows and turns any rows into a tensor. A checkpoint's header
stores it as plain JSON, so that a trained network gets new data in the form it was trained on.
"""

import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from imbtorch.data.checks import check_finite
from imbtorch.data.windows import WindowInput
from imbtorch.errors import InputError
from imbtorch.extras import extra


class Indexed(Protocol):
    """Rows with a length and access by index."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> Any: ...


@dataclass(frozen=True)
class ImageInput:
    """Encoded images (dicts with ``bytes`` and ``path``) or uint8 arrays -> uint8 (N, C, H, W).

    Parameters
    ----------
    size : tuple of int
        Height and width in pixels; other images are resized (bilinear).
    channels : int
        1 (gray) or 3 (color).
    """

    size: tuple[int, int]
    channels: int
    kind = "image"

    @classmethod
    def fit(cls, rows: Indexed, image_size: int | None = None) -> "ImageInput":
        """Take size and channels from the first image, or the size from `image_size`.

        Sizes above 64 pixels are reduced to 32, the size that the built-in networks are made
        for; pass `image_size` for another one.
        """
        first = decode_image(rows[0], 0)
        height, width = (image_size, image_size) if image_size else first.size[::-1]
        if image_size is None and max(height, width) > 64:
            height = width = 32
        return cls((height, width), 1 if first.mode in ("1", "L", "I;16", "I") else 3)

    def transform(self, rows: Indexed) -> Tensor:
        """Return the images as a uint8 tensor of shape (N, C, H, W)."""
        with extra("cli", "a data set of images"):
            from PIL.Image import Resampling

        out = np.empty((len(rows), *self.size, self.channels), np.uint8)

        def fill(i: int) -> None:
            image = decode_image(rows[i], i).convert("L" if self.channels == 1 else "RGB")
            if image.size != self.size[::-1]:
                image = image.resize(self.size[::-1], Resampling.BILINEAR)
            out[i] = np.asarray(image).reshape(out.shape[1:])

        with ThreadPoolExecutor() as pool:
            list(pool.map(fill, range(len(rows))))
        return torch.from_numpy(out).permute(0, 3, 1, 2).contiguous()


def decode_image(row: Any, index: int) -> Any:
    """Return a stored image as a Pillow image; an InputError names an unreadable file."""
    with extra("cli", "a data set of images"):
        from PIL import Image

    if isinstance(row, np.ndarray):
        return Image.fromarray(row)
    source = row["path"] or f"row {index}"
    try:
        image = Image.open(io.BytesIO(row["bytes"]) if row["bytes"] else row["path"])
        image.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise InputError(f"DATA holds an unreadable image: {source} ({error})") from error
    return image


TEXT_NORM = 3.0
"""L2 norm of the texts in DATA; chosen from 1, 3 and 6 on a fifth of Reuters' training set."""


@dataclass(frozen=True)
class TextInput:
    """Texts -> log-scaled word counts, normalized per text: float32 (N, words).

    Parameters
    ----------
    vocabulary : tuple of str
        The words to count, in column order.
    norm : float, default=1.0
        L2 norm of each text.

    References
    ----------
    AMO (ICLR 2020 submission), section 3.3 (Reuters): the 1,000 most frequent words, counts
    normalized. With norm 1, a two-layer network learns too little from them in the paper's 15
    epochs; DATA is read with `TEXT_NORM`.
    """

    vocabulary: tuple[str, ...]
    norm: float = 1.0
    kind = "text"

    @classmethod
    def fit(cls, rows: list[str], words: int = 1000, norm: float = 1.0) -> "TextInput":
        """Take the `words` most frequent words of the texts, without English stop words."""
        from sklearn.feature_extraction.text import CountVectorizer

        counter = CountVectorizer(max_features=words, stop_words="english")
        try:
            counter.fit(rows)
        except ValueError as error:
            raise InputError(f"DATA holds texts without a usable word: {error}") from error
        return cls(tuple(counter.get_feature_names_out()), norm)

    def transform(self, rows: list[str]) -> Tensor:
        """Return the texts as a float32 tensor of shape (N, words), each row of L2 norm `norm`."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        counter = TfidfVectorizer(vocabulary=self.vocabulary, sublinear_tf=True, use_idf=False)
        return torch.from_numpy(
            np.float32(self.norm) * counter.fit_transform(rows).toarray().astype(np.float32)
        )


@dataclass(frozen=True)
class FeatureInput:
    """Rows of numbers -> float32 (N, features).

    Parameters
    ----------
    shape : tuple of int
        Shape of one row.
    """

    shape: tuple[int, ...]
    kind = "features"

    @classmethod
    def fit(cls, rows: np.ndarray) -> "FeatureInput":
        """Take the shape of one row."""
        return cls(tuple(rows.shape[1:]))

    def transform(self, rows: np.ndarray) -> Tensor:
        """Return the rows as a float32 tensor; values must be finite."""
        if tuple(rows.shape[1:]) != tuple(self.shape):
            raise InputError(
                f"DATA has rows of shape {tuple(rows.shape[1:])}; {tuple(self.shape)} is needed"
            )
        x = torch.from_numpy(np.ascontiguousarray(rows, np.float32))
        check_finite(x, "DATA")
        return x


Input = ImageInput | TextInput | WindowInput | FeatureInput
_KINDS: dict[str, type[Input]] = {
    k.kind: k for k in (ImageInput, TextInput, WindowInput, FeatureInput)
}


def input_to_json(spec: Input) -> dict[str, Any]:
    """Return an input kind as JSON-ready values."""
    return {"kind": spec.kind, **asdict(spec)}


def input_from_json(values: dict[str, Any]) -> Input:
    """Return the input kind that `input_to_json` wrote."""
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
    return _KINDS[values.pop("kind")](**values)
