"""The overview of tables: what can be reproduced, what is stored, how long the rest takes."""

from imbtorch import make_recipe
from imbtorch.cli import main
from imbtorch.comparison.make_task import make_task
from imbtorch.comparison.store import ResultStore
from imbtorch.data import Profile
from imbtorch.reproduction.paper_table import table_names


def test_the_overview_shows_every_table(tmp_path, capsys):
    assert main(["reproduce", "--list", "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    for name in table_names():
        assert name in said
    assert "0 / 135" in said
    assert main(["reproduce"]) == 2
    assert "--list" in capsys.readouterr().err


def test_the_overview_counts_what_is_stored(tmp_path, capsys):
    made = make_task("digits", epochs=4, model="small-cnn", augment="none", profile="random:0.95")
    identity = made.identity()
    profiles = Profile("random", 9.0, 0.95), Profile("stored", 1.2)
    for profile, folder in zip(profiles, "ab", strict=True):
        identity["data"].update(name="mnist", profile=profile.to_json())
        store = ResultStore(tmp_path / "runs" / folder, identity)
        row = {"recipe": make_recipe("erm", 4).describe(), "seed": 0, "seconds": 120.0}
        store.append(row)
        with store.path.open("ab") as file:
            file.write(b'{"torn')
    assert main(["reproduce", "--list", "--out", str(tmp_path)]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line.split()}
    assert "1 / 135" in lines["dos-6"]  # p .95 alone, not .9 or .99
    assert lines["dos-6"].rstrip().endswith(" 4.5 h")  # 134 runs of two minutes


def test_a_table_is_whole_only_with_all_columns(tmp_path, capsys):
    shown = []
    for columns in (["twitter"], ["twitter", "reuters"]):
        (tmp_path / "amo-3").mkdir(exist_ok=True)
        text = "".join(f"\n## {column}, 3 seeds\n" for column in columns)
        (tmp_path / "amo-3" / "table.md").write_text(text)
        assert main(["reproduce", "--list", "--out", str(tmp_path)]) == 0
        lines = capsys.readouterr().out.splitlines()
        shown += ["a part" in line for line in lines if "amo-3" in line]
    assert shown == [True, False]
