"""The report answers: the right recipe, the worst confusions, mistakes and curves, safely."""

import base64
import io
import json
from html.parser import HTMLParser

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.sparse import csr_array

from imbtorch.comparison.kept import keep_outputs
from imbtorch.comparison.outputs import Outputs
from imbtorch.comparison.report.answer import answer, chosen, use
from imbtorch.comparison.report.canvas import held_out
from imbtorch.comparison.report.html import write_report
from imbtorch.comparison.report.mistakes import OF_A_PAIR, SHOWN, confident_mistakes
from imbtorch.comparison.report.page_data import taken_for, worst_confusions
from imbtorch.comparison.report.results import lead_spans, leading
from imbtorch.comparison.report.summary import Summary
from imbtorch.comparison.verdict.lead import Lead
from imbtorch.data.profiles.profile import Profile
from imbtorch.data.rows import Rows
from imbtorch.metrics import classification_metrics

HOSTILE = "</script><script>alert(1)</script><!--"


def summary(recipe, accuracy, lead=None, **more):
    mean = {"balanced_accuracy": accuracy, "seconds": 10.0, "f1_macro": accuracy, **more}
    return Summary(recipe, mean, dict.fromkeys(mean, 0.01), lead, 3)


ERM = summary("erm", 0.70)


@pytest.mark.parametrize(
    ("others", "best", "said"),
    [
        ([], "erm", "erm reaches 70.0 % balanced accuracy; name more recipes"),
        ([summary("rs", 0.75, Lead(0.05, 0.02))], "rs", "+5.0 points over plain training (95 % "
         "interval +3.0 to +7.0), for the same training time (10 s)"),
        ([summary("rs", 0.75, Lead(0.05, 0.06))], "erm", "the closest, rs, leads by 5.0 ± 6.0"),
        ([summary("rs", 0.75, Lead(0.05, np.inf, test_noise=0.07))], "erm",
         "the closest, rs, leads by 5.0 ± 7.0 points"),
        ([summary("rs", 0.65, Lead(-0.05, 0.06))], "erm", "no recipe is above it"),
        ([summary("rs", 0.75, Lead(0.05, np.inf))], "rs", "cannot be told from one training seed"),
        # the surest lead, not the highest mean
        ([summary("rs", 0.75, Lead(0.05, 0.06)), summary("drw", 0.73, Lead(0.03, 0.02))], "drw",
         "+3.0 points"),
        # one that is within noise is not named for want of a seed of another
        ([summary("rs", 0.75, Lead(0.05, 0.06)), summary("drw", 0.6, Lead(-0.1, np.inf))], "erm",
         "the closest, rs, leads by 5.0 ± 6.0"),
        ([summary("rs", 0.75, Lead(0.05, 0.06)), summary("drw", 0.73, Lead(0.03, np.inf))], "drw",
         "drw reaches 73.0 % balanced accuracy, plain training 70.0 %: whether that is noise "
         "cannot be told from one training seed"),
        ([summary("rs", 0.75, Lead(0.05, np.inf, 0.02))], "rs", "cannot be told without lost out"),
        ([summary("rs", 0.75)], "erm", "no other recipe has a training seed of its runs"),
    ],
)  # fmt: skip
def test_the_answer_names_the_recipe_that_is_better_beyond_noise(others, best, said):
    assert chosen([ERM, *others], "erm").recipe == best
    assert said in use([ERM, *others], "erm")


def test_the_answer_says_which_classes_stay_weak_and_why():
    arguments = ["cat", "dog", "fox"], [500, 60, 5]
    confusion = csr_array(np.array([[9, 1, 0], [2, 8, 0], [6, 1, 3]]))
    _, weak, why = answer([ERM], "erm", *arguments, np.array([0.9, 0.8, 0.3]), confusion, 20)
    assert weak == "One class stays weak: fox (30.0 % recognized, 5 training samples)."
    assert (
        why
        == "Why: fox has fewer than 20 training samples; fox is most often taken for cat (60.0 %)."
    )
    said = answer([ERM], "erm", *arguments, np.array([1.0, 0.95, np.nan]), confusion, 20)
    assert said[1:] == ["No class stays weak: the lowest recall is 95.0 %, of dog."]
    for recall in ([0.1, np.nan, np.nan], [0.4, 0.4, 0.4]):
        _, weak, *_ = answer([ERM], "erm", *arguments, np.array(recall), confusion, 20)
        assert "weak: cat" in weak
    poor = summary("erm", 0.34)
    assert (
        "hardly more than chance" in answer([poor], "erm", *arguments, np.ones(3), confusion, 20)[0]
    )


