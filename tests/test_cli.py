"""The command line as a user meets it: reports, results, errors."""

import os
import re
import runpy
import shutil
import signal
import subprocess
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO

import pytest

from imbtorch import load_checkpoint
from imbtorch.cli import main
from stored_rows import results

OPTIONS = ["--recipes", "erm,drw,m2m,eos", "--seeds", "2", "--epochs", "4"]


@pytest.fixture(scope="module")
def first(made_features, tmp_path_factory):
    """The folder of one comparison, and what was printed."""
    out = tmp_path_factory.mktemp("first") / "out"
    with redirect_stdout(StringIO()) as said, redirect_stderr(StringIO()) as shown:
        assert main(["compare", str(made_features), *OPTIONS, "--out", str(out)]) == 0
    return out, said.getvalue(), shown.getvalue()


@pytest.fixture
def compared(first, tmp_path):
    """The same comparison in the test's own folder."""
    return shutil.copytree(first[0], tmp_path / "out")


def test_compare_prints_a_table_and_where_the_report_lies(first):
    out, said, shown = first
    for word in ("erm", "drw", "m2m", "eos", "balanced", "lead over", str(out / "report.html")):
        assert word in said
    assert "epoch" in shown  # the progress bar
    page = (out / "table.md").read_text()
    table = [line for line in page.splitlines() if line.startswith("|")]
    assert [line.split("|")[1].strip() for line in table[2:]] == ["erm", "drw", "m2m", "eos"]
    sentence = page.splitlines()[-1]
    assert sentence
    assert " ".join(sentence.split()) in " ".join(said.split())


def test_result_rows_say_what_was_run(compared):
    rows = results(compared)
    assert [(r["recipe"]["name"], r["seed"]) for r in rows] == [
        (name, seed) for name in ("erm", "drw", "m2m", "eos") for seed in (0, 1)
    ]
    row = rows[4]
    assert row["recipe"]["phases"][1]["batch"]["beta"] == 0.999
    assert row["data"]["counts"] == [60, 12]
    assert row["data"]["profile"] == {"name": "stored", "ratio": 5.0, "fraction": None}
    assert row["data"]["data_seed"] == 0
    assert re.fullmatch("[0-9a-f]{16}", row["data"]["hash"])
    assert {"torch", "imbtorch", "numpy"} <= set(row["versions"])
    assert 0 <= row["metrics"]["balanced_accuracy"] <= 1
    recall = row["metrics"]["recall"]  # of a medium-shot and a few-shot class
    assert [row["metrics"][f"{n}_recall"] for n in ("many", "medium", "few")] == [None, *recall]
    assert len(row["history"]) == 4


def test_report_opens_offline(compared):
    html = (compared / "report.html").read_text()
    assert html.count("data:image/png;base64,") == 11
    assert not re.search(r"(src|href)=.(?!data:|#)", html)
    assert "@import" not in html
    for heading in (
        "Samples and recall",
        "Confusion",
        "Training curves",
        "Embeddings",
        "Cost",
        "gap",
    ):
        assert heading in html


@pytest.mark.usefixtures("no_report")
def test_the_same_command_repeats_nothing_and_more_seeds_go_on(compared, feature_file):
    out = compared
    before = (out / "results.jsonl").read_bytes()
    assert main(["compare", str(feature_file), *OPTIONS, "--out", str(out)]) == 0
    assert (out / "results.jsonl").read_bytes() == before
    more = [*OPTIONS[:3], "3", *OPTIONS[4:]]
    assert main(["compare", str(feature_file), *more, "--out", str(out)]) == 0
    after = (out / "results.jsonl").read_bytes()
    assert after.startswith(before)
    assert len(results(out)) == 12


@pytest.mark.usefixtures("no_report")
@pytest.mark.parametrize("form", ["csv", "latex"])
def test_a_table_for_another_program_stands_alone(compared, feature_file, capsys, form):
    options = [*OPTIONS, "--out", str(compared), f"--{form}"]
    assert main(["compare", str(feature_file), *options]) == 0
    shown = capsys.readouterr()
    assert shown.out == (compared / f"table.{form.replace('latex', 'tex')}").read_text()
    assert "report: " in shown.err


@pytest.mark.usefixtures("no_report")
def test_the_same_seeds_give_the_same_results(compared, feature_file, tmp_path):
    other = tmp_path / "other"
    assert main(["compare", str(feature_file), *OPTIONS, "--out", str(other)]) == 0
    assert results(other) == results(compared)


@pytest.mark.usefixtures("no_report")
@pytest.mark.filterwarnings("default")
def test_a_torn_last_line_is_run_again(compared, feature_file, capsys):
    out = compared
    whole = results(out)
    content = (out / "results.jsonl").read_bytes()
    (out / "results.jsonl").write_bytes(content[:-40])
    assert main(["compare", str(feature_file), *OPTIONS, "--out", str(out)]) == 0
    assert "1 damaged or incomplete line, now in results.jsonl.damaged" in capsys.readouterr().err
    assert results(out) == whole
    assert content.endswith((out / "results.jsonl.damaged").read_bytes()[:-1] + content[-40:])


