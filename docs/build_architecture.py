"""Draw docs/architecture.svg: `python docs/build_architecture.py`."""

from html import escape
from pathlib import Path

ROOMS = (
    ("data", "sources, profiles, batches", "rows → tensors", False),
    ("samplers", "class-balanced", "labels → indices", True),
    ("resampling", "EOS, SMOTE ...", "arrays → more arrays", True),
    ("transforms", "M2m, AOS, Mixup", "batch → batch", True),
    ("losses", "LDAM, focal ...; weights", "logits → scalar", True),
    ("models", "features + head", "batch → logits", False),
    ("training", "catalog, recipes, phases, fit", "recipe → network", True),
    ("metrics", "recalls, gap, calibration", "predictions → figures", False),
    ("integrations", "scikit-learn, Lightning", "fit behind their contracts", False),
    ("comparison", "task, grid, store, report", "recipes x seeds → report", False),
    ("reproduction", "papers' tables as TOML", "table → ours next to theirs", False),
    ("commands", "one module per sub-command", "imbtorch compare ...", False),
)
"""Room, its contents, what flows through it, whether it declares methods."""
WIDTH, HEIGHT, GAP, COLUMNS = 200, 92, 34, 6


def text(x: float, y: float, words: str, style: str = "") -> str:
    """Return one line of text, centered at x."""
    return f'<text x="{x}" y="{y}" text-anchor="middle" {style}>{escape(words)}</text>'


def box(index: int) -> list[str]:
    """Return a room as a box, and the arrow that leads to it."""
    name, inside, flow, declares = ROOMS[index]
    row, column = divmod(index, COLUMNS)
    x, y = 20 + column * (WIDTH + GAP), 70 + row * 160
    middle = x + WIDTH / 2
    fill = "#fff1d6" if declares else "#e8eef7"
    parts = [
        f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="8" fill="{fill}" '
        'stroke="#555"/>',
        text(middle, y + 30, name, 'font-weight="600" font-size="16"'),
        text(middle, y + 56, inside, 'font-size="13"'),
        text(middle, y + 80, flow, 'font-size="12" fill="#555"'),
    ]
    if column:
        line = f"M{x - GAP} {y + HEIGHT / 2}H{x - 3}"
    elif row:  # from the end of the row above
        above, turn = y - 160 + HEIGHT, y - 32
        end = 20 + (COLUMNS - 1) * (WIDTH + GAP) + WIDTH / 2
        line = f"M{end} {above}V{turn}H{middle}V{y - 3}"
    else:
        return parts
    arrow = f'<path d="{line}" fill="none" stroke="#444" stroke-width="1.6" marker-end="url(#a)"/>'
    return [*parts, arrow]


def picture() -> str:
    """Return the picture as SVG."""
    width = 40 + COLUMNS * WIDTH + (COLUMNS - 1) * GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} 372" '
        'font-family="system-ui, sans-serif" font-size="14">',
        '<rect width="100%" height="100%" fill="white"/>',
        '<defs><marker id="a" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0L10 5L0 10z" fill="#444"/></marker></defs>',
        '<text x="20" y="36" font-size="17" font-weight="600">'
        "The flow of data: a room imports only from the rooms before it</text>",
        *(part for index in range(len(ROOMS)) for part in box(index)),
        '<rect x="20" y="346" width="16" height="12" rx="3" fill="#fff1d6" stroke="#555"/>',
        '<text x="44" y="357" font-size="12.5">declares its methods, one row each; '
        "training/catalog.py collects them</text>",
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    path = Path(__file__).with_name("architecture.svg")
    path.write_text(picture())
    print(path)
