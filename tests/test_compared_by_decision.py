"""With a decision, recipes are compared by what it was chosen for, not by balanced accuracy."""

from functools import partial

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.sparse import csr_array

from imbtorch import load_checkpoint
from imbtorch.comparison import decisions
from imbtorch.comparison.compare import _keep
from imbtorch.comparison.deciding import deciding
from imbtorch.comparison.grid import run_grid
from imbtorch.comparison.kept import checkpoint_path, keep_outputs, stored_outputs
from imbtorch.comparison.make_task import make_task
from imbtorch.comparison.outputs import Decided, Outputs
from imbtorch.comparison.report.answer import answer, chosen, use
from imbtorch.comparison.report.decided import decision_sentences
from imbtorch.comparison.report.results import ranked, table_columns
from imbtorch.comparison.report.summary import (
    CALIBRATION,
    COLUMNS,
    DECIDED,
    Summary,
    best_recipe,
    format_value,
)
from imbtorch.comparison.report.tables import show_tables
from imbtorch.comparison.verdict.judge import judge
from imbtorch.comparison.verdict.lead import Lead
from imbtorch.comparison.verdict.measure import Measure
from imbtorch.metrics import Decision, expected_cost
from imbtorch.progress import progress_bar

ACCURACY = {"erm": 0.70, "rs": 0.90, "hgb": 0.80}
COST = {"erm": [0.14, 0.15, 0.142], "rs": [0.16, 0.171, 0.161], "hgb": [0.12, 0.131, 0.12]}


def made(costs=COST, key="expected_cost", folds=None):
    """Return rows whose balanced accuracy is of one order, and whose decided figure of another."""
    return [
        {
            "recipe": {"name": name},
            "seed": s,
            "data": {"name": "made", "classes": ["a", "b"], "counts": [90, 10]},
            "metrics": {
                "balanced_accuracy": ACCURACY[name] + s / 1000,
                "f1_macro": 0.9 - ACCURACY[name],
                "recall": [ACCURACY[name]] * 2,
                "confusion": [[40, 5], [2, 3]],
            },
            "decision": {"metrics": {key: value, "f1_macro": 0.5}, "plain": {key: 2 * value}},
            "seconds": 1.0,
            **({"folds": folds} if folds else {}),
        }
        for name, of in costs.items()
        for s, value in enumerate(of)
    ]


def test_less_cost_is_better_whatever_the_balanced_accuracy():
    verdicts = judge(made())
    assert verdicts.measure == Measure("expected_cost", True, 3)
    hgb, rs = verdicts.leads["hgb"], verdicts.leads["rs"]
    assert hgb.mean == pytest.approx(np.mean(COST["erm"]) - np.mean(COST["hgb"]))
    assert (hgb.verdict, rs.verdict) == ("better", "worse")
    assert str(hgb).startswith("+0.020±0.00")
    assert verdicts.sentences[0].startswith("Better than erm by expected cost beyond noise: hgb (+")
    assert "the highest balanced accuracy without one has rs (90.1 %)." in verdicts.sentences[-1]
    assert not any("macro F1" in said for said in verdicts.sentences)
    plain = [{name: v for name, v in row.items() if name != "decision"} for row in made()]
    assert judge(plain).measure == Measure()
    assert judge(plain).leads["rs"].verdict == "better"


def test_of_a_metric_more_is_better():
    verdicts = judge(made(key="f1"))
    assert verdicts.leads["rs"].verdict == "better"
    assert str(verdicts.leads["rs"]).startswith("+2.0±")
    assert "by f1 beyond noise: rs" in verdicts.sentences[0]


def test_what_is_undefined_or_missing_in_a_row_decides_nothing():
    rows = made()
    assert Measure.of([]) == Measure()
    assert Measure.of([*rows, {"metrics": {}}]) == Measure()
    rows[0]["decision"]["metrics"]["expected_cost"] = None
    assert Measure.of(rows) == Measure()


@pytest.mark.parametrize(
    ("cost", "said"), [(0.0, "0.000"), (0.00123, "0.00123"), (0.99, "0.990"), (5432.1, "5432")]
)
def test_a_cost_is_shown_in_its_own_size(cost, said):
    rows = [{"decision": {"metrics": {"expected_cost": cost}}}]
    assert Measure.of(rows).shown(cost) == said


