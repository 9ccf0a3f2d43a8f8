"""Command lines that cannot be right: status 2, one line, and nothing written."""

import pytest

from imbtorch import InputError, make_recipe
from imbtorch.cli import main
from imbtorch.comparison.task import Task
from imbtorch.method import options_of
from imbtorch.training.catalog import CATALOG

RECIPES = [
    "eos:n_neighbors=-1",
    "eos:k=0",
    "eos:k=2.5",
    "eos:k=ten",
    "eos:k=true",
    "eos:k=5:n_neighbors=50",
    "eos:k=1e30",
    "eos:k=400",  # of 378 samples
    "eos:direction=up",
    "eos:epochs=0",
    "eos:epochs=1.5",
    "eos:epochs=NaN",
    "eos:start=warm",
    "eos:top_up=1",
    "smote:k=-1",
    "smote:k=NaN",
    "smote:sampling_strategy=-1",
    "smote:sampling_strategy=foo",
    "smote:sampling_strategy=0.5",  # for two classes alone; digits has ten
    "ros:shrinkage=-1",
    "ros:shrinkage=Infinity",
    "ros:shrinkage=true",
    "head:borderline-smote:m_neighbors=0",
    "svm-smote:m_neighbors=-5",
    "focal:gamma=-1",
    "focal:gamma=NaN",
    "focal:gamma=Infinity",
    "focal:gamma=1e300",
    "focal:gamma=true",
    "focal:gamma=null",
    "focal:gamma=[1]",
    "focal+mixup",  # takes no mixed labels
    "asl:gamma_neg=-2",
    "ldam:max_margin=-0.5",
    "ldam:scale=0",
    "logit-adjustment:tau=NaN",
    "cdt:gamma=-1",
    "dbm:margin=-1",
    "dbm:scale=NaN",
    "cb-rw:beta=1",
    "drw:beta=-0.1",
    "drw:defer=1",
    "drw:defer=true",
    "rs:defer=-0.1",
    "mixup:alpha=0",
    "remix:kappa=0",
    "remix:tau=2",
    "aos:p=2",
    "aos:epsilon=-1",
    "m2m:beta=1.5",
    "m2m:steps=0",
    "m2m:steps=1e9",
    "m2m:gamma=NaN",
    "m2m:accept=always",
    "m2m:compile=perhaps",
    "m2m:seeds_per_class=-1",
    "amo:lam=-1",
    "dos:k_minority=-1",
    "dos:k_minority=2.5",
    "dos:alpha=-1",
    "dos:rounds=-1",
    "dos:rounds=0",
    "dos:rounds=many",
    "dos:each=0",
    "dos:sampler=5",
    "lmle:margins=[0.1]",
    "lmle:margins=wide",
    "lmle:clusters=0",
    "triplet:margin=-1",
    "knn:k=0",
    "lr:C=0",
    "tau-norm:tau=NaN",
    "crt:epochs=-1",
    "crt:epochs=null",
]
OPTIONS = [
    ["--epochs", "0"],
    ["--epochs", "-3"],
    ["--epochs", "1.5"],
    ["--epochs", "99999999999"],
    ["--seeds", "0"],
    ["--seeds", "-1"],
    ["--seeds", "two"],
    ["--data-seed", "-1"],
    ["--data-seed", "99999999999"],
    ["--precision", "foo"],
    ["--precision", "16-true"],
    ["--precision", ""],
    ["--image-size", "0"],
    ["--image-size", "-4"],
    ["--image-size", "1000000"],
    ["--lr", "0"],
    ["--lr", "nan"],
    ["--lr", "inf"],
    ["--batch-size", "0"],
    ["--batch-size", "-8"],
    ["--ratio", "0.5"],
    ["--ratio", "nan"],
    ["--augment", "turn"],
    ["--optimizer", "adam"],
    ["--optimizer", "adamw"],  # with the rate of sgd
    ["--schedule", "linear"],
    ["--warmup", "-1"],
    ["--weight-decay", "-1"],
    ["--weight-decay", "nan"],
    ["--clip", "0"],
    ["--label-smoothing", "1"],
    ["--layer-decay", "0"],
    ["--layer-decay", "2"],
    ["--ema", "1"],
    ["--freeze", "head"],
    ["--freeze", "but:0"],
    ["--freeze", "backbone"],  # of a network that is built in
    ["--pretrained", "nowhere.safetensors"],
    ["--model", "timm:no_such_network"],
    ["--model", "timm:test_resnet", "--pretrained", "nowhere.safetensors"],
    ["--model", "timm:test_resnet", "--from-scratch", "--freeze", "backbone"],
    ["--model", "nowhere.py:factory"],
    ["--model", "resnet99"],
    ["--profile", "steps"],
    ["--shots", "5"],
    ["--shots", "-1,5"],
    ["--recipes", ""],
    ["--speed", "9"],
    ["--seeds"],
]
COMMANDS = [
    *(["compare", "digits", "--recipes", f"erm,{name}"] for name in RECIPES),
    *(["compare", "digits", "--recipes", "erm", *options] for options in OPTIONS),
    ["train", "digits", "--recipe", "focal:gamma=-1"],
    ["train", "digits", "--recipe", "eos:k=400"],
    ["train", "digits", "--seed", "-1"],
    ["train", "digits", "--seed", "99999999999999999999"],
    ["train", "digits", "--precision", "8"],
    ["tune", "digits", "--recipe", "eos", "--trials", "0"],
    ["tune", "digits", "--recipe", "eos", "--seeds", "0"],
    ["tune", "digits", "--recipe", "aos:epsilon=-1"],
    ["reproduce", "amo-1", "--seeds", "0"],
    ["reproduce", "amo-1", "--jobs", "0"],
    ["reproduce", "amo-1", "--epochs", "0"],
    ["reproduce", "amo-1", "--precision", "foo"],
    ["reproduce", "amo-1", "--backend", "threads", "--jobs", "2"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_bad_command_ends_with_status_2_one_line_and_nothing_written(
    command, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Task, "fit", lambda *_, **__: pytest.fail("it trains"))
    out = "m.safetensors" if command[0] == "train" else "out"
    assert main([*command, "--out", str(tmp_path / out)]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert said[0].startswith("imbtorch: error: ")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--lr", "inf"], "lr is inf; a finite number is needed"),
        (["--lr", ".inf"], "lr is inf; it must be positive and finite"),
        (["--ratio", "nan"], "ratio is nan; a finite number is needed"),
        (["--ratio", "[2]"], "ratio is [2]; a finite number is needed"),
        (["--epochs", "2.5"], "epochs is 2.5; a whole number is needed"),
        (["--seeds", "two"], "seeds is two; a whole number is needed"),
        (["--recipes", " ,"], "recipes is ' ,'; name at least one, such as erm"),
    ],
)
def test_an_option_of_the_wrong_kind_is_said_in_plain_words(options, said, capsys):
    assert main(["compare", "digits", *options]) == 2
    assert capsys.readouterr().err.startswith(f"imbtorch: error: {said}")


def test_a_seed_that_no_over_sampler_takes_is_said_first(capsys):
    for seed in ("-1", "4294967296"):
        assert main(["resample", "nowhere.npz", "out.npz", "--seed", seed]) == 2
        assert f"seed is {seed}; it must be a whole number from 0" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["embed", "resample"])
