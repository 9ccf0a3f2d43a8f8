"""Tables as people have them, from the file to a network: columns of every kind, with gaps."""

import numpy as np
import pytest
import torch

from fraud import fraud_table
from imbtorch import InputError, load_data
from imbtorch.cli import main


@pytest.fixture(scope="module")
def payments(tmp_path_factory):
    path = tmp_path_factory.mktemp("table") / "payments.csv"
    fraud_table(1000).to_csv(path, index=False)
    return path


def test_a_table_as_people_have_it(payments):
    data = load_data(str(payments))
    spec = data.input
    assert [one.column for one in spec.categories] == ["plan", "shop", "abroad"]
    assert spec.missing == ("amount", "age")
    assert {one.part for one in spec.numbers} == {"value", "days", "month", "weekday", "hour"}
    said = "\n".join(data.notes)
    for words_of in (
        "numbers: amount, age, balance; categories: plan, shop, abroad; dates: when",
        "not used: payment_id (an identifier",
        "not used: note (beside other columns)",
        "a missing value is a category of plan",
        "fewer than 5 training rows are one: shop",
    ):
        assert words_of in said
    assert data.train.categorical == tuple(spec.categorical)
    assert data.shape == (spec.width,)


def test_inputs_are_fitted_on_training_rows_alone(tmp_path):
    """Other values in the held-out rows change nothing."""
    frame = fraud_table(400).assign(balance=np.random.default_rng(0).permutation(4000)[:400] / 8)
    frame.to_csv(tmp_path / "one.csv", index=False)
    data = load_data(str(tmp_path / "one.csv"))
    held = frame["balance"].isin(data.test_rows.values["balance"])
    assert held.sum() == len(data.test)
    frame.loc[held, ["amount", "plan", "when"]] = 1e6, "platinum", "2030-01-01 12:00"
    frame.to_csv(tmp_path / "other.csv", index=False)
    other = load_data(str(tmp_path / "other.csv"))
    assert other.input == data.input
    assert torch.equal(other.train.x, data.train.x)
    assert not torch.equal(other.test.x, data.test.x)


def test_a_trained_network_measures_new_tables(payments, tmp_path, capsys):
    out = str(tmp_path / "model.safetensors")
    assert (
        main(["train", str(payments), "--epochs", "1", "--recipe", "data:smote", "--out", out]) == 0
    )
    new = fraud_table(300, 1, unseen=True)
    new[[*new.columns][::-1]].to_csv(tmp_path / "new.csv", index=False)
    capsys.readouterr()
    assert main(["evaluate", out, str(tmp_path / "new.csv")]) == 0
    assert "no training row has ('platinum') in 30 rows" in capsys.readouterr().out
    new.assign(amount="cheap").to_csv(tmp_path / "wrong.csv", index=False)
    assert main(["evaluate", out, str(tmp_path / "wrong.csv")]) == 2
    assert "column 'amount' holds 'cheap' in row 0, which is no number" in capsys.readouterr().err


def test_named_columns_of_several_kinds_are_a_table(payments):
    data = load_data(str(payments), columns="plan,amount,payment_id")
    assert [one.column for one in data.input.categories] == ["plan"]
    assert data.input.numbers[0].column == "amount"
    assert load_data(str(payments), columns="note").input.kind == "text"
    with pytest.raises(InputError, match="several kinds"):
        load_data(str(payments), columns="note,amount")


def test_inspect_proposes_what_works(payments, tmp_path, capsys):
    assert main(["inspect", str(payments)]) == 0
    said = capsys.readouterr().out
    assert "missing in training rows: amount (" in said
    assert "m2m" not in said.split("recipes that fit: ")[1].splitlines()[0]
    assert "next: imbtorch compare" in said
    x, y = np.arange(40.0).reshape(20, 2), np.repeat([0, 1], 10)
    x[0, 0] = np.nan
    np.savez(tmp_path / "gaps.npz", features=x, labels=y)
    assert main(["inspect", str(tmp_path / "gaps.npz")]) == 0
    assert "next, once all samples can be read: imbtorch compare" in capsys.readouterr().out


def test_inspect_refuses_held_out_rows_that_compare_refuses(tmp_path, capsys):
    for name, table in (("train", fraud_table(300)), ("test", fraud_table(100, 1))):
        held = table.assign(when="soon") if name == "test" else table
        held.to_csv(tmp_path / f"{name}.csv", index=False)
    assert main(["inspect", str(tmp_path)]) == 2
    assert "column 'when' holds 'soon'" in capsys.readouterr().err
