"""Write what is generated: `python docs/build_pages.py`.

docs/results.md from results/, and from the catalog the tables of methods in README.md and
docs/methods/index.md, between the comments ``<!-- methods -->`` and ``<!-- /methods -->``.
"""

from collections.abc import Callable
from pathlib import Path

from imbtorch.method import Method
from imbtorch.training.catalog import CATALOG

ROOT = Path(__file__).resolve().parents[1]
START, END = "<!-- methods -->", "<!-- /methods -->"
INTRO = """# Results

Built from `results/` by `python docs/build_pages.py`; no figure here was typed by hand. Below
each table stands the command that made it; results/README.md has the others, under the name in
brackets.
"""
KINDS = {
    "baseline": "nowhere: the baseline",
    "sampling": "which samples a batch holds",
    "weights": "class weights in the loss",
    "loss": "the loss",
    "transform": "what the samples of a batch are",
    "over-sampler": "the data set, or the embeddings",
    "embedding": "the embedding space, during training",
    "head": "the embedding space, after training",
}
"""Kind of a method -> the place where it acts; in this order the tables show them."""


def results() -> str:
    """Return the page of results: every table, its headings one level further down."""
    parts = [INTRO]
    for path in sorted((ROOT / "results").glob("*/table.md")):
        title, *lines = path.read_text().splitlines()
        lines = [f"{title} (`{path.parent.name}`)", *lines]
        parts.append("\n".join("#" + line if line.startswith("#") else line for line in lines))
    return "\n\n".join(part.strip() for part in parts) + "\n"


def short(rows: list[Method], place: str) -> list[str]:
    """Return the rows of the README for one place."""
    return [f"| {place if row is rows[0] else ''} | `{row.name}` | {row.summary} |" for row in rows]


def full(rows: list[Method], place: str) -> list[str]:
    """Return the rows of the documentation for one place."""
    return [
        f"| {place if row is rows[0] else ''} | [`{row.name}`]({row.page}.md) | {row.summary} | "
        f"{options(row)} | {row.cost} | {row.paper} |"
        for row in rows
    ]


def options(row: Method) -> str:
    """Return the options of a method that `tune` tries, with their values."""
    values = {name: ", ".join(map(str, v)) for name, v in row.candidates.items()}
    return "; ".join(f"`{name}` {shown}" for name, shown in values.items())


PAGES: dict[str, tuple[str, Callable[[list[Method], str], list[str]]]] = {
    "README.md": ("place | name | what it does", short),
    "docs/methods/index.md": (
        "place | name | what it does | options that `tune` tries | extra cost | source",
        full,
    ),
}
"""Page -> headings of its table of methods, and what makes the rows of one place."""


def with_table(page: str) -> str:
    """Return a page with its table of methods as the catalog has it."""
    text = (ROOT / page).read_text()
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    heading, rows_of = PAGES[page]
    lines = [f"| {heading} |", "|" + "---|" * (heading.count("|") + 1)]
    for kind, place in KINDS.items():
        lines += rows_of([row for row in CATALOG.values() if row.kind == kind], place)
    return "\n".join([before + START, "", *lines, "", END + after])


def built() -> dict[Path, str]:
    """Return every generated file and what it should hold."""
    pages = {ROOT / page: with_table(page) for page in PAGES}
    return {ROOT / "docs" / "results.md": results(), **pages}


if __name__ == "__main__":
    for path, text in built().items():
        path.write_text(text)
        print(path)
