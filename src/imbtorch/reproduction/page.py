"""Write a table as a page, in Markdown and in HTML."""

from pathlib import Path

from imbtorch.extras import extra
from imbtorch.files import write_atomically

with extra("cli"):
    from jinja2 import Environment
    from markdown_it import MarkdownIt

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title | e }}</title>
<style>
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1080px; margin: 2rem auto;
  padding: 0 1rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem;
  display: block; overflow-x: auto; }
th, td { padding: .35rem .7rem; text-align: right; border-bottom: 1px solid #8886;
  white-space: nowrap; }
th { border-bottom: 2px solid #888; }
th:first-child, td:first-child { text-align: left; }
img { max-width: 100%; }
</style>
</head>
<body>
{{ body }}
</body>
</html>
"""


def write_page(folder: Path, text: str, command: str, name: str = "table") -> None:
    """Write Markdown text, whose first line is the title, to ``table.md`` and ``table.html``.

    `name` replaces the first word of these, and `command` is the command that made it, without
    ``imbtorch``.
    """
    text = f"{text.rstrip()}\n\nMade by `imbtorch {command}`.\n"
    folder.mkdir(parents=True, exist_ok=True)
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    page = Environment(autoescape=False).from_string(PAGE)
    title = text.splitlines()[0].lstrip("# ")
    write_atomically(folder / f"{name}.md", text.encode())
    write_atomically(folder / f"{name}.html", page.render(title=title, body=body).encode())
