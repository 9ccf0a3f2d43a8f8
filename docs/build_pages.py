"""Generate documentation from results and catalog: `python docs/build_pages.py`.

docs/results.md is built from results/, and begins with the papers' claims. The tables of methods in
README.md and docs/methods/index.md, between the comments ``<!-- methods -->`` and
``<!-- /methods -->``, are built from the catalog.
"""

import re
from collections.abc import Callable
from pathlib import Path

from imbtorch.method import Method
from imbtorch.reproduction.paper_table import table_names
from imbtorch.training.catalog import CATALOG

ROOT = Path(__file__).resolve().parents[1]
START, END = "<!-- methods -->", "<!-- /methods -->"
INTRO = """# Results

Built from `results/` by `python docs/build_pages.py`; no figure here was typed by hand. The command
that made a table is below it, or else in results/README.md, under the name in brackets.
"""
KINDS = {
    "baseline": "none: the baseline",
    "sampling": "which samples a batch contains",
    "weights": "class weights in the loss",
    "loss": "the loss",
    "transform": "the samples of a batch",
    "over-sampler": "the data set, or the embeddings",
    "embedding": "the embedding space, during training",
    "head": "the embedding space, after training",
    "classical": "in place of a network",
    "augmentation": "the images of a batch",
    "schedule": "the learning rate",
    "average": "the weights, after each step",
    "optimizer": "the optimizer's step",
    "contrastive": "the embedding space, beside the loss",
    "preset": "several of these together",
}
"""Kind of a method -> the place where it acts, in the order of the tables."""


CLAIM = re.compile(r"^- (.+): (yes|no), (.+)$", re.M)
"""A claim of a paper as the tables write it: what, whether it holds, and by how much."""
MATRIX = """## Claims of the papers

What each paper says of its own method, in the tables that were run here; *not run* are tables that
`imbtorch reproduce` has and nobody has run yet. Setup and seeds stand with each table below.

| table | holds | does not | which do not |
|---|---|---|---|
"""


def matrix() -> str:
    """Return, for each table of a paper, how many of the claims in it hold."""
    lines = []
    for name in table_names():
        shorter = sorted((ROOT / "results").glob(f"{name}-*-epochs"))
        paths = [folder / "table.md" for folder in (ROOT / "results" / name, *shorter)]
        if not paths[0].exists():
            lines.append(f"| `{name}` | not run | | |")
        for path in filter(Path.exists, paths):
            claims = CLAIM.findall(path.read_text())
            failed = [f"{what} ({by})" for what, holds, by in claims if holds == "no"]
            held = len(claims) - len(failed)
            if claims:
                lines.append(
                    f"| `{path.parent.name}` | {held} | {len(failed)} | {'; '.join(failed)} |"
                )
    return MATRIX + "\n".join(lines)


def results() -> str:
    """Return the page of results: the claims, and every table with its headings a level deeper."""
    parts = [INTRO, matrix()]
    for path in sorted((ROOT / "results").glob("*/table.md")):
        title, *lines = path.read_text().splitlines()
        lines = [f"{title} (`{path.parent.name}`)", *lines]
        parts.append("\n".join("#" + line if line.startswith("#") else line for line in lines))
    return "\n\n".join(part.strip() for part in parts) + "\n"


def short(rows: list[Method], place: str) -> list[str]:
    """Return the README's rows for one place."""
    return [f"| {place if row is rows[0] else ''} | `{row.name}` | {row.summary} |" for row in rows]


def full(rows: list[Method], place: str) -> list[str]:
    """Return the documentation's rows for one place."""
    return [
        f"| {place if row is rows[0] else ''} | [`{row.name}`]({row.page}.md) | {row.summary} | "
        f"{options(row)} | {row.cost} | {row.paper} |"
        for row in rows
    ]


def options(row: Method) -> str:
    """Return the options of a method that `tune` tries, with the values it tries."""
    values = {name: ", ".join(map(str, v)) for name, v in row.candidates.items()}
    return "; ".join(f"`{name}` {shown}" for name, shown in values.items())


PAGES: dict[str, tuple[str, Callable[[list[Method], str], list[str]]]] = {
    "README.md": ("place | name | what it does", short),
    "docs/methods/index.md": (
        "place | name | what it does | options that `tune` tries | extra cost | source",
        full,
    ),
}
"""Page -> headings of its table of methods, and the function that makes one place's rows."""


def with_table(page: str) -> str:
    """Return a page with its table of methods replaced by the catalog's."""
    text = (ROOT / page).read_text()
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    heading, rows_of = PAGES[page]
    lines = [f"| {heading} |", "|" + "---|" * (heading.count("|") + 1)]
    for kind, place in KINDS.items():
        lines += rows_of([row for row in CATALOG.values() if row.kind == kind], place)
    return "\n".join([before + START, "", *lines, "", END + after])


def built() -> dict[Path, str]:
    """Return every generated file and what it should contain."""
    pages = {ROOT / page: with_table(page) for page in PAGES}
    return {ROOT / "docs" / "results.md": results(), **pages}


if __name__ == "__main__":
    for path, text in built().items():
        path.write_text(text)
        print(path)
