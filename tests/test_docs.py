"""The site says what the library is: figures from results/, every name, code that runs."""

import ast
import inspect
import re
import runpy
from collections import OrderedDict
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

import imbtorch
from imbtorch import make_recipe
from imbtorch.models import mlp
from imbtorch.training.catalog import CATALOG
from imbtorch.training.recipes import split_list
from namespaces import NAMESPACES, THINGS

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGES = {str(path.relative_to(DOCS)): path.read_text() for path in sorted(DOCS.rglob("*.md"))}
METHODS = {n: text for n, text in PAGES.items() if n.startswith("methods/")}
HOOKS = runpy.run_path(str(DOCS / "site_hooks.py"))
CODE = re.compile(r"^```python\n(.*?)^```", re.M | re.S)
RUN_ELSEWHERE = {"howto/distributed.md"}  # in several processes


def test_generated_pages_are_fresh():
    for path, text in runpy.run_path(str(DOCS / "build_pages.py"))["built"]().items():
        assert path.read_text() == text, f"{path.name}: run python docs/build_pages.py"


def test_the_reference_has_every_namespace_and_so_every_public_name():
    reference = "".join(text for name, text in PAGES.items() if name.startswith("api/"))
    assert sorted(re.findall(r"^<!-- reference: (\w+) -->$", reference, re.M)) == sorted(NAMESPACES)
    for name, thing in THINGS.items():
        assert f"::: imbtorch.{name}\n" in HOOKS["reference"](name.partition(".")[0]) + "\n", thing


def explained_constants():
    """Return the names that a string explains in the line after them."""
    found = set()
    for path in Path(imbtorch.__file__).parent.rglob("*.py"):
        body = ast.parse(path.read_text()).body
        for node, after in pairwise(body):
            if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
                targets = getattr(node, "targets", [getattr(node, "target", None)])
                found |= {t.id for t in targets if isinstance(t, ast.Name)}
    return found


def test_every_public_name_has_a_docstring():
    constants, missing = explained_constants(), []
    for name, thing in THINGS.items():
        if not inspect.isclass(thing) and not inspect.isfunction(thing):
            missing += [] if name.partition(".")[2] in constants else [name]
            continue
        own = vars(thing).items() if inspect.isclass(thing) else ()
        methods = {f"{name}.{n}": m for n, m in own if inspect.isfunction(m) and n[0] != "_"}
        missing += [n for n, m in ({name: thing} | methods).items() if not inspect.getdoc(m)]
    assert not missing


@pytest.mark.parametrize("row", CATALOG.values(), ids=lambda row: row.name)
def test_every_method_is_listed_on_its_page(row):
    path = f"methods/{row.page}.md"
    page = SimpleNamespace(file=SimpleNamespace(src_uri=path))
    shown = HOOKS["on_page_markdown"](METHODS[path], page=page)
    assert f"\n- `{row.name}`: {row.summary}" in shown


@pytest.mark.parametrize("name", PAGES)
def test_recipes_on_pages_can_be_made(name):
    """Every name behind --recipes or --recipe on a page is one."""
    for names in re.findall(r"--recipes? ([^\s`]+)", PAGES[name]):
        for recipe in split_list(names):
            assert recipe == "auto" or make_recipe(recipe)


@pytest.mark.parametrize("name", sorted(set(METHODS) - {"methods/index.md"}))
def test_a_method_page_has_all_its_parts(name):
    headings = re.findall(r"^## (.+)$", METHODS[name], re.M)
    papers = "Differs from the paper"
    assert [h.removesuffix("s") if h.startswith(papers) else h for h in headings] == [
        *("Idea", "When it helps", "Parameters", "Cost", papers, "Measured here")
    ]
    assert re.match(r"# .+\n\n!\[[^]]+\]\(\.\./pictures/", METHODS[name])
    assert "$$" in METHODS[name]
    assert "<!-- figures: " in METHODS[name]