def keep(folder, recipe, seed, y, classes, costs):
    each = np.asarray(costs)[y, classes]
    labels, p = torch.as_tensor(y), torch.full((len(y), 2), 0.5)
    decided = Decided(Decision(), classes, each)
    keep_outputs(folder, recipe, seed, Outputs(torch.zeros(len(y), 1), labels, labels, p, decided))
    return float(each.mean())


def test_the_noise_of_the_test_samples_is_that_of_paired_costs(tmp_path):
    rng, costs = np.random.default_rng(0), [[0.0, 1.0], [30.0, 0.0]]
    y = (rng.random(400) < 0.1).astype(np.int64)
    chosen_by = {"erm": rng.random((2, 400)) < 0.2, "hgb": rng.random((2, 400)) < 0.3}
    values = {
        name: [keep(tmp_path, name, s, y, of[s].astype(np.int64), costs) for s in range(2)]
        for name, of in chosen_by.items()
    }
    assert values["erm"][0] == expected_cost(y, chosen_by["erm"][0], costs)
    lead = judge(made(values), folder=tmp_path).leads["hgb"]
    each = {n: np.array(costs)[y, of.astype(int)].mean(0) for n, of in chosen_by.items()}
    paired = each["erm"] - each["hgb"]
    assert lead.mean == pytest.approx(paired.mean())
    # the interval of the paired z-test on samples
    assert lead.test_noise == pytest.approx(
        stats.norm.ppf(0.975) * paired.std(ddof=1) / 20, rel=1e-6
    )
    for seed in range(2):
        (tmp_path / "checkpoints" / f"erm-seed{seed}-outputs.npz").unlink()
    verdicts = judge(made(values), folder=tmp_path)
    assert np.isnan(verdicts.leads["hgb"].test_noise)
    assert any(said.startswith("hgb: the noise of the test") for said in verdicts.sentences)


def test_a_metric_that_is_no_mean_is_judged_by_seeds_alone(tmp_path):
    y = np.arange(40) % 2
    for name in ACCURACY:
        keep(tmp_path, name, 0, y, y, [[0.0, 1.0], [1.0, 0.0]])
    verdicts = judge([row for row in made(key="f1") if row["seed"] == 0], folder=tmp_path)
    assert np.isnan(verdicts.leads["rs"].test_noise)
    verdicts = judge(made(key="f1"), folder=tmp_path)
    assert verdicts.leads["rs"].verdict == "better"
    assert any("training seeds alone" in said for said in verdicts.sentences)


EXPECTED = Measure("expected_cost", True, 3)
NAMES = (*COLUMNS, *CALIBRATION, *DECIDED, "seconds")


def summary(recipe, cost, lead=None, accuracy=0.5, measure=EXPECTED):
    mean = {**dict.fromkeys(NAMES, 0.5), "balanced_accuracy": accuracy, "decided": cost}
    mean |= {"undecided": 2 * cost, "seconds": 10.0}
    lead = None if lead is None else Lead(*lead, measure=measure)
    return Summary(recipe, mean, dict.fromkeys(NAMES, 0.01), lead, 3, measure=measure)


ERM = summary("erm", 0.143)


@pytest.mark.parametrize(
    ("lead", "best", "said"),
    [
        ((0.022, 0.01), "hgb", "Use hgb: expected cost 0.121 a sample, 0.022 less than plain "
         "training (95 % interval 0.012 to 0.032), for the same training time (10 s)."),
        ((0.022, 0.03), "erm", "Stay with plain training (erm), expected cost 0.143 a sample: no "
         "recipe is better beyond noise; the closest, hgb, costs 0.022 ± 0.030 less."),
        ((0.022, np.inf), "hgb", "hgb has expected cost 0.121 a sample, plain training 0.143: "
         "whether that is noise cannot be told from one training seed."),
    ],
)  # fmt: skip
def test_the_answer_is_about_the_cost(lead, best, said):
    dearer = summary("ldam+drw", 0.162, (-0.019, 0.005), accuracy=0.9)
    both = [ERM, dearer, summary("hgb", 0.121, lead)]
    assert chosen(both, "erm").recipe == best
    assert use(both, "erm") == said
    assert [one.recipe for one in ranked(both)] == ["hgb", "erm", "ldam+drw"]
    assert best_recipe(both, "decided") == "hgb"
    assert format_value(both[2], "decided") == "0.121±0.010"
    assert [next(iter(of)) for of in table_columns(both)] == ["decided", "decided"]


