"""What a release needs: one version, a license, a changelog that says what is in it."""

import re
import tomllib
from importlib.metadata import metadata, version
from pathlib import Path

import imbtorch

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_the_version_has_one_source():
    assert imbtorch.__version__ == version("imbalanced-torch") == PROJECT["version"]
    (cited,) = re.findall(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(), re.M)
    assert cited.strip("\"'") == PROJECT["version"]
    written = [
        path.name
        for path in (ROOT / "src").rglob("*.py")
        if re.search(r"__version__ = [\"']", path.read_text())
    ]
    assert not written


def test_the_changelog_has_a_section_for_this_version():
    text = (ROOT / "CHANGELOG.md").read_text()
    assert "## [Unreleased]" in text
    assert re.search(rf"^## \[{re.escape(PROJECT['version'])}\] - \d{{4}}-\d\d-\d\d$", text, re.M)


def test_the_license_is_named_and_there():
    assert PROJECT["license"] == "Apache-2.0"
    assert "Apache License" in (ROOT / "LICENSE").read_text()
    assert metadata("imbalanced-torch")["License-Expression"] == "Apache-2.0"


def test_all_five_papers_are_cited():
    titles = re.findall(r"^    title: (.+)$", (ROOT / "CITATION.cff").read_text(), re.M)
    assert len(titles) == 5
