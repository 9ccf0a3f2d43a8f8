"""fit: schedules, slots, any data set, phases one after another."""

from functools import partial
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from imbtorch import (
    ArrayDataset,
    InputError,
    Recipe,
    RefitHead,
    Setup,
    Train,
    build_model,
    fit,
    make_recipe,
    split_head,
)
from imbtorch.models import CosineHead, embed, linear, mlp, resnet32
from imbtorch.resampling import EOS
from imbtorch.samplers import ClassBalancedSampler
from imbtorch.sklearn import ImbalancedClassifier
from imbtorch.training import Pretrained
from imbtorch.transforms import M2m


def test_deferred_recipes_change_what_they_say_at_their_epoch(blobs):
    seen = []

    class Watch(ClassBalancedSampler):
        def set_epoch(self, epoch):
            seen.append(epoch)
            super().set_epoch(epoch)

    recipe = Recipe("watch", [Train(8), Train(2, sampler=Watch)])
    fit(recipe, mlp((2,), 3), blobs)
    assert seen == [8, 9]
    phases = make_recipe("drs", 200).phases
    assert [p.epochs for p in phases] == [160, 40]
    assert [p.sampler for p in phases] == [None, ClassBalancedSampler]
    assert [p.epochs for p in make_recipe("m2m", 1).phases] == [0, 1]


def test_compiling_is_for_long_runs_on_images_alone(blobs, monkeypatch):
    said = []

    class Watch:
        def __init__(self, compile=None):
            said.append(compile)

        def __call__(self, x, y, model):
            return x, y

    images = torch.rand(12, 1, 4, 4), torch.arange(12) % 3
    for epochs, data, model in (
        (4, images, build_model("small-cnn", (1, 4, 4), 3)),
        (3, images, build_model("small-cnn", (1, 4, 4), 3)),
        (4, blobs, mlp((2,), 3)),
    ):
        monkeypatch.setattr("imbtorch.training.phases.train.COMPILE_FROM", 4)
        fit(Recipe("watch", [Train(epochs, batch=Watch)]), model, data)
    assert said[1::2] == [True, False, False]  # each is made once ahead of training


def test_learning_rate_rises_then_falls_at_the_milestones():
    setup = Setup()
    rate = [setup.rates(epoch, 10, 200)(0) for epoch in (0, 4, 5, 159, 160, 179, 180)]
    assert rate == pytest.approx([0.001, 0.081, 0.1, 0.1, 0.001, 0.001, 1e-5])
    assert setup.rates(159, 10, 200)(9) == pytest.approx(0.1)


def test_learning_rate_can_rise_once_an_epoch():
    setup = Setup(ramp="epochs")
    for step in (0, 9):
        rate = [setup.rates(epoch, 10, 200)(step) for epoch in (0, 3, 4, 5, 160)]
        assert rate == pytest.approx([0.02, 0.08, 0.1, 0.1, 0.001])
    cosine = Setup(ramp="epochs", schedule="cosine")
    assert cosine.rates(4, 10, 200)(0) == pytest.approx(0.1)
    assert cosine.rates(5, 10, 200)(0) < 0.1


def test_loss_weights_reach_the_loss(blobs):
    losses = []

    class Record(nn.CrossEntropyLoss):
        def __init__(self, weight=None):
            super().__init__(weight)
            losses.append(weight)

    fit(
        Recipe(
            "a",
            [Train(1, loss=Record, weights=lambda class_counts: torch.tensor(class_counts) * 1.0)],
        ),
        mlp((2,), 3),
        blobs,
    )
    assert losses[0].tolist() == [60, 20, 8]


def test_a_slot_that_requires_what_the_run_does_not_know_is_refused(blobs):
    class Margin(nn.CrossEntropyLoss):
        def __init__(self, margin, scale=1.0):
            super().__init__()

    def trained(loss):
        return fit(Recipe("margin", [Train(1, loss=loss)]), mlp((2,), 3), blobs)

    with pytest.raises(InputError, match="Margin requires margin, which the run does not know"):
        trained(Margin)
    with pytest.raises(InputError, match="'margn'; did you mean margin"):
        trained(partial(Margin, margn=0.5))
    trained(partial(Margin, margin=0.5))


def test_batches_of_any_dataset_train_the_same_network(blobs):
    class Plain(torch.utils.data.Dataset):
        def __len__(self):
            return len(blobs[0])

        def __getitem__(self, index):
            return blobs[0][index], int(blobs[1][index])

    results = [
        fit("rs", build_model("mlp", (2,), 3, seed=1), data, epochs=3, seed=2)
        for data in (blobs, Plain(), ArrayDataset(*blobs))
    ]
    for other in results[1:]:
        assert other.history == results[0].history


def test_refit_changes_the_head_alone(blobs):
    model = mlp((2,), 3, hidden=8)
    fit("erm", model, blobs, epochs=5)
    features = embed(model, ArrayDataset(*blobs))[0]
    head = model.head
    result = fit(
        Recipe("eos", [RefitHead(3, resample=partial(EOS, n_neighbors=20))]), model, blobs, blobs
    )
    assert torch.equal(embed(model, ArrayDataset(*blobs))[0], features)
    assert model.head is not head
    assert [row["phase"] for row in result.history] == ["head"] * 3


