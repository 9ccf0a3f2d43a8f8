"""The noise of test samples in a verdict: its variance, and what it limits."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from verdict_simulation import of_few_samples

from imbtorch.comparison.kept import keep_outputs
from imbtorch.comparison.outputs import Outputs
from imbtorch.comparison.verdict.judge import judge
from imbtorch.comparison.verdict.sampling_noise import sampling_variance

CLASSES = ((0, 600), (1, 300), (2, 120))


def test_the_variance_over_test_samples_is_that_of_the_bootstrap():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], [600, 300, 120])
    gains = rng.choice([-1, -0.5, 0, 0.5, 1], size=1020, p=[0.05, 0.1, 0.5, 0.2, 0.15])
    drawn = [
        np.mean([gains[rng.choice(np.flatnonzero(labels == k), n)].mean() for k, n in CLASSES])
        for _ in range(2000)
    ]
    exact = sum(gains[labels == k].var() / n for k, n in CLASSES) / 9
    assert np.var(drawn) == pytest.approx(exact, rel=0.1)
    assert sampling_variance(labels, gains) == pytest.approx(exact, rel=0.03)


@pytest.mark.parametrize("gains", [[1.0], [1, 1, 1], [0.5, -1, 1, 0], [0, 0]])
def test_few_samples_that_agree_are_no_certainty(gains):
    n, total = len(gains), sum(gains)
    alone = (sum(np.square(gains)) / n - (total / (n + 4)) ** 2) / n
    found = sampling_variance([1] * n, gains)
    assert found == pytest.approx(alone)
    both = sampling_variance([0, 0, *[1] * n], [0, 0, *gains])
    assert both == pytest.approx(alone / 4)
    assert 1.96 * found**0.5 > abs(total / n) or total == 0


def test_equal_recipes_look_different_in_a_twentieth_of_small_test_sets():
    assert max(of_few_samples(number, 0.3) for number in (3, 5, 10)) < 5
    assert max(of_few_samples(number, 0.5) for number in (3, 5, 10)) < 7  # as if by dice


@dataclass
class Stored:
    """Stores runs whose predictions are right on a share of the samples of each class."""

    folder: object
    labels: np.ndarray

    def run(self, recipe, seed, wrong):
        predicted = np.where(wrong, 1 - self.labels, self.labels)
        y, p = torch.as_tensor(self.labels), torch.as_tensor(predicted)
        keep_outputs(
            self.folder, recipe, seed, Outputs(torch.zeros(len(y), 1), y, p, torch.eye(2)[p])
        )
        recalls = [float((predicted == self.labels)[self.labels == k].mean()) for k in (0, 1)]
        metrics = {"balanced_accuracy": float(np.mean(recalls)), "f1_macro": 0.5}
        return {"recipe": {"name": recipe}, "seed": seed, "metrics": metrics}


def test_a_small_test_set_limits_the_verdict(tmp_path):
    labels = np.repeat([0, 1], [20, 10])
    stored = Stored(tmp_path, labels)
    base, other = np.zeros(30, bool), np.zeros(30, bool)
    base[[0, 1, 20, 21]] = True
    other[[0, 2, 20]] = True
    rows = []
    for seed in range(4):  # every seed makes the same mistakes: no noise of seeds
        rows += [stored.run("erm", seed, base), stored.run("rs", seed, other)]
    assert judge(rows).leads["rs"].verdict == "better"
    verdicts = judge(rows, folder=tmp_path)
    lead = verdicts.leads["rs"]
    assert lead.mean == pytest.approx(0.05)
    gains = base.astype(float) - other
    assert lead.test_noise == pytest.approx(
        1.95996 * sampling_variance(labels, gains) ** 0.5, rel=1e-5
    )
    assert lead.noise == lead.test_noise
    assert (lead.verdict, lead.more_seeds) == ("within noise", None)
    assert "rs: the test set is too small to tell +5.0" in verdicts.sentences[1]


def test_lost_outputs_narrow_no_interval(tmp_path):
    labels, rng = np.repeat([0, 1], [20, 10]), np.random.default_rng(0)
    stored, rows = Stored(tmp_path, labels), []
    base = rng.random(30) < 0.4
    for seed in range(3):  # every seed makes the same mistakes: no noise of seeds
        rows += [stored.run("erm", seed, base), stored.run("rs", seed, base & (labels == 0))]
        rows += [stored.run("drw", seed, base)]
    whole = judge(rows, folder=tmp_path).leads["rs"]
    assert whole.verdict == "within noise"
    files = [tmp_path / "checkpoints" / f"rs-seed{seed}-outputs.npz" for seed in range(3)]
    files[0].unlink()
    Stored(tmp_path, 1 - labels).run("rs", 1, base)
    assert judge(rows, folder=tmp_path).leads["rs"] == whole  # by the seed that is left
    files[2].write_bytes(b"damaged")
    with pytest.warns(UserWarning, match="damaged"):
        verdicts = judge(rows, folder=tmp_path)
    rs, drw = verdicts.leads["rs"], verdicts.leads["drw"]
    assert (rs.verdict, drw.verdict) == ("noise unknown", "within noise")
    assert (rs.mean, rs.seed_noise, rs.noise) == (whole.mean, 0.0, np.inf)
    assert np.isnan(rs.test_noise)
    assert "that of the test samples is unknown" in verdicts.sentences[1]
    assert verdicts.sentences[2].startswith("rs: the noise of the test samples is not known, as")
    assert not any("one seed" in said for said in verdicts.sentences)
    for seed in range(3):
        (tmp_path / "checkpoints" / f"erm-seed{seed}-outputs.npz").unlink()
    verdicts = judge(rows, folder=tmp_path)
    assert [lead.verdict for lead in verdicts.leads.values()] == ["noise unknown", "within noise"]
    assert verdicts.leads["drw"].sentences == ()
    assert verdicts.sentences[2].startswith("rs, drw: the noise of the test samples is not known")


def test_one_seed_tells_what_the_test_samples_tell(tmp_path):
    labels = np.repeat([0, 1], [400, 100])
    stored, rng = Stored(tmp_path, labels), np.random.default_rng(0)
    base, same = rng.random(500) < 0.4, rng.random(500) < 0.4
    rows = [
        stored.run("erm", 0, base),
        stored.run("rs", 0, base & (rng.random(500) < 0.3)),
        stored.run("drw", 0, same),
    ]
    verdicts = judge(rows, folder=tmp_path)
    rs, drw = verdicts.leads["rs"], verdicts.leads["drw"]
    assert (rs.verdict, drw.verdict) == ("noise unknown", "within noise")
    assert rs.mean > rs.test_noise
    assert str(rs) == f"{100 * rs.mean:+.1f}"
    assert "that of the training seeds is unknown" in rs.sentences[0]
    assert "With one seed, a verdict is not possible: run at least 2" in verdicts.sentences[1]
    assert judge(rows).leads["rs"].verdict == "noise unknown"
