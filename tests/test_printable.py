"""No name in a file, a folder or a table writes a line of its own or moves the cursor."""

import csv
import io
import json
import pickle
import sys
import unicodedata
from contextlib import suppress

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.cells import cell_len
from rich.console import Console
from tqdm import tqdm

from imbtorch import InputError
from imbtorch.cli import _warn, main
from imbtorch.commands.common import say
from imbtorch.comparison.inspect import inspect_data
from imbtorch.comparison.inspection import lines
from imbtorch.comparison.report.canvas import drawable_recipes
from imbtorch.comparison.report.classes import classes_csv
from imbtorch.comparison.report.html import write_report
from imbtorch.comparison.report.summary import summarize
from imbtorch.comparison.report.table import markdown_table, print_classes, print_table
from imbtorch.comparison.report.words import untested_line
from imbtorch.data.profiles.profile import Profile
from imbtorch.metrics import classification_metrics
from imbtorch.printable import in_csv, in_markdown, printable

FORGED = "cat\x1b[31m\nimbtorch: error: forged\u202e"
NAMES = st.text(max_size=30) | st.text(
    "\x1b\n\r\t\x85\u2028\u202e|`<>*[]$_=+-@&\\é狐 a1", max_size=30
)
HOSTILE = [
    "\x1b[2J",
    "a\nb",
    "\u202e",
    "\u2028",
    "\x85",
    "<b>",
    "|`x`",
    "$x",
    "=1+1",
    "_a",
    "狐" * 60,
]


def is_clean(text):
    """Whether a text holds lines, and nothing else that is not seen."""
    seen = text.replace("\u200c", "").replace("\u200d", "")
    kinds = {unicodedata.category(c) for c in seen.replace("\n", "")}
    return not kinds & {"Cc", "Cf", "Cs", "Zl", "Zp"}


def row(recipe, classes):
    """Return a stored row whose last class is not tested."""
    y = np.arange(len(classes) - 1).repeat(2)
    counts = list(range(10 + len(classes), 10, -1))
    return {
        "recipe": {"name": recipe},
        "seed": 0,
        "data": {
            "name": FORGED,
            "classes": classes,
            "counts": counts,
            "hash": FORGED,
            "data_seed": 0,
            "profile": Profile.parse("none", 1.0).to_json(),
        },
        "metrics": classification_metrics(y, y, counts),
        "seconds": 1.0,
        "model": FORGED,
        "epochs": 1,
        "augment": "none",
        "precision": "32-true",
        "setup": {FORGED: FORGED},
        "versions": {"torch": FORGED},
        "history": [{"phase": "train", "epoch": 1, "loss": 1.0, "balanced_accuracy": 0.5}],
    }


@settings(deadline=None, max_examples=50)
@given(NAMES)
@example("\ud800")  # a name of a file that is not valid text
def test_a_printable_text_is_one_clean_line_and_stays_so(text):
    shown = printable(text)
    assert is_clean(shown)
    assert "\n" not in shown
    assert printable(shown) == shown
    shown.encode()
    if text.isprintable():
        assert shown == text


@settings(deadline=None, max_examples=50)
@given(NAMES, NAMES)
def test_every_writer_keeps_its_number_of_lines(name, recipe):
    rows = [row(recipe, ["a", "b", name])]
    summaries = summarize(rows)
    plain_name, plain_recipe = ("c" * cell_len(printable(text)) for text in (name, recipe))
    plain = summarize([row(plain_recipe, ["a", "b", plain_name])])

    def written(summaries, name):
        out = io.StringIO()
        print_table(summaries, f"table of {name}", console=Console(file=out))
        print_classes(rows[0]["metrics"], ["a", "b", name], [9, 8, 7], Console(file=out, width=400))
        return out.getvalue()

    shown = written(summaries, name)
    assert is_clean(shown)
    assert shown.count("\n") == written(plain, plain_name).count("\n")
    page = markdown_table(summaries, name)
    assert is_clean(page)
    assert page.count("\n") == markdown_table(plain, plain_name).count("\n")
    table = classes_csv(rows)
    assert is_clean(table)
    cells = list(csv.reader(io.StringIO(table)))
    assert [len(line) for line in cells] == [5] * 4
    assert not any(cell.startswith(tuple("=+-@\t\r")) for line in cells for cell in line)
    assert printable(name) in untested_line([name])


