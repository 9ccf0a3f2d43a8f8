"""Image files as people have them: what must be read, and what must be refused."""

import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from made_images import image, images, splits
from odd_inputs import Case, refused, right

CASES: list[Case] = []


@right("palettes and bilevel images", CASES, train=18, test=6, shape=(3, 6, 6), said="8-bit P")
def _(folder):
    images(folder, "cat", "dog", n=6, suffix="gif", mode="RGB")
    for name in ("cat", "dog"):
        for i in range(6):
            Image.new("1", (6, 6), i % 2).save(folder / name / f"{i}.bmp")


@right("ink instead of light", CASES, train=9, test=3, shape=(3, 6, 6), said="8-bit CMYK")
def _(folder):
    for name in ("cat", "dog"):
        (folder / name).mkdir(parents=True)
        for i in range(6):
            Image.new("CMYK", (6, 6), (i, 0, 0, 9)).save(folder / name / f"{i}.jpg")


@right("litter beside the images", CASES, train=9, test=3, said="3 files that are no images")
def _(folder):
    images(folder, "cat", "dog")
    for path in (
        "cat/Thumbs.db",
        "notes.txt",
        "dog/a.xml",
        "cat/.DS_Store",
        "__MACOSX/cat/._0.png",
    ):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(b"litter")


@right("an image outside the class folders", CASES, train=9, test=3, left_out=1)
def _(folder):
    images(folder, "cat", "dog")
    image(folder / "sample.png", 7)


@right("suffixes in capitals", CASES, train=9, test=3, classes=("cat", "dog"))
def _(folder):
    images(folder, "cat", n=6, suffix="JPG")
    images(folder, "dog", n=6, suffix="PNG")


@right("a gray image first", CASES, train=9, test=3, shape=(3, 6, 6), said="mixed")
def _(folder):
    images(folder, "cat", "dog", mode="RGB")
    for i in range(4):
        image(folder / "cat" / f"{i}.png")


@right("a color image last", CASES, train=9, test=9, shape=(3, 6, 6), said="mixed")
def _(folder):
    splits(folder, {"train": 5, "test": 5}, ("a",))
    splits(folder, {"train": 4, "test": 4}, ("b",))
    image(folder / "train" / "b" / "9.png", mode="RGB")
    (folder / "train" / "b" / "9.png").rename(folder / "train" / "b" / "3.png")


@right("photographs turned by their EXIF data", CASES, 9, 3, shape=(3, 8, 4), said="turned upright")
def _(folder):
    exif = Image.Exif()
    exif[0x0112] = 6
    images(folder, "cat", "dog", mode="RGB", size=(4, 8), suffix="jpg", exif=exif)


@right("transparent images", CASES, train=9, test=3, shape=(3, 6, 6), said="white shows through")
def _(folder):
    images(folder, "cat", "dog", mode="RGBA")


@right("images with several frames", CASES, train=9, test=3, said="first is read")
def _(folder):
    images(
        folder, "cat", "dog", suffix="gif", save_all=True, append_images=[Image.new("L", (6, 6))]
    )


def _deep(kind):
    """16-bit or float images whose values say their class."""

    def make(folder: Path) -> None:
        for c, name in enumerate(("dark", "light")):
            (folder / name).mkdir(parents=True)
            for i in range(6):
                level = (0.25 + 0.5 * c) + i / 100
                if kind == "F":
                    made, suffix = Image.fromarray(np.full((6, 6), level, np.float32)), "tiff"
                elif kind == "I":
                    made = Image.fromarray(np.full((6, 6), 65535 * level).astype(np.int32))
                    suffix = "tiff"
                else:
                    most = 4095 if kind == "12 bits" else 65535
                    made = Image.fromarray(np.full((6, 6), most * level).astype(np.uint16))
                    suffix = "png"
                made.save(folder / name / f"{i}.{suffix}")

    return make


for kind, words in (
    ("I;16", "16-bit"),
    ("12 bits", "read as in 0..4095"),
    ("I", "32-bit integer"),
    ("F", "float"),
):
    CASES.append(
        right(f"gray images of mode {kind}", _deep(kind), 9, 3, said=words, mean=(70, 197))
    )


def _damaged(content: bytes):
    def make(folder: Path) -> None:
        images(folder, "cat", "dog")
        (folder / "dog" / "3.png").write_bytes(content)

    return make


def _huge_png() -> bytes:
    """The beginning of a PNG of 20,000 x 20,000 pixels."""
    header = b"IHDR" + struct.pack(">IIBBBBB", 20_000, 20_000, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + header
        + struct.pack(">I", zlib.crc32(header))
    )


CASES += [
    refused("a text called image", _damaged(b"no image"), "dog/3.png", doors="unreadable"),
    refused("an empty image file", _damaged(b""), "dog/3.png", doors="unreadable"),
    refused("an image of 400 megapixels", _damaged(_huge_png()), "dog/3.png", doors="unreadable"),
]
