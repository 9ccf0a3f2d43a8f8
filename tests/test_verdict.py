"""The verdict: Dunnett's test on blocks of seeds, pooled variances."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from verdict_simulation import shares, spreads

from imbtorch.comparison.verdict.dunnett import critical_value, pooled_variances
from imbtorch.comparison.verdict.judge import judge

FASHION = {"erm": [0.7854, 0.7925], "rs": [0.8494, 0.8466]}
"""Fashion-MNIST, 100 to 1, 10,000 test images: 78.9 ± .5 and 84.8 ± .2 over two seeds."""


def made(values, folds=None, f1=None, trained=(70, 10), **more):
    """Return result rows of recipe -> balanced accuracies, by seed; None where a run failed.

    With folds, `trained` samples of each class stand beside 20 held-out ones.
    """
    return [
        {
            "recipe": {"name": name},
            "seed": s,
            "data": {"counts": list(trained)},
            "metrics": {
                "balanced_accuracy": value,
                "f1_macro": (f1 or {}).get(name, 0.5),
                "confusion": [[11, 1], [2, 6]],
            },
            **({"folds": folds} if folds else {}),
            **more,
        }
        for name, by_seed in values.items()
        for s, value in enumerate(by_seed)
        if value is not None
    ]


@pytest.mark.parametrize(("number", "df"), [(2, 5), (4, 12), (5, np.inf), (9, 18)])
def test_the_critical_value_is_that_of_the_multivariate_t(number, df):
    c = critical_value(number, df)
    shape = np.full((number, number), 0.5) + 0.5 * np.eye(number)
    inside = stats.multivariate_t.cdf(
        np.full(number, c),
        shape=shape,
        df=min(df, 10**6),
        lower_limit=np.full(number, -c),
        random_state=np.random.default_rng(0),
    )
    assert inside == pytest.approx(0.95, abs=1e-3)
    assert critical_value(1, df) == pytest.approx(stats.t.ppf(0.975, df))


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.tuples(st.floats(0, 10), st.integers(1, 9)), min_size=1, max_size=8),
    st.randoms(use_true_random=False),
)
def test_pooled_variances_keep_to_what_they_are_made_of(given_, random):
    variances, dfs = (np.array(column) for column in zip(*given_, strict=True))
    pooled, total, apart = pooled_variances(variances, dfs)
    assert (pooled >= variances.min() - 1e-12).all()
    assert (pooled <= variances.max() + 1e-12).all()
    assert (total >= dfs).all()
    assert (total <= 3 * dfs).all()
    assert (pooled[apart] == variances[apart]).all()
    assert not apart.all() or len(given_) > 1
    order = random.sample(range(len(given_)), len(given_))
    moved = pooled_variances(variances[order], dfs[order])[0]
    if len(set(variances.tolist())) == len(variances):  # ties leave the pool in order
        np.testing.assert_allclose(moved, pooled[order])
    np.testing.assert_allclose(pooled_variances(4 * variances, dfs)[0], 4 * pooled)


def test_two_recipes_are_compared_by_students_t():
    lead = judge(made({"erm": [0.70, 0.62, 0.63], "drw": [0.80, 0.70, 0.75]})).leads["drw"]
    # differences .10, .08, .12: mean .1, sd .02, t(2) = 4.3027
    assert lead.mean == pytest.approx(0.10)
    assert lead.noise == pytest.approx(4.3027 * 0.02 / 3**0.5, rel=1e-4)
    assert (lead.verdict, str(lead), lead.sentences) == ("better", "+10.0±5.0", ())
    worse = judge(made({"erm": [0.70, 0.71, 0.7], "drw": [0.5, 0.52, 0.5]})).leads["drw"]
    assert worse.verdict == "worse"


def test_what_two_seeds_cannot_tell_alone_the_other_recipes_tell():
    alone = judge(made(FASHION)).leads["rs"]
    assert alone.mean == pytest.approx(0.059, abs=1e-4)
    assert alone.verdict == "within noise"
    assert alone.more_seeds == 1
    others = {"drw": [0.811, 0.815], "focal": [0.786, 0.794], "ldam": [0.806, 0.819]}
    verdicts = judge(made({**FASHION, **others}))
    assert verdicts.leads["rs"].verdict == "better"
    assert verdicts.leads["focal"].verdict == "within noise"
    assert verdicts.sentences[0].startswith("Better than erm beyond noise: rs (+5.9±")


def test_what_all_seeds_share_changes_nothing():
    values = {"erm": [0.5, 0.6, 0.7], "rs": [0.55, 0.68, 0.74], "drw": [0.51, 0.6, 0.72]}
    shift = np.array([0.1, -0.2, 0.05])
    moved = {name: (np.array(of) + shift).tolist() for name, of in values.items()}
    one, other = judge(made(values)).leads, judge(made(moved)).leads
    for name in one:
        assert other[name].mean == pytest.approx(one[name].mean)
        assert other[name].noise == pytest.approx(one[name].noise)


def test_false_better_and_power():
    equal = shares(spreads(6)["equal"], 3, 0.0, 200)
    assert equal["judge"] <= 5 < equal["paired t"]
    noisy = shares(spreads(6)["baseline x 3"], 3, 0.0, 200)
    assert noisy["judge"] < noisy["pooled"]
    power = shares(spreads(6)["equal"], 3, 3.0, 100)
    assert power["judge"] > power["paired t"]
    collapsed = shares(spreads(6)["one recipe x 10"], 3, 3.0, 100)
    assert collapsed["judge"] > 40 > collapsed["pooled"]


def test_one_recipe_that_collapses_is_said_and_costs_the_others_nothing():
    values = {
        "erm": [0.80, 0.81, 0.79],
        "rs": [0.85, 0.857, 0.842],
        "drw": [0.842, 0.85, 0.83],
        "ldam": [0.1, 0.85, 0.5],
    }
    verdicts = judge(made(values))
    assert [verdicts.leads[n].verdict for n in ("rs", "drw")] == ["better"] * 2
    assert verdicts.leads["ldam"].verdict == "within noise"
    assert any("ldam vary far more from seed to seed" in line for line in verdicts.sentences)


@pytest.mark.parametrize(
    ("more", "ratio"),
    [
        ({}, 20 / 80),  # of 5 folds
        ({"trained": (16, 4)}, 20 / 20),  # a profile cuts the training samples, not the others
        ({"decision": {"metrics": {"f1": None}}}, 20 / 64),  # a fifth is held out for it
    ],
)
def test_folds_overlap(more, ratio):
    values = {"erm": [0.5, 0.52, 0.49, 0.51, 0.5], "rs": [0.53, 0.56, 0.5, 0.55, 0.54]}
    lead = judge(made(values, folds=5, **more)).leads["rs"]
    gains = np.subtract(values["rs"], values["erm"])
    # Nadeau and Bengio: (1/n + n_test/n_train) times the variance
    width = stats.t.ppf(0.975, 4) * (gains.var(ddof=1) * (1 / 5 + ratio)) ** 0.5
    assert lead.noise == pytest.approx(width)


def test_more_folds_come_as_repetitions():
    values = {"erm": [0.5, 0.6, 0.4, 0.5], "rs": [0.51, 0.59, 0.42, 0.52]}
    (_, said) = judge(made(values, folds=2)).sentences
    assert said == "rs: +1.0 is too small to tell from noise with fewer than 100 more repetitions."


def test_runs_that_are_missing():
    values = {
        "erm": [0.5, 0.51, None, 0.5],
        "rs": [0.6, 0.61, 0.9, 0.6],
        "drw": [0.6, None, None, None],
        "m2m": [None, None, 0.7, None],
    }
    verdicts = judge(made(values))
    assert verdicts.leads["rs"].mean == pytest.approx(0.1)  # over the seeds of both
    assert verdicts.leads["rs"].seeds == 3
    assert verdicts.leads["drw"].verdict == "noise unknown"
    assert "m2m" not in verdicts.leads
    assert any(line.startswith("drw: the lead is over the seeds") for line in verdicts.sentences)
    without = judge(made({"rs": [0.6, 0.61], "drw": [0.7, 0.71]}))
    assert (without.baseline, list(without.leads)) == ("rs", ["drw"])
    assert judge(made({"erm": [0.5, 0.6]})).sentences == []
    assert judge([]).leads == {}


def test_equal_runs_are_no_lead():
    verdicts = judge(made({"erm": [0.5, 0.6, 0.7], "rs": [0.5, 0.6, 0.7]}))
    assert (verdicts.leads["rs"].verdict, str(verdicts.leads["rs"])) == ("within noise", "+0.0±0.0")
    assert verdicts.sentences == ["No recipe is better than erm beyond noise; within noise: rs."]


def test_what_a_reader_may_misread_is_said():
    values = {
        "erm": [0.50, 0.51, 0.50, 0.51],
        "rs": [0.60, 0.61, 0.60, 0.61],
        "ldam": [0.95, 0.30, 0.90, 0.50],
    }
    said = judge(made(values, f1={"erm": 0.55, "rs": 0.48})).sentences
    assert (
        "ldam has the highest balanced accuracy, but its lead is within noise; rs has a smaller "
        "lead that is beyond it." in said
    )
    assert any("macro F1 below that of erm: rs (7.0 points)" in line for line in said)
    assert not any("macro F1" in line for line in judge(made(values)).sentences)


def test_more_seeds_settle_what_they_are_said_to():
    values = {"erm": [0.50, 0.53, 0.49], "rs": [0.52, 0.54, 0.52]}
    lead = judge(made(values)).leads["rs"]
    assert lead.verdict == "within noise"
    gains = np.subtract(values["rs"], values["erm"])
    widths = {n: stats.t.ppf(0.975, n - 1) * gains.std(ddof=1) / n**0.5 for n in range(2, 60)}
    enough = next(n for n in range(4, 60) if widths[n] < gains.mean())
    assert lead.more_seeds == enough - 3
    assert f"{enough - 3} more seed" in lead.sentences[0]


@pytest.mark.parametrize(("number", "named"), [(8, 8), (9, 5)])
def test_eight_recipes_are_all_named_and_of_more_five(number, named):
    values = {"erm": [0.5, 0.51, 0.5], **{f"r{i}": [0.8, 0.81, 0.8] for i in range(number)}}
    said = judge(made(values)).sentences[0]
    assert sum(f"r{i} (" in said for i in range(number)) == named
    assert ("and 4 more" in said) == (number > named)
    assert "1 more" not in said


def test_what_no_seed_changes_says_nothing_of_noise(tmp_path):
    def rows(values):
        return [
            {**row, "decision": {"metrics": {"f1": row["metrics"]["balanced_accuracy"]}}}
            for row in made(values)
        ]

    fixed = {"logistic": [0.800, 0.800], "knn": [0.801, 0.801]}
    found = judge(rows(fixed), "logistic", tmp_path)
    assert found.leads["knn"].verdict == "noise unknown"
    assert "All seeds give the same" in found.sentences[1]
    varied = {"erm": [0.70, 0.74], "rs": [0.75, 0.80]}
    mixed = judge(rows({**fixed, **varied}), "logistic", tmp_path).leads
    assert mixed["knn"].verdict == "noise unknown"
    assert "all seeds give the same" in mixed["knn"].sentences[0]
    without = judge(rows({"logistic": fixed["logistic"], **varied}), "logistic", tmp_path).leads
    assert mixed["erm"].seed_noise == pytest.approx(without["erm"].seed_noise, rel=0.2)
