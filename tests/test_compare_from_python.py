"""`imbtorch.compare`: data, networks and recipes of a program's own in a comparison."""

import re
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import Dataset, TensorDataset

from imbtorch import (
    InputError,
    Recipe,
    Setup,
    Train,
    compare,
    evaluate,
    load_checkpoint,
    make_recipe,
    split_head,
)
from imbtorch.comparison.given_data import given_data
from imbtorch.comparison.own_recipe import with_code
from imbtorch.models import Classifier
from imbtorch.training.own_code import code_of

pytestmark = pytest.mark.usefixtures("no_report")  # the page of the documentation makes one


def make():
    return split_head(nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 3)))


def run(data, tmp_path, **options):
    options = {"seeds": 1, "epochs": 2, "progress": False, "model": make, **options}
    return compare(data, out=tmp_path / "out", **options)


class Weighted(nn.CrossEntropyLoss):
    def __init__(self, class_counts):
        super().__init__(1 / torch.tensor(class_counts))


def test_arrays_with_any_labels_are_held_out_class_by_class(blobs):
    x, y = blobs
    names = np.array(["cat", "dog", "emu"])[y]
    data = given_data((x, names))
    assert data.classes == ("cat", "dog", "emu")
    assert data.counts == [45, 15, 6]
    again, other = given_data((x.numpy(), names)), given_data((x, names), 1)
    assert data.digest == again.digest != other.digest
    both = given_data(((x, names), (x[:70], names[:70])))
    assert both.counts == [60, 20, 8]
    assert len(both.test) == 70
    rows = {tuple(row.tolist()) for row in x}
    parts = [{tuple(row.tolist()) for row in part.x} for part in (data.train, data.test)]
    assert parts[0] | parts[1] == rows
    assert not parts[0] & parts[1]


def test_data_sets_are_told_apart_by_what_they_hold(blobs):
    x, y = blobs

    class Own(Dataset):
        classes = ("a", "b", "c")

        def __init__(self, shift):
            self.shift = shift

        def __len__(self):
            return len(y)

        def __getitem__(self, index):
            return x[index] + self.shift, int(y[index])

    one, same, other = (given_data(Own(shift)) for shift in (0, 0, 1))
    assert one.digest == same.digest != other.digest
    assert one.classes == ("a", "b", "c")
    assert given_data(TensorDataset(x, y)).classes == ("0", "1", "2")
    assert one.counts == [45, 15, 6]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ((np.zeros((3, 2)), [0, 0, 1]), "one sample of class 1"),
        ((np.zeros((3, 2)), [0, 0, 0]), "only one class"),
        ((np.zeros((3, 2)), [0, None, 1]), "missing in 1 of 3 rows"),
        ((np.array([["red"]] * 4), [0, 0, 1, 1]), "real numbers"),
        (
            (TensorDataset(torch.zeros(4, 2), torch.tensor([0, 0, 1, 1])),) * 3,
            "must be a torch Dataset",
        ),
        (
            (
                TensorDataset(torch.zeros(4, 2), torch.tensor([0, 0, 1, 1])),
                TensorDataset(torch.zeros(1, 2), torch.tensor([2])),
            ),
            "held-out labels up to number 2",
        ),
        ([1, 2, 3], "must be a torch Dataset"),
    ],
)
def test_data_that_cannot_be_compared_on_are_refused(data, said):
    with pytest.raises(InputError, match=said):
        given_data(data)


def test_own_network_loss_and_names_stand_in_one_table(blobs, tmp_path):
    mine = Recipe("mine", [Train(2, loss=Weighted)])
    result = run(blobs, tmp_path, recipes=["erm", mine, "hgb"], seeds=2, epochs=None)
    assert [row["recipe"]["name"] for row in result.rows] == ["erm"] * 2 + ["mine"] * 2 + [
        "hgb"
    ] * 2
    assert {len(row["history"]) for row in result.rows[:4]} == {2}  # names as long as mine
    lines = [line.split("|")[1].strip() for line in result.table.splitlines() if "|" in line]
    assert lines[2:5] == ["erm", "mine", "hgb"]
    assert (result.folder / "table.md").read_text() == result.table
    network, _ = load_checkpoint(result.folder / "checkpoints" / "mine-seed1.safetensors", make())
    held = given_data(blobs).test
    again = evaluate(network, held, [45, 15, 6])["recall"]
    assert again == result.rows[3]["metrics"]["recall"]
    lines = (result.folder / "results.jsonl").read_bytes()
    twice = [Recipe("mine", [Train(2, loss=Weighted)]), "erm", mine, "erm", "hgb"]
    again = run(blobs, tmp_path, recipes=twice, seeds=2, epochs=None)
    assert [row["recipe"]["name"] for row in again.rows[::2]] == ["mine", "erm", "hgb"]
    assert (result.folder / "results.jsonl").read_bytes() == lines


@pytest.mark.parametrize("name", ["my/own", "my:own"])
def test_two_recipes_of_one_name_are_refused(blobs, tmp_path, name):
    both = [Recipe("my/own", [Train(2, loss=Weighted)]), Recipe(name, [Train(2)])]
    with pytest.raises(InputError, match=f"two, 'my/own' and '{name}', with other parameters"):
        run(blobs, tmp_path, recipes=both)
    assert not (tmp_path / "out").exists()