def test_no_recipe_below_is_said_as_such():
    both = [ERM, summary("rs", 0.15, (-0.007, 0.01))]
    assert use(both, "erm").endswith("has expected cost 0.143 a sample, and no recipe is below it.")


def test_of_a_metric_the_answer_is_in_points():
    f1 = Measure("f1", True)
    both = [summary("erm", 0.4, measure=f1), summary("rs", 0.5, (0.1, 0.05), measure=f1)]
    assert use(both, "erm").startswith(
        "Use rs: 50.0 % f1 under its decision, +10.0 points over plain training (95 % interval "
        "+5.0 to +15.0)"
    )


def test_weak_classes_are_said_to_be_without_the_decision():
    confusion = np.array([[9, 1], [3, 7]])
    arguments = ["a", "b"], [90, 10], np.array([0.9, 0.7]), csr_array(confusion), 20
    # a chance level of plain balanced accuracy says nothing of the decision
    said = answer([ERM], "erm", *arguments)
    assert "chance" not in said[0]
    assert said[1].startswith("Without erm's decision, by the most probable class: one class stays")


def test_the_table_leads_with_the_cost(tmp_path, capsys):
    show_tables(tmp_path, made())
    said = capsys.readouterr().out
    assert "percent; cost per sample" in said
    order = [said.index(f"\n {name} ") for name in ("hgb", "erm", "rs")]
    assert order == sorted(order)
    heading = (tmp_path / "table.csv").read_text().splitlines()
    assert heading[0].startswith("recipe,seeds,lead,lead noise,")
    assert "verdict,expected cost decided,expected cost decided std,balanced acc" in heading[0]
    assert heading[1].startswith("hgb,3,0.0203333,")
    assert "cost saved over erm" in (tmp_path / "table.tex").read_text()


def test_folds_are_no_seeds_in_the_title(tmp_path, capsys):
    show_tables(tmp_path, made(folds=3))
    assert "over 1 repetition of 3 folds, percent" in capsys.readouterr().out


@pytest.fixture
def task(feature_file):
    task = make_task(str(feature_file), epochs=2)
    return deciding(task, "balanced_accuracy", None)


def test_a_run_chooses_its_decision_once_and_stores_what_it_decides(task, tmp_path, monkeypatch):
    calls = []

    def counted(*given):
        calls.append(given)
        return original(*given)

    original = decisions.decision_for
    monkeypatch.setattr(decisions, "decision_for", counted)
    with progress_bar(total=2, disable=True) as bar:
        keep = partial(_keep, task, tmp_path)
        (row,) = run_grid(task, [task.recipe("erm")], [0], tmp_path, bar, keep).rows
    assert len(calls) == 1
    found = stored_outputs(tmp_path, "erm", 0)
    stored = load_checkpoint(checkpoint_path(tmp_path, "erm", 0))[1]["decision"]
    decision = Decision.from_json({k: row["decision"][k] for k in Decision().to_json()})
    assert stored == decision.to_json()
    p = found["probabilities"].astype(np.float64)
    np.testing.assert_array_equal(
        found["decided"], decision.classes(decision.calibrated(p / p.sum(1, keepdims=True)))
    )
    recalls = [(found["decided"] == k)[found["labels"] == k].mean() for k in range(p.shape[1])]
    assert row["decision"]["metrics"]["balanced_accuracy"] == pytest.approx(np.mean(recalls))


def test_the_report_says_what_the_decision_finds_of_the_rarer_class():
    runs = made({"erm": [0.14, 0.15]})
    for run, recall in zip(runs, (0.8, 0.9), strict=True):
        run["decision"]["metrics"] |= {"recall": recall, "precision": 0.25}
        run["decision"]["best"] = None
    said = decision_sentences({"erm": runs}, "erm")
    assert said[0].endswith("validation split: erm 0.145 (without 0.29, at best undefined).")
    found = "So decided, erm finds 85.0 % of b, and is right in 25.0 % of what it calls b."
    assert said[1] == found
