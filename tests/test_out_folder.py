"""What cannot take the results is said before the data are read."""

from pathlib import Path

import pytest

import imbtorch
from imbtorch import InputError
from imbtorch.cli import main
from imbtorch.comparison.data_identity import data_identity
from imbtorch.comparison.out_folder import FILES, FOLDERS, REPLACED, check_apart, check_out
from imbtorch.comparison.store import ResultStore
from imbtorch.data import load_data


@pytest.fixture
def unread(monkeypatch):
    """No data are read."""
    for module in ("comparison.make_task", "reproduction.embedding_task"):
        monkeypatch.setattr(f"imbtorch.{module}.load_data", lambda *_, **__: pytest.fail("read"))


@pytest.mark.parametrize(
    ("found", "command"),
    [
        ("", "compare digits --out {}"),
        ("", "tune digits --recipe eos --out {}"),
        ("", "reproduce amo-1 --out {}"),
        ("", "compare digits --out {}/below/it"),
        ("", "tune digits --recipe eos --out {}/below"),
        (".snapshots", "train digits --out {}"),
        *((f"/{name}", "compare digits --out {}") for name in FOLDERS),
    ],
)
def test_a_file_where_a_folder_is_needed_is_said_first(found, command, tmp_path, capsys, unread):
    path = tmp_path / f"out{found}"
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine")
    assert main([part.format(tmp_path / "out") for part in command.split()]) == 2
    assert capsys.readouterr().err == (
        f"imbtorch: error: {str(path)!r} is a file where a folder is needed for out: rename it or "
        "choose another out\n"
    )
    assert path.read_text() == "mine"


@pytest.mark.parametrize("name", FILES)
def test_a_folder_where_a_file_is_needed_is_said_first(name, tmp_path, capsys, unread):
    (tmp_path / name).mkdir()
    assert main(["compare", "digits", "--out", str(tmp_path)]) == 2
    said = f"{str(tmp_path / name)!r} is a folder where a file is needed for out"
    assert said in capsys.readouterr().err


def test_another_experiment_is_refused_before_the_data_are_read_or_a_bar_is_shown(
    feature_file, tmp_path, capsys, monkeypatch
):
    out = tmp_path / "out"
    command = ["compare", str(feature_file), "--recipes", "erm", "--out", str(out), "--epochs"]
    assert main([*command, "2", "--seeds", "1"]) == 0
    capsys.readouterr()
    for options in (["3"], ["2", "--lr", "0.01"]):  # known at once; known from the whole task
        with monkeypatch.context() as patched:
            if options == ["3"]:
                patched.setattr("imbtorch.comparison.make_task.load_data", pytest.fail)
            assert main([*command, *options]) == 2
        (said,) = capsys.readouterr().err.splitlines()
        assert "which holds another experiment's results (its " in said


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with a table of each kind, photos, and links to them."""
    for name in ("table.csv", "f.npz", "table.md", "photos/a/0.png", "snapshots/x/0.csv"):
        path = tmp_path / "here" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")
    monkeypatch.chdir(tmp_path / "here")
    Path("link").symlink_to("photos")
    Path("linked.csv").symlink_to("table.csv")
    return Path()


CHANGED = [
    "compare table.csv --out .",
    "compare linked.csv --out ../here",
    "compare snapshots/x --out .",
    *(f"compare photos --out {out}" for out in ("photos", "photos/a/b", "link/b", "a/../photos")),
    *("compare .", "compare ./photos/.. --out runs", "train .", "tune ."),
    *(f"tune {data} --out link/b" for data in ("photos", "photos/")),
    "train table.csv --out table.csv",
    "train table.csv --out linked.csv",
    "train digits --pretrained f.npz --model timm:test_resnet --out f.npz",
    "train digits --cost table.csv --out table.csv",
    "decide none.safetensors table.csv --maximize f1 --out ./table.csv",
    "embed none.safetensors f.npz f.npz",
    "embed photos photos/f.npz --model timm:test_resnet",
    "resample f.npz ../here/f.npz",
    "export table.onnx",
    "export none.safetensors --data .",
    "predict none.safetensors table.csv --out table.csv",
    "predict none.safetensors .",
    "reproduce amo-3 --out ../here/reuters_r52/runs",
]


@pytest.mark.parametrize("command", CHANGED)
def test_what_is_read_is_never_written(command, here, capsys, unread, monkeypatch):
    (here / "table.onnx").write_text("mine")
    (here / "reuters_r52").mkdir()
    monkeypatch.setenv("IMBTORCH_DATA", str(here))
    before = sorted(map(str, here.rglob("*")))
    assert main(command.split()) == 2
    (said,) = capsys.readouterr().err.splitlines()
    option = "OUT" if command.split()[0] in ("embed", "resample") else "--out"
    assert said.endswith(f"which is read: name another {option}")
    assert sorted(map(str, here.rglob("*"))) == before
    assert {path.read_text() for path in here.rglob("*.*") if path.is_file()} == {"mine"}


def test_beside_what_is_read_is_written(here):
    names = (*FILES, *FOLDERS)
    for data in ("photos", "photos/a/0.png", "link", "f.npz", "table.tsv", "digits", "", None):
        for out in ("runs", ".", "..", "model.safetensors", "photos.csv", "reports/photos"):
            check_apart(Path(out), data, names=names)
    (here / "digits").mkdir()
    check_apart(Path("digits/runs"), "digits", names=names)
    with pytest.raises(InputError, match=r"out is 'photos/a'.* name another out"):
        imbtorch.compare("link", out="photos/a")


@pytest.mark.parametrize("name", [*REPLACED, "snapshots"])
def test_files_of_unknown_origin_are_not_replaced(name, tmp_path):
    (tmp_path / name).write_text("mine")
    with pytest.raises(InputError, match=rf"{name}.* (of unknown origin|is a file)"):
        check_out(tmp_path)
    (tmp_path / name).unlink()
    check_out(tmp_path)


def test_the_folder_one_is_in_has_its_name(tmp_path, monkeypatch):
    table = "size,label\n" + "1,a\n2,b\n3,a\n4,b\n" * 4
    for data, named in ((".", tmp_path.name), ("t.csv", "t.csv"), ("./t.csv", "t.csv")):
        (tmp_path / "t.csv").write_text(table)
        monkeypatch.chdir(tmp_path)
        assert data_identity(load_data(data), 0)["name"] == named


def test_what_runs_in_the_default_folder_is_told_apart(feature_file, tmp_path, monkeypatch, capsys):
    def compare(task, *_, out, **__):
        ResultStore(out, task.identity())
        seen.append(out)
        raise InputError("enough")

    seen = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("imbtorch.comparison.compare.compare", compare)
    monkeypatch.setattr("imbtorch.commands.compare.before", lambda *_: None)
    for rate in ("0.1", "0.01", "0.1", "0.01"):
        how = ["--recipes", "erm", "--epochs", "2", "--lr", rate]
        assert main(["compare", str(feature_file), *how]) == 2
        assert "enough" in capsys.readouterr().err
    assert seen[:2] == seen[2:]
    assert seen[1].name.startswith(f"{seen[0].name}-")
