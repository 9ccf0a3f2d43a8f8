"""Make the data of the tutorials: photographs of defects, payments with frauds, support tickets.

    python examples/made_data.py photographs defects/
    python examples/made_data.py payments payments.csv
    python examples/made_data.py tickets tickets.csv
    python examples/made_data.py payments new.csv 1

A number at the end is the seed (0 without one): other samples of the same kind. Needs NumPy, pandas
and Pillow alone.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw, ImageFilter

DEFECTS = {"scratch": 300, "stain": 160, "dent": 80, "crack": 40, "hole": 20}
"""Photographs of each defect: 600 in all."""


def photographs(folder: Path, seed: int = 0) -> None:
    """Write a folder of JPEG files for each defect, of 80 to 400 pixels."""
    rng = np.random.default_rng(seed)
    for defect, number in DEFECTS.items():
        (folder / defect).mkdir(parents=True, exist_ok=True)
        for i in range(number):
            photograph(defect, rng).save(folder / defect / f"{i:03}.jpg", quality=88)


def photograph(defect: str, rng: np.random.Generator) -> Image.Image:
    """Return a brushed metal plate in uneven light, with one defect."""
    width, height = (int(n) for n in rng.integers(80, 401, 2))
    grain = rng.normal(0, 9, (height, width)) + rng.normal(0, 7, (height, 1))
    light = np.linspace(-1, 1, width)[None] * rng.normal(0, 22) + rng.normal(140, 22)
    tint = 1 + rng.normal(0, 0.04, 3)
    plate = np.clip((grain + light)[..., None] * tint, 0, 255).astype(np.uint8)
    image = Image.fromarray(plate).filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.0)))
    size = min(width, height)
    x, y = rng.uniform(0.25, 0.75) * width, rng.uniform(0.25, 0.75) * height
    layer = Image.new("L", image.size, 0)
    draw = ImageDraw.Draw(layer)
    tone, radius = int(rng.integers(20, 70)), rng.uniform(0.08, 0.2) * size
    if defect == "scratch":
        angle, length = rng.uniform(0, np.pi), rng.uniform(0.3, 0.6) * size
        dx, dy = np.cos(angle) * length / 2, np.sin(angle) * length / 2
        draw.line((x - dx, y - dy, x + dx, y + dy), 200, max(1, size // 90))
        tone = int(rng.integers(200, 256)) if rng.random() < 0.5 else tone
    elif defect == "crack":
        steps = rng.normal(0, 0.05 * size, (12, 2)) + rng.normal(0, 0.04 * size, 2)
        points = np.cumsum(steps, 0) - np.cumsum(steps, 0).mean(0) + (x, y)
        draw.line([tuple(point) for point in points], 210, max(1, size // 80))
    elif defect == "hole":
        radius *= 0.6
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), 255)
        tone = int(rng.integers(0, 25))
    else:
        for _ in range(5 if defect == "stain" else 1):
            cx, cy = np.array((x, y)) + rng.normal(0, radius / 2, 2) * (defect == "stain")
            rx, ry = radius * rng.uniform(0.6, 1.1, 2)
            draw.ellipse((cx - rx, cy - ry, cx + rx, cy + ry), int(rng.integers(70, 130)))
        layer = layer.filter(ImageFilter.GaussianBlur(size * (0.02 if defect == "stain" else 0.05)))
        tone = tone if defect == "stain" else int(rng.choice([60, 215]))
    return Image.composite(Image.new("RGB", image.size, (tone, tone, tone)), image, layer)


def payments(path: Path, number: int = 20_000, seed: int = 0) -> None:
    """Write a table of payments, of which 1.5 % are frauds, with the columns as they come."""
    rng = np.random.default_rng(seed)
    countries = np.array(["DE", "FR", "IT", "ES", "PL", "NL", "SE", "RO", "GR", "PT", "FI", "IE"])
    kinds = np.array(["grocery", "fuel", "travel", "games", "jewelry", "phone", "books", "other"])
    channels = np.array(["shop", "web", "app", "phone order"])
    amount = rng.lognormal(3.4, 1.1, number)
    age = rng.normal(44, 15, number).clip(18, 95).round()
    country = countries[rng.choice(12, number, p=np.arange(12, 0, -1) / 78)]
    kind = kinds[rng.choice(8, number, p=np.array([30, 15, 8, 9, 3, 10, 10, 15]) / 100)]
    channel = channels[rng.choice(4, number, p=[0.5, 0.3, 0.17, 0.03])]
    when = pd.Timestamp("2025-01-01") + pd.to_timedelta(
        rng.integers(0, 365 * 24 * 60, number), "min"
    )
    opened = when - pd.to_timedelta(rng.exponential(900, number).round(), "D")
    known = rng.random(number) < 0.7
    tries = rng.poisson(0.3, number)
    days = (when - opened).days.to_numpy()
    risk = (
        0.8 * np.log(amount / 30)
        + 2.6 * np.isin(kind, ["jewelry", "games"]) * (channel != "shop")
        + 1.8 * ((when.hour < 5) & (amount > 80))
        + 2.2 * (days < 30)
        + 1.5 * np.isin(country, ["RO", "GR"]) * ~known
        + 0.8 * tries * (channel == "web")
        - 0.9 * known
        + 0.02 * np.abs(age - 45)
    )
    risk += rng.logistic(0, 0.3, number)
    fraud = risk >= np.sort(risk)[-round(0.015 * number)]
    table = pd.DataFrame(
        {
            "payment_id": [f"P{n:07d}" for n in rng.permutation(10**7)[:number]],
            "time": when.strftime("%Y-%m-%d %H:%M"),
            "amount": np.where(rng.random(number) < 0.03, np.nan, amount.round(2)),
            "age": np.where(rng.random(number) < 0.12, np.nan, age),
            "country": np.where(rng.random(number) < 0.02, None, country),
            "kind": kind,
            "channel": channel,
            "known_device": known,
            "failed_tries": tries,
            "account_opened": opened.strftime("%Y-%m-%d"),
            "fraud": np.where(fraud, "fraud", "honest"),
        }
    )
    table.to_csv(path, index=False)


TOPICS = {
    "delivery": (420, "parcel package courier shipment tracking address driver late arrived depot"),
    "invoice": (210, "invoice bill charged amount tax receipt payment twice refund euro"),
    "account": (110, "password login account locked reset email code sign profile two-factor"),
    "defect": (60, "broken crack screen battery noise smell stopped working warranty part"),
    "privacy": (24, "data delete consent stored copy gdpr request share third personal"),
}
"""Topic -> number of tickets, and words that are common in it."""
COMMON = "please hello since days again help order the my it is not and order number thanks still"


def tickets(path: Path, seed: int = 0) -> None:
    """Write a table of short texts with their topics; one in fifty has the wrong topic."""
    rng = np.random.default_rng(seed)
    own, common = {t: words.split() for t, (_, words) in TOPICS.items()}, COMMON.split()
    rows: list[tuple[str, str]] = []
    for topic, (number, _) in TOPICS.items():
        for _ in range(number):
            other = own[str(rng.choice([t for t in own if t != topic]))]
            words = [
                str(
                    rng.choice(
                        own[topic] if (u := rng.random()) < 0.3 else other if u < 0.4 else common
                    )
                )
                for _ in range(int(rng.integers(6, 25)))
            ]
            said = topic if rng.random() > 0.02 else str(rng.choice([*own]))
            rows.append((" ".join(words).capitalize() + ".", said))
    order = rng.permutation(len(rows))
    pd.DataFrame([rows[i] for i in order], columns=["text", "label"]).to_csv(path, index=False)


if __name__ == "__main__":
    make = {"photographs": photographs, "payments": payments, "tickets": tickets}[sys.argv[1]]
    make(Path(sys.argv[2]), seed=int((sys.argv[3:] or ["0"])[0]))
