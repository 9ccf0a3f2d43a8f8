"""Imports run down the line of ARCHITECTURE.md, and files stay small."""

import ast
from pathlib import Path

import imbtorch

ROOT = Path(imbtorch.__file__).parent
LINE = [
    ("errors", "seeding"),
    ("data",),
    ("resampling",),
    ("transforms",),
    ("losses", "models"),
    ("training",),
    ("evaluation",),
    ("experiments",),
    ("cli_parser",),
    ("cli",),
    ("__init__", "__main__"),
]
LEVEL = {name: level for level, names in enumerate(LINE) for name in names}


def test_imports_only_run_down_the_line():
    wrong = []
    for path in ROOT.rglob("*.py"):
        room = path.relative_to(ROOT).parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("imbtorch."):
                other = node.module.split(".")[1]
                if LEVEL[other] > LEVEL[room] or (LEVEL[other] == LEVEL[room] and other != room):
                    wrong.append(f"{path.relative_to(ROOT)} imports {node.module}")
    assert not wrong


def test_files_stay_small():
    long = {p.name: n for p in ROOT.rglob("*.py") if (n := len(p.read_text().splitlines())) > 250}
    assert not long


def test_core_imports_need_no_extra():
    """`import imbtorch` works without the packages of the extras."""
    extras = {"datasets", "PIL", "jsonargparse", "matplotlib", "jinja2", "rich", "faiss"}
    extras |= {"markdown_it", "optuna", "pytorch_metric_learning", "pytorch_lightning", "lightning"}
    reached, todo = set(), ["imbtorch"]
    while todo:
        module = todo.pop()
        if module in reached:
            continue
        reached.add(module)
        path = ROOT.joinpath(*module.split(".")[1:])
        path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        for node in ast.parse(path.read_text()).body:
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [a.name for a in node.names] if isinstance(node, ast.Import) else []
            assert not extras & {name.split(".")[0] for name in names}, module
            todo += [name for name in names if name.startswith("imbtorch")]
    assert len(reached) > 20