def test_training_may_go_on_after_a_new_head(blobs):
    recipe = Recipe("back", [Train(2), RefitHead(1), Train(2)])
    result = fit(recipe, mlp((2,), 3), blobs)
    assert [row["phase"] for row in result.history] == ["train", "train", "head", "train", "train"]


def test_the_pretrained_network_is_trained_when_missing_and_returned(blobs):
    def m2m(pretrained=None):
        return fit("m2m", mlp((2,), 3), blobs, epochs=5, pretrained=pretrained)

    first = m2m()
    assert isinstance(first.pretrained, nn.Module)
    assert 0 < first.pretrained_seconds < first.seconds
    given = m2m(first.pretrained)
    assert given.pretrained is first.pretrained
    assert given.pretrained_seconds == 0
    asked = []
    trained = SimpleNamespace(model=first.pretrained, seconds=1000.0)
    pretrained = Pretrained(lambda: asked.append(1) or trained)
    plain = fit("erm", mlp((2,), 3), blobs, epochs=1, pretrained=pretrained)
    assert plain.pretrained is None
    assert asked == []
    for second in (m2m(pretrained), m2m(pretrained)):
        assert asked == [1]
        assert second.pretrained is first.pretrained
        assert second.seconds > second.pretrained_seconds == 1000


def test_ldam_gets_its_head_and_the_pretrained_network_a_plain_one(blobs):
    recipe = make_recipe("ldam", 4)
    both = Recipe(
        "x", [*recipe.phases, Train(2, sampler=ClassBalancedSampler, batch=M2m)], CosineHead
    )
    result = fit(both, build_model("mlp", (2,), 3), blobs)
    assert isinstance(result.model.head, CosineHead)
    assert isinstance(result.pretrained.head, nn.Linear)


def test_own_networks_are_split_at_their_head(blobs):
    network = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 3))
    result = fit("eos", split_head(network, "2"), blobs, blobs, epochs=20)
    assert result.history[-1]["balanced_accuracy"] > 0.5
    with pytest.raises(InputError, match="'0', '2'"):
        split_head(network, "fc")
    with pytest.raises(InputError, match="split_head"):
        fit("erm", network, blobs)


def test_bad_training_sets_are_said(blobs):
    x, y = blobs
    with pytest.raises(InputError, match="no sample of class 3"):
        fit("erm", mlp((2,), 4), blobs)
    with pytest.raises(InputError, match="labels up to 2"):
        fit("erm", mlp((2,), 2), blobs)
    with pytest.raises(InputError, match="NaN"):
        fit("erm", mlp((2,), 3), (x / 0, y))
    with pytest.raises(InputError, match="lower lr"):
        fit("erm", mlp((2,), 3), (x * 1e30, y), epochs=5, setup=Setup(lr=1e9))
    with pytest.raises(InputError, match="did you mean ldam"):
        fit("ldam_drw", mlp((2,), 3), blobs)


def test_a_lone_last_sample_does_not_break_batch_statistics():
    x, y = torch.rand(17, 1, 4, 4), torch.arange(17) % 2
    fit("erm", resnet32((1, 4, 4), 2), (x, y), epochs=1, setup=Setup(batch_size=8))


def test_batches_of_one_sample_train_on_every_sample(blobs):
    x, y = blobs[0][::8], blobs[1][::8]
    seen = []

    class Counting(nn.CrossEntropyLoss):
        def forward(self, logits, labels):
            seen.extend(labels.tolist())
            return super().forward(logits, labels)

    network, one = linear((2,), 3), Setup(batch_size=1)
    fit(Recipe("own", [Train(1, loss=Counting())]), network, (x, y), setup=one)
    assert sorted(seen) == sorted(y.tolist())


def test_resnet32_has_the_published_size():
    assert sum(p.numel() for p in resnet32((3, 32, 32), 10).parameters()) == 464_154


def test_a_pretrained_network_that_is_none_is_refused(blobs):
    with pytest.raises(InputError, match="pretrained is a function; an"):
        fit("m2m", mlp((2,), 3), blobs, epochs=2, pretrained=lambda: mlp((2,), 3))


def test_a_recipe_keeps_its_epochs_and_others_are_refused(blobs):
    recipe = Recipe("mine", [Train(1), Train(2)])
    for epochs in (None, 3):
        assert len(fit(recipe, mlp((2,), 3), blobs, epochs=epochs).history) == 3
    said = "epochs is 50; recipe mine has phases of 3 epochs together"
    with pytest.raises(InputError, match=said):
        fit(recipe, mlp((2,), 3), blobs, epochs=50)
    x, y = (a.numpy() for a in blobs)
    with pytest.raises(InputError, match=said):
        ImbalancedClassifier(recipe, epochs=50).fit(x, y)
