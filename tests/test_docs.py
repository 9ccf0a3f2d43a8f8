"""The page of results is what the results say."""

import runpy
from pathlib import Path

DOCS = Path(__file__).resolve().parents[1] / "docs"


def test_the_page_of_results_is_built_from_them():
    build = runpy.run_path(str(DOCS / "build_results.py"))["build"]
    assert (DOCS / "results.md").read_text() == build()