def test_leads_are_drawn_within_their_cell():
    tied = [ERM, summary("rs", 0.7004, Lead(0.0004, 0.1)), summary("drw", 0.6, Lead(-0.1, np.inf))]
    spans, zero = lead_spans(tied)
    assert set(spans) == {"rs", "drw"}
    assert all(0 <= start <= mean <= start + width <= 100 for start, width, mean in spans.values())
    assert spans["drw"][2] < zero < spans["rs"][2] + 1
    many = [ERM, *(summary(f"r{i}", 0.8 + i / 100, Lead(0.1, 0.01)) for i in range(15))]
    assert [s.recipe for s in leading(many, many[1])] == [
        *(f"r{i}" for i in range(14, 4, -1)),
        "r0",
        "erm",
    ]


@settings(deadline=None, max_examples=50)
@given(st.integers(2, 6), st.integers(0, 999))
def test_confusions_are_those_of_the_matrix(number, seed):
    rng = np.random.default_rng(seed)
    matrix = rng.integers(0, 4, (number, number)) * rng.integers(0, 2, (number, number))
    found = worst_confusions(csr_array(matrix))
    assert all(t != p and n == matrix[t, p] > 0 and back == matrix[p, t] for t, p, n, back in found)
    off = matrix - np.diag(np.diag(matrix))
    assert len(found) == (off > 0).sum()  # of few classes, all
    for k, other in enumerate(taken_for(csr_array(matrix))):
        assert (off[k].max() == 0) if other < 0 else off[k, other] == off[k].max() > 0


def outputs(labels, predicted, sure):
    p = np.full((len(labels), 3), 0.01, np.float32)
    p[np.arange(len(labels)), predicted] = sure
    return {"labels": np.array(labels), "predicted": np.array(predicted), "probabilities": p}


def test_the_surest_mistakes_come_first_and_no_pair_hides_the_others():
    labels, predicted = [0] * 40 + [1, 2, 2], [1] * 40 + [0, 2, 1]
    sure = np.linspace(0.99, 0.6, 43)
    found = confident_mistakes(outputs(labels, predicted, sure), ["a", "b", "c"], None)
    assert [one["row"] for one in found] == [0, 1, 2, 3, 40, 42]  # 41 is right
    assert OF_A_PAIR == 4 < SHOWN
    assert found[0]["probability"] == pytest.approx(0.99)
    assert found[-1]["true"] == "c"
    assert confident_mistakes({"labels": np.zeros(2)}, ["a"], None) == []


def test_images_are_shown_as_they_are_and_unreadable_ones_left_out(tmp_path):
    file = io.BytesIO()
    Image.new("RGB", (300, 200), "red").save(file, "PNG")
    rows = Rows([{"bytes": file.getvalue(), "path": "a/red.png"}, {"bytes": b"no", "path": None}])
    found = confident_mistakes(outputs([0, 0], [1, 1], [0.9, 0.8]), ["a", "b", "c"], rows)
    kind, _, data = found[0]["image"].partition(";base64,")
    image = Image.open(io.BytesIO(base64.b64decode(data)))
    assert kind == "data:image/jpeg"
    assert max(image.size) == 160
    assert image.getpixel((5, 5))[0] > 250
    assert found[0]["name"] == "a/red.png"
    assert "image" not in found[1]
    small = Rows(np.arange(64, dtype=np.uint8).reshape(1, 8, 8))
    (one,) = confident_mistakes(outputs([0], [1], [0.9]), ["a", "b", "c"], small)
    image = Image.open(io.BytesIO(base64.b64decode(one["image"].partition(";base64,")[2])))
    np.testing.assert_array_equal(np.asarray(image), small.values[0])


