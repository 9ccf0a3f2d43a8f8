"""Classifiers on embeddings, triplets and large-margin local embedding."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from imbtorch import (
    InputError,
    Recipe,
    Setup,
    Train,
    build_model,
    fit,
    load_checkpoint,
    make_recipe,
    save_checkpoint,
)
from imbtorch.data.arrays import as_dataset
from imbtorch.losses import QuintupletLoss
from imbtorch.models import Classifier, embed
from imbtorch.models.neighbor_head import NeighborHead
from imbtorch.training import LocalEmbedding, LogisticHead, NearestHead, TripletEmbedding


def trained(recipe, data, num_classes=3, setup=None):
    return fit(recipe, build_model("mlp", (2,), num_classes, seed=0), data, data, setup=setup)


@pytest.mark.parametrize("num_classes", [2, 3])
def test_logistic_head_is_logistic_regression(num_classes, blobs):
    x, y = (a[blobs[1] < num_classes] for a in blobs)
    model = trained(Recipe("lr", [Train(5), LogisticHead()]), (x, y), num_classes).model
    features, labels = (a.numpy() for a in embed(model, as_dataset((x, y))))
    scaled = StandardScaler().fit_transform(features)
    reference = LogisticRegression(tol=1e-3, max_iter=1000).fit(scaled, labels)
    with torch.no_grad():
        mine = model.probabilities(model(x)).numpy()
    np.testing.assert_allclose(mine, reference.predict_proba(scaled), atol=1e-4)


def test_nearest_head_is_scikit_learns(blobs):
    x, y = blobs
    model = trained(Recipe("knn", [Train(5), NearestHead(5)]), blobs).model
    features = embed(model, as_dataset(blobs))[0].numpy()
    reference = KNeighborsClassifier(5).fit(features, y).predict_proba(features)
    with torch.no_grad():
        mine = model.probabilities(model(x)).numpy()
    np.testing.assert_allclose(mine, reference, atol=0.005)


def test_a_network_with_a_nearest_head_is_stored_and_read(blobs, tmp_path):
    model = trained(make_recipe("knn", 3), blobs).model
    save_checkpoint(tmp_path / "model.safetensors", model)
    read, _ = load_checkpoint(tmp_path / "model.safetensors")
    assert isinstance(read.head, NeighborHead)
    with torch.no_grad():
        assert torch.equal(read(blobs[0]), model(blobs[0]))


def test_more_neighbours_than_samples_are_all_of_them():
    head = NeighborHead(torch.tensor([[0.0], [1.0], [2.0]]), torch.tensor([0, 1, 1]), 2, 9)
    assert head(torch.tensor([[0.0]])).softmax(1)[0].tolist() == pytest.approx([1 / 3, 2 / 3], 1e-2)


@pytest.mark.parametrize("offset", [0, 30, 300])
def test_the_vote_is_of_the_nearest_however_far_all_are_from_the_origin(offset):
    rng = np.random.default_rng(0)
    x, h = (torch.from_numpy(rng.normal(offset, 0.05, (n, 16)).astype("f")) for n in (300, 200))
    head = NeighborHead(x, torch.from_numpy(rng.integers(0, 3, 300)), 3)
    exact = NeighborHead(x.double(), head.labels, 3)
    torch.testing.assert_close(head(h).double(), exact(h.double()))


def test_quintuplets_by_hand():
    angle = torch.deg2rad(torch.tensor([0.0, 10.0, 40.0, 90.0]))
    features = torch.stack([angle.cos(), angle.sin()], 1) * torch.tensor(
        [[1.0], [2.0], [3.0], [4.0]]
    )
    labels, clusters = torch.tensor([0, 0, 0, 1]), torch.tensor([0, 0, 1, 2])

    def apart(a, b):
        return 2 - 2 * np.cos(np.deg2rad(a - b))

    g = 0.5
    # of each sample p, q, r, n; a missing one takes its terms along
    first = max(0, g + apart(0, 10) - apart(0, 40)) + g + max(0, g + apart(0, 40) - apart(0, 90))
    second = (
        max(0, g + apart(0, 10) - apart(10, 40)) + g + max(0, g + apart(10, 40) - apart(10, 90))
    )
    third = max(0, g + apart(10, 40) - apart(0, 40)) + max(0, g + apart(0, 40) - apart(40, 90))
    expected = (first + second + third) / 4
    loss = QuintupletLoss((g, g, g))(features, labels, clusters)
    assert float(loss) == pytest.approx(expected, rel=1e-5)


def test_quintuplets_of_one_class_or_one_sample_have_finite_gradients():
    for labels, clusters in (
        ([0, 0, 0], [0, 0, 1]),
        ([0], [0]),
        ([0, 1], [0, 1]),
        ([0, 0], [0, 0]),
    ):
        features = torch.randn(len(labels), 4, requires_grad=True)
        QuintupletLoss((1, 1, 1))(features, torch.tensor(labels), torch.tensor(clusters)).backward()
        assert torch.isfinite(features.grad).all()


@pytest.mark.parametrize("phase", [LocalEmbedding(40), TripletEmbedding(40)])
def test_embeddings_of_a_class_draw_together(phase, blobs):
    setup = Setup(batch_size=44, lr=0.2)
    result = trained(Recipe("metric", [Train(2), phase, NearestHead(3)]), blobs, setup=setup)
    plain = trained(Recipe("plain", [Train(2)]), blobs, setup=setup)

    def within_over_between(model):
        features, y = embed(model, as_dataset(blobs))
        features = torch.nn.functional.normalize(features)
        means = torch.stack([features[y == k].mean(0) for k in range(3)])
        return float((features - means[y]).square().mean() / means.var(0).mean())

    assert within_over_between(result.model) < 0.85 * within_over_between(plain.model)


def test_a_head_takes_the_place_of_nearest_neighbours():
    kinds = [type(phase).__name__ for phase in make_recipe("triplet+eos", 8).phases]
    assert kinds == ["TripletEmbedding", "RefitHead"]
    assert make_recipe("knn:n_neighbors=3", 8).phases[-1].n_neighbors == 3
    assert make_recipe("lr:C=2", 8).phases[-1].C == 2
    with pytest.raises(InputError, match="takes no other"):
        make_recipe("focal+triplet")


def test_a_loss_that_diverges_shows():
    features = torch.full((4, 2), torch.nan)
    loss = QuintupletLoss()(features, torch.tensor([0, 0, 1, 1]), torch.tensor([0, 0, 1, 1]))
    assert loss.isnan()


def test_the_head_stays_as_it_is(blobs):
    before = build_model("mlp", (2,), 3, seed=0).head.weight
    after = trained(Recipe("triplet", [TripletEmbedding(2)]), blobs).model.head.weight
    assert torch.equal(before, after)


def test_bad_arguments_are_said():
    for wrong in (
        lambda: LocalEmbedding(0),
        lambda: LocalEmbedding(1, clusters=0),
        lambda: TripletEmbedding(1, margin=0),
        lambda: NearestHead(0),
        lambda: NearestHead(2.5),
        lambda: TripletEmbedding(2.5),
        lambda: LocalEmbedding(True),
        lambda: LocalEmbedding(1, clusters=1.5),
        lambda: LogisticHead(0),
        lambda: QuintupletLoss((1, 2)),
        lambda: QuintupletLoss((1, 2, -1)),
    ):
        with pytest.raises(InputError):
            wrong()


def test_quintuplets_are_computed_in_float32_under_autocast():
    features, labels = torch.randn(12, 8), torch.arange(12) % 3
    expected = QuintupletLoss()(features, labels, torch.arange(12) % 6)
    with torch.autocast("cpu", torch.bfloat16):
        found = QuintupletLoss()(features, labels, torch.arange(12) % 6)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected)


class Pooled(torch.nn.Linear):
    """Returns its embeddings as the networks of transformers do."""

    def forward(self, x):
        return {"last_hidden_state": x[:, None], "pooler_output": super().forward(x)}


@pytest.mark.parametrize("name", ["dos", "lmle"])
def test_embeddings_may_lie_in_a_dict(name, blobs):
    def losses(kind):
        torch.manual_seed(0)
        network = Classifier(kind(2, 4), torch.nn.Linear(4, 3))
        return [row["loss"] for row in fit(name, network, blobs, epochs=2).history]

    assert losses(Pooled) == losses(torch.nn.Linear)