def test_a_folder_is_no_file_to_write(command, tmp_path, capsys):
    (tmp_path / "there.npz").mkdir()
    assert main([command, "x", *["y"] * (command == "embed"), str(tmp_path / "there.npz")]) == 2
    assert "a folder; the name of a file is needed" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command",
    ["train digits", "decide none digits --maximize f1", "predict none digits", "export none"],
)
def test_a_name_that_ends_as_a_folders_is_no_file_to_write(command, tmp_path, capsys):
    assert main([*command.split(), "--out", f"{tmp_path}/new/"]) == 2
    assert "a folder; the name of a file is needed" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def names_with_options():
    for name, method in CATALOG.items():
        for slot in method.slots.values():
            yield from ((name, option, default) for option, default in options_of(slot).items())


@pytest.mark.parametrize(("name", "option", "default"), [*names_with_options()])
def test_no_option_takes_what_is_no_number_of_its_kind(name, option, default):
    bad = ["NaN", "Infinity", "-Infinity", "1e300", "[[1]]"]
    bad += ["-1"] if option != "top_up" else []
    for value in bad:
        with pytest.raises(InputError):
            make_recipe(f"{name}:{option}={value}", 10)
    if isinstance(default, (int, float)):
        shown = str(default).lower()
        assert make_recipe(f"{name}:{option}={shown}", 10).name.startswith(name)
