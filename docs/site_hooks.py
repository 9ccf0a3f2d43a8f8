"""Hooks that mkdocs runs on each page: insert figures from results/, turn formulas into MathML.

A page requests measured figures with the comment ``<!-- figures: TABLE | rows | columns -->``.
TABLE is a folder of results/ (or of results/runs/, by the beginning of its name), rows are names
from its first column; without any, all are shown. Columns are optional, too. With a single column,
the sub-tables of TABLE become the rows of one table. ``<!-- twin: NAME.py -->`` shows how a script
of examples/ differs from plain.py, ``<!-- printed: NAME -->`` what a script of docs/pitfalls/
printed, ``<!-- script: NAME -->`` that script or one of examples/, and ``<!-- reference: NAMESPACE
-->`` the entries of a namespace's public names.
"""

import difflib
import html
import importlib
import re
from pathlib import Path
from textwrap import indent
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS, PITFALLS = ROOT / "results", ROOT / "docs" / "pitfalls"
FIGURES = re.compile(r"<!-- figures: (.+?) -->", re.S)
OTHER = re.compile(r"<!-- (twin|printed|script|reference): (\S+) -->")
FORMULA = re.compile(r'<(span|div) class="arithmatex">\\[(\[](.+?)\\[)\]]</\1>', re.S)

Table = tuple[str, list[str], list[list[str]]]


def cells(line: str) -> list[str]:
    """Return the cells of one line of a Markdown table."""
    line = line.strip()
    line = line[1:-1] if line.startswith("|") else line
    return [cell.strip() for cell in line.split("|")]


def tables(text: str) -> list[Table]:
    """Return the tables in a Markdown text, each as its heading, column names and rows."""
    found: list[Table] = []
    title, open_ = "", False
    for line in text.splitlines():
        if line.startswith("#"):
            title = line.lstrip("# ")
        elif "|" not in line:
            open_ = False
        elif not open_:
            found.append((title, cells(line), []))
            open_ = True
        elif not re.fullmatch(r"[-|: ]+", line):
            found[-1][2].append(cells(line))
    return found


def stored(name: str) -> list[Table]:
    """Return the tables of a results folder; none if nothing is stored."""
    if (RESULTS / name / "table.md").exists():
        return tables((RESULTS / name / "table.md").read_text())
    from imbtorch.comparison.report.summary import summarize
    from imbtorch.comparison.report.table import markdown_table
    from imbtorch.comparison.result_file import read_rows
    from imbtorch.data.profiles.profile import Profile
    from imbtorch.printable import plural

    found = []
    for folder in sorted((RESULTS / "runs").glob(f"{name}*")):
        rows = read_rows(folder / "results.jsonl")
        seeds = len({row["seed"] for row in rows})
        if rows:
            data = rows[0]["data"]
            title = f"{data['name']}, {Profile.from_json(data['profile'])}, {plural(seeds, 'seed')}"
            found += tables(markdown_table(summarize(rows), f"{title}, percent"))
    return found


def drawn(title: str, head: list[str], rows: list[list[str]]) -> str:
    """Return one Markdown table under its title."""
    lines = [head, ["---"] * len(head), *rows]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f'<div class="figures" markdown>\n\n**{title}**\n\n{table}\n\n</div>'


def figures(request: str) -> str:
    """Return the Markdown for a request; a missing name is an error."""
    name, *rest = [part.strip() for part in request.split("|")]
    asked, *columns = [[word.strip() for word in part.split(",")] for part in rest] or [[]]
    parts = []
    for title, head, body in stored(name):
        rows = asked or [line[0] for line in body]
        wanted = [line for word in rows for line in body if line[0] == word]
        if missing := set(rows) - {line[0] for line in wanted}:
            raise ValueError(f"results/{name}, {title}: no row {', '.join(sorted(missing))}")
        places = [0, *map(head.index, columns[0])] if columns else range(len(head))
        parts.append((title, [head[i] for i in places], [[r[i] for i in places] for r in wanted]))
    if not parts:
        return "*Nothing is stored in `results/` for this yet.*"
    if columns and len(columns[0]) == 1 and len(parts) > 1:
        body = [[title, *(line[1] for line in lines)] for title, _, lines in parts]
        return drawn(columns[0][0], ["", *rows], body)
    return "\n\n".join(drawn(*part) for part in parts)


def twin(name: str) -> str:
    """Return the difference between plain.py and another example as a block of Markdown."""
    plain, other = ((ROOT / "examples" / n).read_text() for n in ("plain.py", name))
    sides = [text.partition('"""\n\n')[2].splitlines() for text in (plain, other)]
    lines = [line for line in difflib.ndiff(*sides) if not line.startswith("?")]
    changed = [i for i, line in enumerate(lines) if line[0] != " "]
    near = {j for i in changed for j in range(i - 2, i + 3)}
    shown = [line for i, line in enumerate(lines) if i in near and line.strip()]
    return "\n".join(["```diff", *shown, "```"])


def printed(name: str) -> str:
    """Return what a script of docs/pitfalls/ printed."""
    return (PITFALLS / f"{name}.txt").read_text().strip()


def script(name: str) -> str:
    """Return a script of docs/pitfalls/ or examples/ as a collapsed block."""
    places = (folder / f"{name}.py" for folder in (PITFALLS, ROOT / "examples"))
    path = next(place for place in places if place.exists())
    code = ["```python", path.read_text().strip(), "```"]
    return f'??? note "python {path.relative_to(ROOT)}"\n\n' + indent("\n".join(code), "    ")


def reference(namespace: str) -> str:
    """Return the entries of a namespace's public names."""
    module = importlib.import_module(f"imbtorch.{namespace}")
    return "\n\n".join(f"::: imbtorch.{namespace}.{name}" for name in module.__all__)


def method_rows(page: str) -> str:
    """Return the catalog's rows of the methods that a page is about, as a list."""
    from imbtorch.training.catalog import CATALOG

    return "\n".join(
        f"- `{row.name}`: {row.summary}. Source: {row.paper}."
        for row in CATALOG.values()
        if f"methods/{row.page}.md" == page
    )


def on_page_markdown(markdown: str, page: Any = None, **_: Any) -> str:
    """Fill in what the page requests."""
    if page is not None and "\n## Idea" in markdown:
        rows = method_rows(page.file.src_uri)
        markdown = markdown.replace("\n## Idea", f"\n{rows}\n\n## Idea", 1)
    kinds = {"twin": twin, "printed": printed, "script": script, "reference": reference}
    markdown = re.sub(r"<!-- /?methods -->\n?", "", markdown)  # around what build_pages.py wrote
    markdown = FIGURES.sub(lambda match: figures(match[1]), markdown)
    return OTHER.sub(lambda match: kinds[match[1]](match[2]), markdown)


def on_page_content(html_text: str, **_: Any) -> str:
    """Turn formulas into MathML, which browsers render without a script."""
    from latex2mathml.converter import convert

    def mathml(match: re.Match[str]) -> str:
        display = "block" if match[1] == "div" else "inline"
        return convert(html.unescape(match[2]).strip(), display=display)

    return FORMULA.sub(mathml, html_text)