def test_pictures_are_small():
    assert not [p.name for p in DOCS.rglob("pictures/**/*.png") if p.stat().st_size > 60 * 1024]


@pytest.mark.parametrize("name", PAGES)
def test_requests_are_filled_from_the_store_and_links_lead_somewhere(name):
    text = HOOKS["on_page_markdown"](PAGES[name])
    assert "<!--" not in text
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", PAGES[name]):
        assert ((DOCS / name).parent / target).exists(), target
    for target in re.findall(r"\]\[imbtorch\.([\w.]+)\]", PAGES[name]):
        assert target in THINGS or target in ("InputError", "compare"), target


def test_figures_are_those_of_the_store():
    filled = HOOKS["figures"]("amo-3 | ERM, AMO | average")
    table = (DOCS.parent / "results" / "amo-3" / "table.md").read_text()
    for line in table.splitlines():
        if line.startswith(("ERM |", "AMO |")):
            assert line.split(" | ")[-1] in filled
    with pytest.raises(ValueError, match="no row NONE"):
        HOOKS["figures"]("amo-3 | NONE")
    assert "Nothing" in HOOKS["figures"]("no-such-table | ERM")


def surroundings(code):
    """Return tiny stand-ins for the names that the pages' code uses."""
    torch.manual_seed(0)
    labels = torch.arange(3).repeat_interleave(torch.tensor([60, 20, 8]))
    x = (torch.rand(88, 2) + torch.eye(3)[labels][:, :2]) / 2
    layers = {"body": nn.Linear(2, 8), "relu": nn.ReLU(), "fc": nn.Linear(8, 3)}
    network = nn.Sequential(OrderedDict(layers))
    return {
        "x": x,
        "y": labels.numpy() if re.search(r"\bX\b", code) else labels,
        "X": x.numpy(),
        "labels": labels,
        "images": torch.rand(88, 3, 8, 8),
        "class_counts": [60, 20, 8],
        "train_set": TensorDataset(x, labels),
        "val_set": TensorDataset(x[::2] / 2, labels[::2]),
        "my_network": network,
        "model": imbtorch.split_head(network, "fc"),
        "pretrained": mlp((2,), 3),
        "linear_head": nn.Linear(8, 3),
    }


@pytest.mark.parametrize("name", [n for n in PAGES if CODE.search(PAGES[n])])
def test_the_code_of_a_page_runs(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("imbtorch.comparison.compare.report_on", lambda *args, **options: None)
    if name in RUN_ELSEWHERE:
        pytest.skip("runs in a test of its own")
    code = "\n".join(CODE.findall(PAGES[name]))
    exec(compile(code, name, "exec"), surroundings(code))


def test_formulas_of_docstrings_become_markdown():
    pytest.importorskip("griffe")
    script = runpy.run_path(str(DOCS / "griffe_numpydoc.py"))
    assert set(script["SPACES"]) == set(NAMESPACES)
    converted = script["converted"]
    text = "Mean.\n\n    .. math:: a\n        + b\n\n    With :math:`c` as `EOS`, not `x`."
    assert converted(text, "f") == (
        "Mean.\n\n    $$\n    a + b\n    $$\n\n    "
        "With $c$ as [`EOS`][imbtorch.resampling.EOS], not `x`."
    )


def test_pitfall_scripts_have_printed_what_the_page_shows():
    shown = set(re.findall(r"<!-- printed: (\w+) -->", PAGES["pitfalls.md"]))
    assert shown == {path.stem for path in (DOCS / "pitfalls").glob("*.py")}
    for name in shown:
        table = (DOCS / "pitfalls" / f"{name}.txt").read_text().splitlines()
        assert re.fullmatch(r"(---\|?)+", table[1])
        assert len(table) > 3
        assert np.isfinite([float(v) for row in table[2:] for v in row.split(" | ")[-1:]]).all()
