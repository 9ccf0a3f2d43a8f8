"""Data sets of every usual form of sample, at every public function that takes a data set."""

from collections import namedtuple
from dataclasses import make_dataclass

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import Dataset

from imbtorch import InputError, evaluate, fit
from imbtorch.data import class_counts, labels_of
from imbtorch.data.arrays import as_dataset
from imbtorch.data.batches import Batches
from imbtorch.data.workers import Workers
from imbtorch.lightning import EOSCallback
from imbtorch.models import build_model, embed, predict_logits
from imbtorch.resampling import EOS
from imbtorch.samplers import ClassBalancedSampler
from imbtorch.sklearn import EmbeddingHead, ImbalancedClassifier
from imbtorch.transforms import M2m

datasets = pytest.importorskip("datasets")
pytestmark = pytest.mark.filterwarnings("ignore:class .* has no enemy")

N = 24
PIXELS = np.random.default_rng(0).integers(0, 256, (N, 8, 8, 3), dtype=np.uint8)
IMAGES = torch.from_numpy(PIXELS).permute(0, 3, 1, 2)
Y = [0] * 18 + [1] * 6


class Items(Dataset):
    def __init__(self, item):
        self.item = item

    def __len__(self):
        return N

    def __getitem__(self, index):
        return self.item(index)


def pillow(i):
    return Image.fromarray(PIXELS[i])


def hugging_face(**columns):
    features = {name: datasets.Image() for name, values in columns.items() if values is PIXELS}
    made = datasets.Dataset.from_dict(
        {n: [pillow(i) for i in range(N)] if n in features else v for n, v in columns.items()}
    )
    return made.cast(datasets.Features({**made.features, **features}))


Named = namedtuple("Named", "image label")
Plain = make_dataclass("Plain", ["x", "target", "path"])
FORMS = {
    "pairs": Items(lambda i: (IMAGES[i], Y[i])),
    "lists": Items(lambda i: [IMAGES[i], torch.tensor([Y[i]])]),
    "named tuples": Items(lambda i: Named(IMAGES[i], Y[i])),
    "dataclasses": Items(lambda i: Plain(IMAGES[i].numpy(), np.int64(Y[i]), "a.png")),
    "dicts": Items(lambda i: {"Image": IMAGES[i], "id": str(i), "Label": Y[i]}),
    "transformers": Items(lambda i: {"pixel_values": IMAGES[i], "labels": torch.tensor(Y[i])}),
    "triples": Items(lambda i: (IMAGES[i], Y[i], f"{i}.png")),
    "triples with a mask": Items(lambda i: (IMAGES[i], Y[i], torch.ones(8, 8))),
    "Pillow": Items(lambda i: (pillow(i), Y[i])),
    "palette": Items(lambda i: (pillow(i).quantize(256), Y[i])),
    "Hugging Face": hugging_face(img=PIXELS, label=Y, id=[str(i) for i in range(N)]),
    "Hugging Face, torch": hugging_face(image=PIXELS, label=Y).with_format("torch"),
    "Hugging Face, arrays": hugging_face(x=IMAGES.numpy().tolist(), target=Y),
}
HEAD_ONLY = build_model("small-cnn", (3, 8, 8), 2)


def network(data=None):
    return build_model("small-cnn", (3, 8, 8), 2, train=data)


@pytest.mark.parametrize("form", FORMS)
def test_every_function_takes_samples_of_every_form(form):
    data = FORMS[form]
    x, y = as_dataset(data)[3]
    if form not in ("palette", "Hugging Face, arrays"):  # other colors, other dtype
        assert torch.equal(x, IMAGES[3])
    assert (tuple(x.shape), int(y)) == ((3, 8, 8), 0)
    assert labels_of(data).tolist() == Y
    assert class_counts(data, 3) == [18, 6, 0]
    assert sorted(np.bincount(np.array(Y)[list(ClassBalancedSampler(data))])) == [12, 12]


@pytest.mark.parametrize("form", ["dicts", "triples", "Pillow", "Hugging Face"])
def test_what_is_trained_and_measured_is_that_of_pairs(form):
    pairs, data = FORMS["pairs"], FORMS[form]
    model, same = network(pairs), network(data)
    assert all(map(torch.equal, model.state_dict().values(), same.state_dict().values()))
    for function in (embed, predict_logits):
        for found, expected in zip(function(model, data), function(model, pairs), strict=True):
            assert torch.equal(found, expected)
    assert evaluate(model, data, [18, 6]) == evaluate(model, pairs, [18, 6])
    history = fit("drs+eos:k=5", model, pairs, pairs, epochs=2).history
    assert fit("drs+eos:k=5", same, data, data, epochs=2).history == history


def test_blocks_take_them_too():
    data = FORMS["dicts"]
    m2m = M2m(network(), [18, 6], seeds_per_class=2, train=data)
    assert m2m.pool[0].shape == (4, 3, 8, 8)
    module = torch.nn.Module()
    module.network, module.device = network(), torch.device("cpu")
    EOSCallback(EOS(5), epochs=1, train=data).on_train_end(None, module)


