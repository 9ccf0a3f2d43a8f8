"""The table of a comparison: whole numbers at any width, and its other forms."""

import csv
import io

import pytest
from rich.console import Console

from imbtorch.comparison.report.classes import classes_csv
from imbtorch.comparison.report.summary import best_recipe, format_value, shown_columns, summarize
from imbtorch.comparison.report.table import markdown_table, print_table
from imbtorch.comparison.report.table_forms import csv_table, latex_table
from imbtorch.comparison.report.tables import show_tables
from imbtorch.comparison.report.words import fewer_line
from imbtorch.comparison.verdict.judge import judge
from imbtorch.metrics.classification import classification_metrics

LONG = "focal:gamma=2+m2m:beta=0.99:lam=0.1+eos:k=10"
FAILED = [("dos", 0, "too few rows"), ("dos", 1, "too few rows")]


def row(recipe, seed, wrong, *, classes=3, decision=None):
    """Return the row of a run that is wrong on some test samples of the rarest class."""
    y = [k for k in range(classes) for _ in range(20)]
    predicted = [0 if k == classes - 1 and i % 20 < wrong else k for i, k in enumerate(y)]
    counts = [200 // 4**k for k in range(classes)]
    scores = [[0.8 if k == p else 0.2 / (classes - 1) for k in range(classes)] for p in predicted]
    return {
        "recipe": {"name": recipe},
        "seed": seed,
        "data": {
            "name": "shapes",
            "counts": counts,
            "classes": [f"class_{k}" for k in range(classes)],
        },
        "metrics": classification_metrics(y, predicted, counts, scores),
        "seconds": 1234.5 + seed,
        **({"decision": decision} if decision else {}),
    }


def rows(names=("erm", "rs", "drw"), **options):
    return [
        row(name, seed, (8, 4, 4)[i % 3] + seed, **options)
        for i, name in enumerate(names)
        for seed in (0, 1, 2)
    ]


def printed(given, width, **options):
    out = io.StringIO()
    print_table(summarize(given), "shapes", console=Console(file=out, width=width), **options)
    return out.getvalue()


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_cell_is_cut_and_80_columns_are_enough(width):
    text = printed(rows(), width, failures=FAILED)
    assert "…" not in text
    table = [line.rstrip() for line in text.splitlines() if "failed:" not in line]
    if width >= 80:
        assert max(map(len, table)) <= 80
        assert "training" in text
    for one in summarize(rows()):
        assert format_value(one, "balanced_accuracy") in text
        assert str(one.lead or "") in text
    assert "failed: dos, seeds 0, 1: too few rows" in text


def test_all_columns_on_request_and_long_names_whole():
    given = rows(("erm", LONG))
    text = printed(given, 80, wide=True)
    summaries = summarize(given)
    for name in shown_columns(summaries):
        assert format_value(summaries[1], name) in text
    assert "G-mean" in text
    narrow = printed(given, 80)
    assert LONG in narrow
    assert "G-mean" not in narrow
    assert format_value(summaries[1], "balanced_accuracy") in narrow


def test_a_tie_has_no_best():
    erm, rs, drw = summarize(rows())
    assert format_value(rs, "worst_recall") == format_value(drw, "worst_recall")
    assert best_recipe([erm, rs, drw], "worst_recall") == ""
    assert best_recipe([erm, rs], "worst_recall") == "rs"
    assert best_recipe([erm, rs], "majority_recall") == ""  # 100 percent both


def test_rare_classes_have_precision_and_auprc():
    one = summarize(rows())[0]
    metrics = rows()[0]["metrics"]
    assert metrics["precision"][1:] == [1.0, 1.0]
    assert one.mean["minority_precision"] == 1.0
    assert 0 < one.mean["minority_auprc"] < 1
    two = printed(rows(classes=2), 80)
    assert "AUPRC" in two
    assert "AUPRC" not in printed(rows(), 80)
    given = rows()
    table = list(csv.reader(io.StringIO(classes_csv(given))))
    assert table[0][3:] == [
        f"{name}: {what}, %"
        for what in ("recall", "precision", "AUPRC")
        for name in ("erm", "rs", "drw")
    ]
    assert {len(line) for line in table} == {12}
    assert table[1][6] == f"{100 * sum(r['metrics']['precision'][0] for r in given[:3]) / 3:.2f}"


def test_a_mean_is_over_the_runs_in_which_it_is_defined():
    given = rows()
    for at, value in enumerate((0.5, 0.7, None)):
        given[at]["metrics"]["gmean_macro"] = value
    for at in (3, 4, 5):
        given[at]["metrics"]["worst_recall"] = None
    erm, rs, drw = summarize(given)
    assert erm.mean["gmean_macro"] == pytest.approx(0.6)
    assert format_value(erm, "gmean_macro") == "60.0±14.1"
    assert format_value(rs, "worst_recall") == "-"
    assert (erm.fewer, rs.fewer, drw.fewer) == ({"gmean_macro": 2}, {}, {})
    assert fewer_line([erm, rs, drw]) == (
        "Undefined in some runs, and averaged over the others: G-mean macro (2 runs at least)."
    )
    assert fewer_line(summarize(rows())) == ""


def test_a_decision_is_a_column():
    decision = {
        "metrics": {"expected_cost": 0.125, "f1_macro": 0.5},
        "plain": {"expected_cost": 0.25, "f1_macro": 0.6},
    }
    given = rows(decision=decision)
    text = printed(given, 90)
    assert "0.125±0.000" in text
    assert "expected\n" not in text  # one heading of several lines
    assert "0.250±0.000" not in text
    assert "0.250±0.000" in printed(given, 90, wide=True)
    cheap = row("rs", 0, 4, decision={**decision, "metrics": {"expected_cost": 0.1}})
    summaries = summarize([row("erm", 0, 4, decision=decision), cheap])
    assert best_recipe(summaries, "decided") == "rs"  # the lower cost
    f1 = {"metrics": {"f1": 0.5}, "plain": {"f1": 0.4}}
    assert format_value(summarize([row("erm", 0, 4, decision=f1)])[0], "decided") == "50.0"


def test_latex_and_csv():
    given = rows(("erm", "a_b&c%"))
    summaries = summarize(given)
    text = latex_table(summaries, "shapes", failures=FAILED, wide=True)
    assert r"a\_b\&c\% & " in text
    assert r"\textbf{" in text
    assert "dos & failed" in text
    body = [line for line in text.splitlines() if line.endswith(r"\\")]
    plain = [line.replace(r"\&", "") for line in body]
    assert {line.count("&") for line in plain} == {len(shown_columns(summaries)) + 2}
    assert text.count("{") - text.count(r"\{") == text.count("}") - text.count(r"\}")
    narrow = latex_table(summaries, "shapes", failures=FAILED).splitlines()
    assert "few shot recall" not in narrow[3]
    assert {line.replace(r"\&", "").count("&") for line in narrow if line.endswith(r"\\")} == {5}
    erm, other, dos = csv.DictReader(io.StringIO(csv_table(summaries, failures=FAILED)))
    assert (erm["verdict"], dos["recipe"], dos["seeds"]) == ("", "dos", "0")
    lead = summaries[1].lead
    assert float(other["lead"]) == pytest.approx(100 * lead.mean)
    assert other["verdict"] == lead.verdict
    assert float(other["balanced accuracy std"]) == pytest.approx(
        100 * summaries[1].std["balanced_accuracy"], rel=1e-5
    )


def test_the_folder_has_every_form_and_the_verdict_in_words(tmp_path, capsys):
    given = rows()
    show_tables(tmp_path, given, failures=FAILED)
    shown = capsys.readouterr().out
    assert "mean ± std over 3 seeds, percent" in shown
    assert "Not known: rs, drw." in shown  # of these runs, no outputs are stored
    page = (tmp_path / "table.md").read_text()
    verdicts = judge(given, folder=tmp_path)
    assert page == markdown_table(
        summarize(given, verdicts=verdicts),
        "shapes, mean ± std over 3 seeds, percent",
        failures=FAILED,
        sentences=verdicts.sentences,
    )
    show_tables(tmp_path, given, latex=True)
    assert capsys.readouterr().out == (tmp_path / "table.tex").read_text()
    show_tables(tmp_path, given, comma=True)
    assert capsys.readouterr().out == (tmp_path / "table.csv").read_text()
    show_tables(tmp_path, given[:1])
    assert "shapes, mean over 1 seed, percent" in capsys.readouterr().out
    show_tables(tmp_path, [{**row, "folds": 3, "fold": row["seed"] % 3} for row in given])
    assert "mean ± std over 1 repetition of 3 folds, percent" in capsys.readouterr().out
