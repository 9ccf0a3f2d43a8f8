"""What cannot take the results is said before the data are read."""

import pytest

from imbtorch.cli import main
from imbtorch.comparison.out_folder import FILES, FOLDERS


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