def test_a_function_gives_each_seed_its_network_and_a_network_the_same_to_all(blobs, tmp_path):
    seen = []

    class Watch(nn.CrossEntropyLoss):
        pass

    def watched():
        made = make()
        seen.append(made.head.weight.detach().clone())
        return made

    recipe = Recipe("watch", [Train(1, loss=Watch)])
    state = torch.get_rng_state()
    run(blobs, tmp_path / "a", model=watched, recipes=[recipe], seeds=2, epochs=None)
    assert torch.equal(torch.get_rng_state(), state)
    assert len({tuple(w.flatten().tolist()) for w in seen}) == 2
    network = make()
    before = {n: v.clone() for n, v in network.state_dict().items()}
    run(blobs, tmp_path / "b", model=network, recipes=[recipe], seeds=2, epochs=None)
    assert all(torch.equal(v, before[n]) for n, v in network.state_dict().items())


def test_another_network_or_other_data_are_another_experiment(blobs, tmp_path):
    run(blobs, tmp_path, recipes=["erm"])
    wide = Classifier(nn.Linear(2, 9), nn.Linear(9, 3))
    with pytest.raises(InputError, match="its network differ"):
        run(blobs, tmp_path, model=lambda: wide, recipes=["erm"])
    with pytest.raises(InputError, match="its data differ"):
        run((blobs[0] + 1, blobs[1]), tmp_path, recipes=["erm"])


def test_changed_code_is_another_recipe():
    def described(source):
        space = {"nn": nn, "__name__": "mine"}
        exec(source, space)
        return with_code(Recipe("mine", [Train(1, loss=space["Loss"])])).describe()

    typed = "class Loss(nn.CrossEntropyLoss):\n    pass\n"
    edited = typed.replace("pass", "label_smoothing = 0.1")
    assert described(typed) == described(typed) != described(edited)  # without a source
    code = with_code(Recipe("mine", [Train(1, loss=Weighted)])).describe()["code"]
    assert re.fullmatch("[0-9a-f]{16}", code)
    other = with_code(Recipe("mine", [Train(1, loss=make)])).describe()["code"]
    assert other != code
    assert "code" not in with_code(Recipe("plain", [Train(1)])).describe()


@pytest.mark.parametrize(
    "holds_it",
    [
        [Weighted],
        {"inner": (Weighted,)},
        partial(make_recipe, loss=Weighted),
        partial(make_recipe, partial(Weighted)),
        nn.Sequential(nn.Sequential(Weighted([1]))),
        Train(1, loss=Weighted),
    ],
)
def test_code_is_found_within_what_a_slot_holds(holds_it):
    assert code_of([holds_it]) == code_of([Weighted])
    assert code_of([[nn.ReLU], {"size": (1, 2)}, partial(make_recipe, "erm"), Train(1)]) == ""


def test_what_is_no_network_or_no_list_is_refused(blobs, tmp_path):
    for model in (nn.Linear(2, 3), 5):
        with pytest.raises(InputError, match=r"model is a .*split_head\(network\) makes one"):
            run(blobs, tmp_path, model=model, recipes=["erm"])
    with pytest.raises(InputError, match=r"a Classifier is needed: split_head\(model\)"):
        run(blobs, tmp_path, model=lambda: nn.Linear(2, 3), recipes=["erm"])
    with pytest.raises(InputError, match=r"a list is needed: \['erm', 'eos:k=5'\]"):
        run(blobs, tmp_path, recipes="erm,eos:k=5")
    with pytest.raises(InputError, match="recipes is empty; name at least one"):
        run(blobs, tmp_path, recipes=[])
    with pytest.raises(InputError, match="label cannot be set for data at hand"):
        run(blobs, tmp_path, label="kind")
    with pytest.raises(InputError, match="freeze 'backbone'"):
        run(blobs, tmp_path, setup=Setup(freeze="backbone"))


def test_a_recipe_of_another_length_is_told_of(blobs, tmp_path):
    with pytest.warns(UserWarning, match="recipe mine trains for 1 epochs, those given by name"):
        run(blobs, tmp_path, recipes=[Recipe("mine", [Train(1)])], epochs=2)


def test_names_of_data_and_networks_work_as_on_the_command_line(feature_file, blobs, tmp_path):
    first = run(str(feature_file), tmp_path / "a", model="auto", recipes=["erm"])
    assert first.rows[0]["model"] == "mlp"
    own = lambda: split_head(nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 2)))  # noqa: E731
    second = run(str(feature_file), tmp_path / "b", model=own, recipes=["erm"])
    assert second.rows[0]["model"] == "own"
    third = run(blobs, tmp_path / "c", model="linear", recipes=["erm"])
    assert third.rows[0]["setup"]["batch_size"] == 6  # a tenth of the training set


@pytest.mark.parametrize("data", ["digits", "arrays"])
def test_a_built_in_network_is_not_worth_freezing(data, blobs, tmp_path):
    given = blobs if data == "arrays" else data
    with pytest.raises(InputError, match=r"freeze is 'backbone'; model \S+ is built in"):
        run(given, tmp_path, model="auto", setup=Setup(freeze="backbone"), recipes=["erm"])
    assert not any(tmp_path.iterdir())


def test_a_class_is_named_as_its_labels_are(tmp_path):
    y = [0] * 6 + [2] * 5 + [3] * 9 + [7]
    with pytest.raises(InputError, match="data has one sample of class 7: each"):
        run((np.zeros((21, 2)), y), tmp_path)
    words = np.array(["cat", "dog"])[[0] * 5 + [1]]
    with pytest.raises(InputError, match="one sample of class dog"):
        run((np.zeros((6, 2)), words), tmp_path)
