"""Use a network that `imbtorch train` stored: python classify.py model.safetensors PHOTO ..."""

import sys

from imbtorch import load_checkpoint
from imbtorch.data.inputs import input_from_json


def main(checkpoint, *photos):
    model, header = load_checkpoint(checkpoint)
    read = input_from_json(header["input"])  # size, crop, color: as in training
    x = read.transform([{"path": photo, "bytes": None} for photo in photos])
    p = model.probabilities(model(x.float() / 255))
    for photo, row in zip(photos, p, strict=True):
        best = int(row.argmax())
        print(f"{photo}: {header['data']['classes'][best]} ({row[best]:.0%})")
    return p


if __name__ == "__main__":
    main(*sys.argv[1:])