def test_of_a_row_the_unusual_values_are_shown():
    values = np.zeros((100, 6))
    values[:, 1], values[7, 1] = np.arange(100) / 100, 9.0
    values[3:, 5] = 1.0
    row = outputs([0] * 100, [0] * 7 + [1] + [0] * 92, [0.9] * 100)
    names = [f"x{j}" for j in range(6)]
    (one,) = confident_mistakes(row, ["a", "b", "c"], Rows(values), names)
    assert one["cells"][:2] == [("x1", "9"), ("x5", "1")]
    kinds = np.array(["usual"] * 99 + ["odd"], dtype=object)
    table = np.zeros(100, dtype=[("kind", object), ("day", "datetime64[ns]"), ("amount", float)])
    table["kind"], table["day"] = kinds[::-1], np.datetime64("2026-01-01")
    table["amount"] = np.nan
    row = outputs([0] * 100, [1] + [0] * 99, [0.9] * 100)
    (one,) = confident_mistakes(row, ["a", "b", "c"], Rows(table))
    assert one["cells"][0] == ("kind", "odd")
    assert dict(one["cells"])["amount"] == "nan"


class Scripts(HTMLParser):
    """Collects the text of script elements, and all other text."""

    def __init__(self):
        super().__init__()
        self.scripts, self.text, self.inside = [], [], False

    def handle_starttag(self, tag, attrs):
        self.inside = tag == "script"
        assert not [name for name, _ in attrs if name.startswith("on")]

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, data):
        (self.scripts if self.inside else self.text).append(data)


def test_names_and_texts_cannot_leave_their_place(tmp_path):
    classes = [HOSTILE, "b & b", "c"]
    rng = np.random.default_rng(0)
    y, p = np.repeat([0, 1, 2], [20, 9, 3]), rng.dirichlet([1, 1, 1], 32)
    counts = [60, 9, 3]
    row = {
        "recipe": {"name": "erm"},
        "seed": 0,
        "data": {"name": HOSTILE, "classes": classes, "counts": counts, "hash": "0",
                 "data_seed": 0, "profile": Profile.parse("none", 1.0).to_json()},
        "metrics": classification_metrics(y, p.argmax(1), counts, p),
        "seconds": 1.0, "model": "mlp", "epochs": 1, "augment": "none", "precision": "32-true",
        "setup": {}, "versions": {},
        "history": [{"phase": "train", "epoch": 1, "loss": 1.0, "balanced_accuracy": 0.5}],
    }  # fmt: skip
    made = (torch.as_tensor(a) for a in (np.zeros((32, 1)), y, p.argmax(1), p))
    keep_outputs(tmp_path, "erm", 0, Outputs(*made))
    page = write_report(tmp_path, [row], {}, {}, shown=Rows(np.array([HOSTILE] * 32, dtype=object)))
    read = Scripts()
    read.feed(page.read_text())
    data, code = read.scripts
    assert "alert" not in code
    assert json.loads(data)["classes"] == classes
    assert HOSTILE in read.text  # a text of a mistake, whole
    assert (tmp_path / "classes.csv").read_text().splitlines()[0].endswith('"erm: AUPRC, %"')


def test_with_folds_the_classes_count_all_held_out_samples():
    runs = [
        {"recipe": {"name": "erm"}, "seed": seed, "folds": 2, "data": {"counts": [9, 5]},
         "metrics": {"confusion": [[3 + seed, 0], [1, 1]]}}
        for seed in range(4)
    ]  # fmt: skip
    assert held_out(runs) == [7, 4]
    other = [{**run, "recipe": {"name": "rs"}} for run in runs]
    assert held_out(runs[1:] + other) == [7, 4]  # a fold of the first recipe failed
    assert held_out(runs[2:3]) == [5, 2]  # one of another repetition is all there is
    assert held_out([{**run, "folds": 1} for run in runs[:1]]) == [3, 2]
