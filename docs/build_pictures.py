"""Draw the pictures of the method pages from the library itself: `python docs/build_pictures.py`.

All data is synthetic and two-dimensional. Backgrounds are transparent and text is gray, so that
a picture is readable on light and dark pages. With names after the command, it draws those alone.
"""

import io
import sys
import warnings
from pathlib import Path

import matplotlib as mpl
from draw import heads, losses, samples, training
from draw.common import GRAY
from PIL import Image

PICTURES = Path(__file__).parent / "pictures"
ALL = [
    samples.reweighting,
    samples.balanced_sampling,
    samples.smote_family,
    samples.generative,
    samples.mixing,
    samples.cutmix,
    samples.aos,
    samples.m2m,
    losses.focal,
    losses.ldam,
    losses.logit_adjustment,
    losses.proco,
    heads.eos,
    heads.heads,
    heads.dos,
    heads.metric_learning,
    training.sam,
    training.strong,
]
STYLE = {
    "font.size": 12,
    "axes.titlesize": 12,
    "legend.handletextpad": 0.3,
    "legend.columnspacing": 1.2,
    "legend.frameon": False,
    **{f"{part}.color": GRAY for part in ("text", "xtick", "ytick")},
    **{f"axes.{part}": GRAY for part in ("edgecolor", "labelcolor", "titlecolor")},
}


def main(names):
    PICTURES.mkdir(exist_ok=True)
    for draw in ALL:
        if names and draw.__name__ not in names:
            continue
        with mpl.rc_context(STYLE), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            figure = draw()
            stream = io.BytesIO()
            figure.savefig(stream, dpi=150, transparent=True)
        path = PICTURES / f"{draw.__name__.replace('_', '-')}.png"
        Image.open(stream).quantize(128).save(path, optimize=True)
        print(f"{path} {path.stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    main(sys.argv[1:])
