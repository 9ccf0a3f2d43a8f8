"""A stored network predicts new tables and texts: gaps, new categories, columns in any order."""

import numpy as np
import pandas as pd
import pytest

from fraud import fraud_table
from imbtorch import load_checkpoint
from imbtorch.cli import main
from imbtorch.data.inputs import input_from_json
from predicting import expected, predicted, probabilities, trained

pytestmark = pytest.mark.usefixtures("own_cache")


def test_texts(tmp_path):
    words = ["oil price rose", "wheat and grain", "oil fell", "grain harvest of wheat"] * 8
    pd.DataFrame({"text": words, "label": ["oil", "grain"] * 16}).to_csv(
        tmp_path / "old.csv", index=False
    )
    network = trained(tmp_path / "old.csv", tmp_path / "x.safetensors")
    pd.DataFrame({"text": ["oil", None, "=wheat"]}).to_csv(tmp_path / "new.csv", index=False)
    made = predicted(network, tmp_path / "new.csv", tmp_path / "p.csv")
    spec = input_from_json(load_checkpoint(network)[1]["input"])
    p, _ = expected(network, spec.transform(["oil", "", "=wheat"]).numpy())
    np.testing.assert_allclose(probabilities(made), p, atol=1e-6)


def test_each_line_of_a_file_of_texts_is_a_row_of_the_predictions(tmp_path, capsys):
    words = ["oil price rose", "wheat and grain"] * 8
    pd.DataFrame({"text": words, "label": ["oil", "grain"] * 8}).to_csv(
        tmp_path / "old.csv", index=False
    )
    network = trained(tmp_path / "old.csv", tmp_path / "x.safetensors")
    (tmp_path / "new.csv").write_text("text\noil\n\nwheat\n   \nrose\n")
    capsys.readouterr()
    made = predicted(network, tmp_path / "new.csv", tmp_path / "p.csv")
    assert made["row"].tolist() == [0, 1, 2, 3, 4]
    assert "2 texts without a word" in capsys.readouterr().out


def test_a_table_with_gaps_and_categories_that_no_training_row_has(tmp_path, capsys):
    old, new = fraud_table(200, 0, share=0.2), fraud_table(60, 1, share=0.2, unseen=True)
    old.to_csv(tmp_path / "old.csv", index=False)
    network = trained(tmp_path / "old.csv", tmp_path / "f.safetensors")
    new.drop(columns="label").iloc[:, ::-1].to_csv(tmp_path / "new.csv", index=False)
    made = predicted(network, tmp_path / "new.csv", tmp_path / "p.csv")
    assert len(made) == 60
    spec = input_from_json(load_checkpoint(network)[1]["input"])
    p, _ = expected(network, spec.transform(pd.read_csv(tmp_path / "new.csv")).numpy())
    np.testing.assert_allclose(probabilities(made), p, atol=1e-6)
    assert "input" in capsys.readouterr().out
    pd.DataFrame(new[["amount"]]).to_csv(tmp_path / "few.csv", index=False)
    args = ["predict", network, str(tmp_path / "few.csv"), "--out", str(tmp_path / "q.csv")]
    assert main(args) == 2
    assert "has no column" in capsys.readouterr().err


def test_what_no_training_row_has_is_said_over_all_blocks(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("imbtorch.comparison.predictions.ROWS", (16, 16))
    old = fraud_table(200, 0, share=0.2)
    old.assign(shop=old.shop.fillna("none")).to_csv(tmp_path / "old.csv", index=False)
    network = trained(tmp_path / "old.csv", tmp_path / "f.safetensors")
    new = fraud_table(60, 1, share=0.2).assign(abroad=[*["yes", "no"] * 29, "True", "False"])
    new.assign(when=None).to_csv(tmp_path / "new.csv", index=False)
    capsys.readouterr()
    predicted(network, tmp_path / "new.csv", tmp_path / "p.csv")
    said = " ".join(capsys.readouterr().out.split())
    assert "'abroad' holds categories that no training row has ('yes', 'no') in 58 rows" in said
    assert "'when' is empty in 60 rows" in said


def test_a_parquet_file_without_rows_is_said_to_have_none(of_table, tmp_path, capsys):
    pd.DataFrame({"x": [1.0]}).head(0).to_parquet(tmp_path / "none.parquet")
    assert main(["predict", of_table, str(tmp_path / "none.parquet")]) == 2
    assert "it holds no rows" in capsys.readouterr().err


def test_texts_without_a_word_are_said(tmp_path, capsys):
    texts = ["good fine shop", "bad broken shop"] * 20
    frame = pd.DataFrame({"text": texts, "label": ["a", "b"] * 20})
    frame.to_csv(tmp_path / "old.csv", index=False)
    network = trained(tmp_path / "old.csv", tmp_path / "t.safetensors")
    new = pd.DataFrame({"text": ["good", None, "", " "]})
    new.to_parquet(tmp_path / "new.parquet")
    capsys.readouterr()
    assert len(predicted(network, tmp_path / "new.parquet", tmp_path / "p.csv")) == 4
    assert "3 texts without a word" in capsys.readouterr().out


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_rows_of_several_tables_have_the_name_of_their_file(suffix, of_table, tmp_path, capsys):
    x = pd.DataFrame({"far": np.arange(5.0), "near": [0.0, 1.0, 0.0, np.nan, 1.0]})
    parts = {"p10": x[:2], "p1": x[2:5], "p2": x[:1] + 9}
    (tmp_path / "new").mkdir()
    for name, part in parts.items():
        path = tmp_path / "new" / f"{name}.{suffix}"
        part.to_csv(path, index=False) if suffix == "csv" else part.to_parquet(path)
    made = predicted(of_table, tmp_path / "new", tmp_path / "p.parquet", status=1)
    assert [*made.columns[:3]] == ["file", "row", "predicted"]
    assert "p1.csv, row 1: " in capsys.readouterr().out.replace(suffix, "csv")
    for name, part in parts.items():
        ours = made[made["file"] == f"{name}.{suffix}"]
        assert ours["row"].tolist() == [*range(len(part))]
    alone = predicted(of_table, tmp_path / "new" / f"p1.{suffix}", tmp_path / "q.csv", status=1)
    assert alone.columns[0] == "row"
    ours = made[made["file"] == f"p1.{suffix}"]
    np.testing.assert_allclose(probabilities(ours), probabilities(alone), atol=1e-6)
