"""The papers' figures: complete by the list of what the papers have, drawn from stored runs."""

import re
from dataclasses import replace

import numpy as np
import pytest

from imbtorch import InputError, make_recipe
from imbtorch.cli import main
from imbtorch.comparison.task import Task
from imbtorch.reproduction import reproduce as command
from imbtorch.reproduction.drawings import DRAWINGS, Panel, drawn_numbers
from imbtorch.reproduction.paper_figure import figure_names, load_figure
from imbtorch.reproduction.paper_table import load_table, table_names
from imbtorch.reproduction.papers import load_papers
from imbtorch.reproduction.reproduce import reproduce

PAPERS = load_papers()
ROMAN = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5}
CAPTION = re.compile(
    r"^(Table|Fig)(?:ure|\.)?:? (\d+|[IV]+)\b(?=:|$)", re.MULTILINE | re.IGNORECASE
)
"""A caption of a table or figure in the papers' texts, with its number."""


def test_everything_that_can_be_run_is_listed_and_everything_listed_can_be_run():
    listed = {name for paper in PAPERS.values() for name in paper.names}
    assert listed == {*table_names(), *figure_names()}


@pytest.mark.parametrize("name", [name for name in PAPERS if name != "own"])
def test_the_numbers_of_a_papers_tables_and_figures_have_no_gaps(name):
    paper = PAPERS[name]
    for entries in (paper.tables, paper.figures):
        assert list(entries) == list(range(1, len(entries) + 1))
        assert all(bool(entry.names) != bool(entry.why) for entry in entries.values())


def test_the_numbers_are_those_of_the_papers_captions(shared_data):
    for name in ("amo", "aos", "dos", "eos"):
        paper = PAPERS[name]
        text = (shared_data.parent / "papers" / paper.text).read_text()
        found = {"table": set(), "fig": set()}
        for kind, number in CAPTION.findall(text):
            found[kind.lower()].add(ROMAN.get(number) or int(number))
        assert found["table"] == set(paper.tables)
        assert found["fig"] == (set() if name == "aos" else set(paper.figures))  # it has no number
    notes = (shared_data.parent / "papers" / PAPERS["m2m"].text).read_text()
    assert notes.count("![figure") == len(PAPERS["m2m"].figures)
    assert {int(n) for n in re.findall(r"Table (\d+)", notes)} == {max(PAPERS["m2m"].tables)}


@pytest.mark.parametrize("name", figure_names())
def test_figures_are_whole(name):
    figure = load_figure(name)
    assert figure.drawing in DRAWINGS
    assert figure.claim
    assert figure.note
    drawn = {panel for column in figure.columns for panel in figure.panels_of(column)}
    assert drawn == set(figure.panels)
    for table in figure.tables.values():
        for recipe in table.recipes:
            assert make_recipe(recipe, 8).name == recipe


def test_figures_share_their_runs_with_the_tables():
    def runs(table):
        return {
            (tuple(sorted(options.items())), recipe)
            for options in table.columns.values()
            for recipe in table.recipes
        }

    def of_figure(name):
        return set().union(*map(runs, load_figure(name).only("cifar").tables.values()))

    tables = set().union(*(runs(load_table(name)) for name in table_names()))
    alone = {name for name in figure_names() if not of_figure(name) <= tables}
    assert alone == {"eos-figure-7"}  # the epochs of the head


def panel(drawing, **made):
    counts = [40, 20, 5]
    data = {"classes": ["a", "b", "c"], "counts": counts}
    figure = replace(load_figure("eos-figure-6"), drawing=drawing, pair=(0, 2), axis="epochs")
    figure = replace(figure, measures=["balanced_accuracy"])
    return Panel(figure, data, **{"rows": [], "training": {}, "examples": {}, **made})


def test_sizes_go_from_the_most_to_the_least_frequent_class():
    numbers = drawn_numbers(DRAWINGS["sizes"](panel("sizes")))
    label = "training samples"
    assert numbers == [(label, "a", 40.0), (label, "b", 20.0), (label, "c", 5.0)]


def test_a_metric_is_drawn_against_the_number_in_the_label():
    rows = [
        {"recipe": {"name": f"EOS {n}"}, "metrics": {"balanced_accuracy": value}}
        for n, value in ((20, 0.75), (5, 0.5), (5, 0.7))
    ]
    numbers = drawn_numbers(DRAWINGS["against"](panel("against", rows=rows)))
    assert [(name, at) for name, at, _ in numbers] == [("EOS", "5"), ("EOS", "20")]
    assert [value for *_, value in numbers] == pytest.approx([60, 75])


def test_the_boundary_is_that_of_the_two_classes_asked_for():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), 12)
    predicted = np.where(np.arange(36) % 5 == 0, 1, labels)  # all mistakes are for class 1
    features = rng.normal(size=(36, 4)) + 9 * labels[:, None]
    training = {"EOS": {"features": features, "labels": labels, "predicted": predicted}}
    figure = DRAWINGS["boundary"](panel("boundary", training=training))
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a", "c"]
    assert sum(len(dots.get_offsets()) for dots in figure.axes[0].collections[-2:-1]) == 24


def test_a_figure_runs_draws_and_goes_on_from_what_is_stored(tmp_path, monkeypatch, capsys):
    whole = load_figure("eos-figure-6")
    options = {"data": "digits", "model": "mlp", "augment": "none", "epochs": 1}
    digits = {"digits": {**options, "profile": "exponential", "ratio": 10.0}}
    panels = {"CE": {"none": "erm", "EOS": "eos:epochs=2"}}
    for drawing in ("boundary", "gap"):
        figure = replace(whole, drawing=drawing, columns=digits, panels=panels)
        monkeypatch.setattr(command, "load_figure", lambda name, figure=figure: figure)
        assert reproduce(whole.name, tmp_path, 1, scale="quick", epochs=1) == 0
        folder = tmp_path / "eos-figure-6-quick"
        page = (folder / "figure.html").read_text()
        assert 'src="digits.png"' in page
        assert "Not drawn" not in page
        assert (folder / "digits.png").stat().st_size > 5_000
        monkeypatch.setattr(Task, "fit", None)  # nothing is trained a second time
    lines = (folder / "digits.csv").read_text().splitlines()
    assert lines[0] == "line,at,value"
    (stored,) = tmp_path.glob("runs/*/results.jsonl")
    assert stored.read_text().count("\n") == 2
    assert [line.split(",")[0] for line in lines[1:]] == (
        ["none"] * 10 + ["EOS"] * 10 + ["training samples"] * 10
    )
    for kept in tmp_path.glob("runs/*/checkpoints/*-training.npz"):
        kept.unlink()
    figure = replace(whole, columns=digits, panels=panels)
    monkeypatch.setattr(command, "load_figure", lambda name: figure)
    assert reproduce(whole.name, tmp_path, 1, scale="quick", epochs=1) == 0
    assert "digits: EOS: what it is drawn from was not kept" in capsys.readouterr().out


def test_unknown_figures_and_columns_are_refused(tmp_path, capsys):
    with pytest.raises(InputError, match="did you mean eos-figure-3"):
        reproduce("eos-figur-3", tmp_path)
    with pytest.raises(InputError, match="columns is 'stl'"):
        reproduce("eos-figure-3", tmp_path, columns="stl")
    assert main(["reproduce", "--list", "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in figure_names())
    assert "DOS Table 4: a list of data sets" in said
