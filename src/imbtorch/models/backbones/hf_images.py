"""What an image processor of transformers does to images, in the terms of `ImageInput`."""

from typing import Any

from imbtorch.errors import InputError

FILTERS = ("nearest", "lanczos", "bilinear", "bicubic", "box", "hamming")
"""Pillow's names of its filters, in the order of their numbers."""
STEPS = ("resize", "rescale", "normalize", "center_crop")
"""Steps that are taken here too; a processor that takes any other is refused."""
HARMLESS = ("convert_rgb",)


def read_images(name: str, processor: Any) -> dict[str, Any]:
    """Return the `ImageConfig` of an image processor; what it cannot say is refused."""
    steps = {key[3:] for key, on in vars(processor).items() if key.startswith("do_") and on is True}
    if odd := sorted(steps - {*STEPS, *HARMLESS}):
        raise InputError(
            f"model is {name!r}, whose images go through {', '.join(odd)}; only "
            f"{', '.join(STEPS)} are known here"
        )
    size, crop = _size(processor, "center_crop" in steps)
    scale = 255 * float(processor.rescale_factor if "rescale" in steps else 1)
    shift = [0.0] * 3
    spread = [1.0] * 3
    if "normalize" in steps:
        shift, spread = list(processor.image_mean), list(processor.image_std)
    filter_ = processor.resample
    return {
        "size": list(size),
        "mean": [float(value) / scale for value in shift],  # of pixels in 0..1
        "std": [float(value) / scale for value in spread],
        "crop": crop,
        "interpolation": FILTERS[2 if filter_ is None else int(filter_)],
    }


def _size(processor: Any, crops: bool) -> tuple[tuple[int, int], float | None]:
    """Return the size of images, and the share of a square that is cut from the middle."""
    size = dict(processor.size)
    shortest, share = size.get("shortest_edge"), getattr(processor, "crop_pct", None)
    scaled = (int(size.get("height") or shortest or 0), int(size.get("width") or shortest or 0))
    if crops and processor.crop_size:
        cropped = dict(processor.crop_size)
        made = int(cropped.get("height", 0)), int(cropped.get("width", 0))
        return made, min(made[0] / scaled[0], 1.0)
    if shortest and share is not None:  # ConvNeXt: cropped below 384 pixels only
        return scaled, float(share) if shortest < 384 else None
    return scaled, 1.0 if shortest else None
