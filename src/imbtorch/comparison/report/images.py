"""The report's figures as files, and as images of the page that suit light and dark."""

import base64
import io
import warnings
from pathlib import Path

from imbtorch.extras import extra
from imbtorch.files import write_atomically

with extra("cli"):
    from matplotlib.colors import to_hex
    from matplotlib.figure import Figure
    from PIL import Image

DPI = 110


def save_figure(figure: Figure, path: Path) -> str:
    """Write a figure on white as a PNG file; return it as Base64, its background transparent."""
    figure.patch.set_facecolor("none")
    for axis in figure.axes:
        if to_hex(axis.get_facecolor()) == "#ffffff":
            axis.set_facecolor("none")
    file = io.BytesIO()
    with warnings.catch_warnings():  # names in a script without a font here are boxes
        warnings.filterwarnings("ignore", "Glyph .* missing from")
        figure.savefig(file, format="png", dpi=DPI)
    image = Image.open(file)
    white = io.BytesIO()
    Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB").save(
        white, "PNG"
    )
    write_atomically(path, white.getvalue())
    return base64.b64encode(file.getvalue()).decode()