@settings(deadline=None, max_examples=50)
@given(NAMES | st.text("a_*~`: ", max_size=8))
def test_markdown_shows_the_name_and_nothing_else(name):
    cell = in_markdown(f"x{name}x")
    html = MarkdownIt("commonmark").enable("table").render(f"|a|\n|---|\n|{cell}|\n")
    shown = html.split("<td>")[1].split("</td>")[0]
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
        assert character == "&" or character not in shown.replace("</td>", "")
        shown = shown.replace(entity, character)
    assert shown == printable(f"x{name}x")
    assert html.count("<td>") == 1


@settings(deadline=None, max_examples=50)
@given(NAMES)
def test_an_error_is_one_clean_line(name):
    error = InputError(f"class {name} has no sample")
    assert str(error) == f"class {printable(name)} has no sample"
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_commands_print_no_forged_line(tmp_path, capsys):
    folder = tmp_path / FORGED
    folder.mkdir()
    data = folder / "new\nimbtorch: error: forged\x1b[2J.npz"
    labels = np.repeat([FORGED, "a|`b`"], [60, 20])
    x = np.random.default_rng(0).normal(size=(80, 3)).astype(np.float32)
    np.savez(data, features=x, labels=labels)
    out, model = folder / "out", str(folder / "m.safetensors")
    task = (str(data), "--epochs=1")
    for words in (
        ("inspect", str(data)),
        ("compare", *task, "--recipes=erm", "--seeds=1", f"--out={out}"),
        ("train", *task, "--recipe=erm", f"--out={model}"),
        ("evaluate", model, str(data)),
    ):
        assert main(words) == 0, words
    for words in (
        ("inspect", str(folder / "none\nimbtorch: warning: x")),
        ("evaluate", str(folder / "none.safetensors"), str(data)),
        ("train", *task, f"--out={data}/model.safetensors"),
    ):
        assert main(words) == 2, words
    for words in (("inspect", str(data), FORGED), ("compare", str(data), "--epochs", FORGED)):
        with suppress(SystemExit):
            assert main(words) == 2
    shown = capsys.readouterr()
    text = (shown.out + shown.err).replace("\r", "\n")
    assert is_clean(text)
    starts = {line[:22] for line in text.splitlines()}
    assert "imbtorch: error: forge" not in starts
    assert any(start.startswith("imbtorch: error: ") for start in starts)  # its own
    assert is_clean((out / "table.md").read_text())
    assert is_clean((out / "classes.csv").read_text())


def test_warnings_lines_and_bars_are_clean(capsys):
    _warn(set(), UserWarning(FORGED))
    say([FORGED])
    with tqdm(total=1, file=sys.stderr) as bar:
        bar.set_description(printable(FORGED))
    shown = capsys.readouterr()
    assert is_clean((shown.out + shown.err).replace("\r", "\n"))
    assert shown.out == printable(FORGED) + "\n"


def test_an_inspection_is_clean_and_in_columns(tmp_path):
    labels = np.repeat([FORGED, "b"], [60, 20])
    np.savez(tmp_path / "a.npz", features=np.eye(80, dtype=np.float32), labels=labels)
    said = lines(inspect_data(str(tmp_path / "a.npz")))
    assert all("\n" not in line and is_clean(line) for line in said)
    table = [line for line in said if line.startswith("  ")]
    assert len(table) == 3
    assert len({len(line) for line in table}) == 1


def test_the_report_shows_hostile_names_as_they_are(tmp_path):
    rows = [row(recipe, [*HOSTILE, FORGED]) for recipe in ("erm", "<i>$x$\n", "_hidden" * 20)]
    path = write_report(tmp_path, rows, {}, {})
    page = path.read_text()
    assert is_clean(page)
    assert "<b>" not in page
    assert "<i>" not in page
    numbers = json.loads(page.partition('id="data">')[2].partition("</script>")[0])
    assert numbers["classes"] == [printable(name) for name in (*HOSTILE, FORGED)]
    assert "&lt;i&gt;$x$\\n" in page
    assert json.dumps(rows)  # the stored names stay what they are
    assert len(list((tmp_path / "figures").iterdir())) >= 5


def test_figures_never_take_two_recipes_for_one():
    long = [f"focal:gamma=2+m2m:beta=0.99:lam={lam}+eos:k=10" for lam in (0.1, 0.5)]
    shown = drawable_recipes(long)
    assert len(set(shown.values())) == 2
    assert drawable_recipes(["erm", "ldam+drw"]) == {"erm": "erm", "ldam+drw": "ldam+drw"}


def test_a_spreadsheet_computes_no_name():
    assert [in_csv(text) for text in ("=1", "+1", "-1", "@x", "\t=1", "a=1")] == [
        *("'=1", "'+1", "'-1", "'@x", "\\t=1", "a=1")
    ]
