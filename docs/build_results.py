"""Build docs/results.md from what lies in results/: `python docs/build_results.py`."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "results.md"
INTRO = """# Results

Built from `results/` by `python docs/build_results.py`; no figure here was typed by hand. Below
each table stands the command that made it, or results/README.md has it under the name in brackets.
"""


def build() -> str:
    """Return the page: every table, its headings one level further down."""
    parts = [INTRO]
    for path in sorted((ROOT / "results").glob("*/table.md")):
        title, *lines = path.read_text().splitlines()
        lines = [f"{title} (`{path.parent.name}`)", *lines]
        parts.append("\n".join("#" + line if line.startswith("#") else line for line in lines))
    return "\n\n".join(part.strip() for part in parts) + "\n"


if __name__ == "__main__":
    PAGE.write_text(build())
    print(PAGE)