def test_a_transform_of_the_users_own_stays():
    data = hugging_face(image=PIXELS, label=Y)
    data.set_transform(
        lambda batch: {
            "pixel_values": [np.asarray(image)[:4, :4, 0] / 255.0 for image in batch["image"]],
            "labels": [1 - label for label in batch["label"]],
        }
    )
    assert as_dataset(data)[0][0].shape == (4, 4)
    assert class_counts(data) == [6, 18]


@pytest.mark.parametrize(
    ("item", "said"),
    [
        (lambda i: {"x": IMAGES[i]}, "parts x; exactly one"),
        (lambda i: {"left": IMAGES[i], "label": 0}, "parts left, label"),
        (lambda i: {"image": IMAGES[i], "x": IMAGES[i], "y": 0}, "parts image, x, y"),
        (lambda i: {"image": IMAGES[i], "label": 0, "target": 1}, "parts image, label, target"),
        (lambda i: {"input_ids": [1, 2], "attention_mask": [1, 1], "labels": 0}, "input_ids"),
        (lambda i: (IMAGES[i], 0, i), "3 parts, several of which could be the label"),
        (lambda i: (IMAGES[i], 0, torch.tensor(i)), "several of which could be the label"),
        (lambda i: (IMAGES[i], 0, 0.5), "several of which could be the label"),
        (lambda i: (IMAGES[i],), "not a pair .* but a tuple"),
        (lambda i: IMAGES[i], "not a pair .* but a Tensor"),
        (lambda i: None, "not a pair .* but a NoneType"),
        (lambda i: ("words", 0), "x of a sample is of type str"),
        (lambda i: ((IMAGES[i], IMAGES[i]), 0), "x of a sample is of type tuple"),
        (lambda i: ({"a": 1}, 0), "x of a sample is of type dict"),
        (lambda i: (IMAGES[i], "cat"), "y is one number"),
        (lambda i: (IMAGES[i], [0, 1]), "y is one number"),
        (lambda i: (Image.new("I", (8, 8)), 0), "mode I, whose range is not 0..255"),
        (lambda i: (Image.new("I;16", (8, 8), 9), 0), "mode I;16, whose range is not 0..255"),
        (lambda i: (IMAGES[i] if i % 2 else IMAGES[i, :1], i % 2), r"shapes \(., 8, 8\), \(., 8"),
        (lambda i: (IMAGES[i, :, : 8 - i % 3], i % 2), r"shapes \(3, ., 8\), \(3, ., 8"),
    ],
)
def test_what_is_not_certain_is_one_line(item, said):
    with pytest.raises(InputError, match=said) as caught:
        fit("erm", network(), Items(item), epochs=1)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (lambda: datasets.DatasetDict(train=FORMS["Hugging Face"]), "DatasetDict of train; pass"),
        (lambda: {"x": IMAGES, "y": Y}, "dict of x, y; pass"),
        (lambda: FORMS["Hugging Face"].to_iterable_dataset(), "IterableDataset; .* has a length"),
        (lambda: hugging_face(text=["a"] * N, label=Y), "parts text, label"),
        (lambda: hugging_face(x=["a"] * N, label=Y), "x of a sample is of type str"),
        (lambda: hugging_face(a=[0.5] * N, b=[1.0] * N, label=Y), "parts a, b, label"),
        (lambda: hugging_face(img=PIXELS, fine_label=Y, coarse_label=Y), "fine_label, coarse"),
        (lambda: hugging_face(img=PIXELS, label=["a"] * N), "y is one number"),
        (lambda: hugging_face(img=PIXELS, label=[-1] * N), "holds the label -1"),
        (lambda: [FORMS["pairs"], Y], "data is a list"),
    ],
)
def test_a_data_set_that_cannot_be_taken_is_one_line(data, said):
    with pytest.raises(InputError, match=said) as caught:
        fit("erm", network(), data(), epochs=1)
    assert "\n" not in str(caught.value)


def test_gray_images_have_one_channel():
    gray = Items(lambda i: (pillow(i).convert(["L", "1", "LA"][i % 3]), Y[i]))
    assert {tuple(x.shape) for x, _ in (as_dataset(gray)[i] for i in range(3))} == {(1, 8, 8)}


@pytest.mark.parametrize("estimator", [EmbeddingHead(), ImbalancedClassifier()])
@pytest.mark.parametrize("form", ["pairs", "Hugging Face"])
def test_estimators_say_that_they_take_arrays(estimator, form):
    with pytest.raises(InputError, match="an estimator takes arrays X and y"):
        estimator.fit(FORMS[form], Y)


def test_resampling_names_the_data_set_that_is_not_in_memory():
    with pytest.raises(InputError, match="train is a Items; resampling needs it in memory"):
        fit("smote", network(), FORMS["dicts"], epochs=1)


def test_shapes_are_told_by_workers_too():
    data = as_dataset(Items(lambda i: (IMAGES[i, :, : 4 + i % 3], 0)))
    with pytest.raises(InputError, match="the inputs of a batch have the shapes"):
        list(Batches(data, batch_size=4, workers=Workers(1)))
