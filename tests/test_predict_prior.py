"""Other shares of the classes in use, and a stored decision, change what is predicted."""

import numpy as np
import pandas as pd
import pytest

from imbtorch import load_checkpoint, save_checkpoint
from imbtorch.cli import main
from imbtorch.comparison import predictions
from imbtorch.metrics.decision import Decision
from imbtorch.metrics.prior import correct_prior
from predicting import expected, predicted, probabilities, table

pytestmark = pytest.mark.usefixtures("own_cache")

PRIORS = {"uniform": [1, 1], "0.9,0.1": [0.9, 0.1], "file": [3, 1]}


@pytest.mark.parametrize("prior", PRIORS)
def test_a_prior_corrects_from_what_the_recipe_makes_the_network_assume(of_table, tmp_path, prior):
    x, _ = table(30, 4)
    np.savez(tmp_path / "new.npz", features=x.to_numpy())
    given = prior
    if prior == "file":
        given = str(tmp_path / "prior.csv")
        pd.DataFrame({"class": ["b, c", "a"], "share": [1, 3]}).to_csv(given, index=False)
    made = predicted(of_table, tmp_path / "new.npz", tmp_path / "p.csv", "--prior", given)
    p, _ = expected(of_table, x.to_numpy(np.float32))
    corrected = correct_prior(p, [1, 1], PRIORS[prior])  # drs: equal shares
    np.testing.assert_allclose(probabilities(made), corrected, atol=1e-6)
    assert made["predicted"].tolist() == [("a", "b, c")[k] for k in corrected.argmax(1)]


@pytest.mark.parametrize(
    ("prior", "message"),
    [
        ("0.9", "2 classes"),
        ("much", "uniform, numbers"),
        ("2,-1", "at least 0"),
        ("", "uniform"),
        (",".join(["0.01"] * 100), "100 numbers; the network has 2 classes"),
        (b"class,share\na,1\nb,2\n", "each of ['a', 'b, c'] is needed once"),
        (b"class,share\na,1\n'b, c'\n", "each of ['a', 'b, c'] is needed once"),
        (b'class,share\na,1\n"b, c"\n', "uniform, numbers"),
        (b"class,share\n\xf6,1\n", "cannot be read as CSV"),
        (b"name,share\na,1\n", "with the columns class, share"),
    ],
)
def test_a_prior_that_cannot_be_meant_is_refused(of_table, tmp_path, capsys, prior, message):
    np.savez(tmp_path / "new.npz", features=np.zeros((2, 2)))
    if isinstance(prior, bytes):
        (tmp_path / "prior.csv").write_bytes(prior)
        prior = str(tmp_path / "prior.csv")
    args = ["predict", of_table, str(tmp_path / "new.npz"), "--prior", prior]
    assert main([*args, "--out", str(tmp_path / "p.csv")]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "p.csv").exists()


def test_a_stored_decision_has_a_column_of_its_own(of_table, tmp_path, capsys):
    model, header = load_checkpoint(of_table)
    decision = Decision(2.0, (0.0, 1.5), "f1")
    network = str(tmp_path / "d.safetensors")
    save_checkpoint(network, model, {**header, "decision": decision.to_json()})
    x, _ = table(60, 5)
    np.savez(tmp_path / "new.npz", features=x.to_numpy())
    made = predicted(network, tmp_path / "new.npz", tmp_path / "p.csv")
    p = decision.calibrated(expected(of_table, x.to_numpy(np.float32))[0])
    np.testing.assert_allclose(probabilities(made), p, atol=1e-6)
    decided = [("a", "b, c")[k] for k in decision.classes(p)]
    assert made["decision"].tolist() == decided
    assert made["predicted"].tolist() != decided
    assert "decision for f1" in capsys.readouterr().out
    other = predicted(network, tmp_path / "new.npz", tmp_path / "q.csv", "--prior", "99,1")
    assert other["decision"].tolist() == decided  # its offsets are for the network's own


def test_a_prior_that_excludes_the_certain_class_leaves_no_row_without_a_class():
    """A probability of 1, of a class that is not there in use, is that of the best other class."""
    predictor = predictions.Predictor(None, None, "abc", None, [1, 1, 1], [0, 1, 3])
    p, _ = predictor.decide(np.array([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]]))
    np.testing.assert_allclose(p, [[0, 0.25, 0.75], [0, 1, 0]], atol=1e-12)
