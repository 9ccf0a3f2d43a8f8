"""Imports run down the line of ARCHITECTURE.md, and files stay small."""

import ast
import runpy
from pathlib import Path

import imbtorch

ROOT = Path(imbtorch.__file__).parent
LINE = [
    ("printable",),
    ("errors", "seeding", "stopping"),
    ("option_types",),
    ("extras", "files", "lazy", "method", "npz", "places", "progress"),
    ("cache",),
    ("data",),
    ("samplers", "resampling"),
    ("transforms",),
    ("losses", "models"),
    ("training",),
    ("metrics",),
    ("integrations",),
    ("comparison",),
    ("reproduction",),
    ("commands",),
    ("cli",),
    ("sklearn", "lightning"),
    ("__init__", "__main__"),
]
CORE = ("losses", "resampling", "samplers", "transforms")
"""Namespaces of which the top level has no name."""
LEVEL = {name: level for level, names in enumerate(LINE) for name in names}


def imported_rooms(node):
    """Return the rooms of imbtorch that an import reaches into."""
    if not isinstance(node, ast.ImportFrom) or (node.module or "").split(".")[0] != "imbtorch":
        return []
    if node.module == "imbtorch":
        return [alias.name for alias in node.names]
    return [node.module.split(".")[1]]


def test_imports_only_run_down_the_line():
    wrong = []
    for path in ROOT.rglob("*.py"):
        room = path.relative_to(ROOT).parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(path.read_text())):
            for other in imported_rooms(node):
                if LEVEL[other] > LEVEL[room] or (LEVEL[other] == LEVEL[room] and other != room):
                    wrong.append(f"{path.relative_to(ROOT)} imports {other}")
    assert not wrong


def test_the_picture_of_the_rooms_is_fresh():
    docs = Path(__file__).resolve().parents[1] / "docs"
    drawn = runpy.run_path(str(docs / "build_architecture.py"))
    assert (docs / "architecture.svg").read_text() == drawn["picture"]()
    rooms = [room for names in LINE for room in names if (ROOT / room).is_dir()]
    assert [room for room, *_ in drawn["ROOMS"]] == rooms


def test_files_stay_small():
    long = {p.name: n for p in ROOT.rglob("*.py") if (n := len(p.read_text().splitlines())) > 250}
    assert not long


def test_core_imports_need_no_extra():
    """`import imbtorch` works without the packages of the extras."""
    extras = {"datasets", "PIL", "jsonargparse", "matplotlib", "jinja2", "rich", "faiss"}
    extras |= {"markdown_it", "optuna", "pytorch_metric_learning", "pytorch_lightning", "lightning"}
    reached, todo = set(), ["imbtorch", *(f"imbtorch.{name}" for name in CORE)]
    while todo:
        module = todo.pop()
        if module in reached:
            continue
        reached.add(module)
        path = ROOT.joinpath(*module.split(".")[1:])
        path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        body = ast.parse(path.read_text()).body
        if path.name == "__init__.py":  # what is imported when it is asked for
            body += [node for block in body if isinstance(block, ast.If) for node in block.body]
        for node in body:
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [a.name for a in node.names] if isinstance(node, ast.Import) else []
            assert not extras & {name.split(".")[0] for name in names}, module
            todo += [name for name in names if name.startswith("imbtorch")]
    assert len(reached) > 20