@pytest.mark.usefixtures("no_report")
def test_killed_runs_go_on_to_the_same_results(compared, feature_file, tmp_path):
    out = tmp_path / "killed"
    command = [sys.executable, "-m", "imbtorch", "compare", str(feature_file), *OPTIONS]
    kills = 0
    for rows_before_kill in (1, 4):
        process = subprocess.Popen([*command, "--out", str(out)], stderr=subprocess.DEVNULL)
        path = out / "results.jsonl"
        while process.poll() is None:
            if path.exists() and path.read_bytes().count(b"\n") >= rows_before_kill:
                os.kill(process.pid, signal.SIGKILL)
                kills += process.wait() == -signal.SIGKILL
            time.sleep(0.002)
    assert kills >= 1
    assert len(results(out)) < 8
    assert main([*command[3:], "--out", str(out)]) == 0
    assert results(out) == results(compared)
    assert not list(out.rglob("*.part"))


def test_train_then_evaluate(feature_file, tmp_path, capsys):
    path = tmp_path / "model.safetensors"
    arguments = ["--recipe", "rs", "--epochs", "5", "--out", str(path)]
    assert main(["train", str(feature_file), *arguments]) == 0
    trained = capsys.readouterr().out
    assert main(["evaluate", str(path), str(feature_file)]) == 0
    evaluated = capsys.readouterr().out
    assert "recipe rs" in evaluated
    pattern = r"balanced accuracy +([\d.]+) %"
    assert re.search(pattern, trained)[1] == re.search(pattern, evaluated)[1]


ERRORS = {
    "missing path": (["./nowhere"], "no such file or folder"),
    "unknown recipe": (["DATA", "--recipes", "erm,ldan"], "did you mean ldam"),
    "unknown model": (["DATA", "--model", "resnet34"], "resnet32"),
    "image model": (["DATA", "--model", "resnet32"], "use mlp"),
    "ratio": (["DATA", "--profile", "exponential", "--ratio", "0.1"], "ratio is 0.1"),
    "huge ratio": (["DATA", "--profile", "step", "--ratio", "1000"], "would be empty"),
    "profile": (["DATA", "--profile", "steps"], "exponential, step, linear"),
    "seeds": (["DATA", "--seeds", "0"], "seeds is 0"),
    "epochs": (["DATA", "--epochs", "0"], "epochs is 0"),
    "augment": (["DATA", "--augment", "turn"], "crop-flip"),
    "lr": (["DATA", "--lr", "-1"], "lr is -1"),
    "shots": (["DATA", "--shots", "100,20"], "(100, 20)"),
    "option": (["DATA", "--speed", "9"], "--speed"),
}


@pytest.mark.parametrize("case", ERRORS)
def test_bad_input_ends_with_status_2_and_one_message(case, feature_file, tmp_path, capsys):
    arguments, message = ERRORS[case]
    arguments = [str(feature_file) if a == "DATA" else a for a in arguments]
    out = tmp_path / "out"
    try:
        status = main(["compare", *arguments, "--out", str(out)])
    except SystemExit as stop:
        status = stop.code
    printed = capsys.readouterr().err
    assert status == 2
    assert message in printed
    assert "Traceback" not in printed
    assert not out.exists()


def test_another_experiments_folder_is_refused(compared, feature_file, capsys):
    out = compared
    before = (out / "results.jsonl").read_bytes()
    other = [*OPTIONS[:-1], "5"]
    assert main(["compare", str(feature_file), *other, "--out", str(out)]) == 2
    assert "another experiment's results (its epochs differ)" in capsys.readouterr().err
    assert (out / "results.jsonl").read_bytes() == before


def test_module_equals_command_and_dashes_are_accepted(feature_file, tmp_path, monkeypatch):
    out = tmp_path / "m.safetensors"
    options = ["--batch-size=16", "--recipe=erm", "--epochs=1", f"--out={out}"]
    monkeypatch.setattr(sys, "argv", ["imbtorch", "train", str(feature_file), *options])
    with pytest.raises(SystemExit) as stop:
        runpy.run_module("imbtorch", run_name="__main__")
    assert stop.value.code == 0
    assert load_checkpoint(out)[1]["setup"]["batch_size"] == 16


def test_the_report_shows_what_a_recipe_adds(feature_file, tmp_path, capsys):
    out = tmp_path / "out"
    options = ["--recipes", "dos,dos+knn", "--seeds", "2", "--epochs", "4", "--out", str(out)]
    assert main(["compare", str(feature_file), *options]) == 0
    assert (out / "figures" / "class_variance.png").stat().st_size > 1000
    assert "Class variance" in (out / "report.html").read_text()
    assert all("class_variance" in row["history"][-1] for row in results(out))
