"""Networks from elsewhere: what is known of them is used, and a checkpoint makes them again."""

import numpy as np
import pytest
import torch
from pretrained_networks import LITE0
from safetensors.torch import load_file, save_file
from sklearn.base import clone
from sklearn.datasets import load_sample_image
from torch import nn

from imbtorch import InputError, build_model, fit, load_checkpoint, save_checkpoint
from imbtorch.data.images.image_input import ImageInput
from imbtorch.integrations.imbalanced_classifier import ImbalancedClassifier
from imbtorch.models.backbones import is_backbone, open_backbone
from imbtorch.models.backbones.timm import import_timm
from imbtorch.models.build import MODELS, fresh_copy
from imbtorch.training.tensor_file import tensors_of


def built(name="timm:test_efficientnet", shape=(3, 32, 32), classes=3, **options):
    return build_model(name, shape, classes, **{"pretrained": False, **options})


@pytest.fixture(scope="session")
def weights(tmp_path_factory):
    """A file of weights for test_efficientnet, with those of a head of ten classes."""
    path = tmp_path_factory.mktemp("weights") / "w.safetensors"
    network = import_timm().create_model("test_efficientnet", num_classes=10)
    save_file(network.state_dict(), path)
    return str(path)


def test_names_from_elsewhere_are_told_from_the_built_in():
    assert not any(map(is_backbone, MODELS))
    for name in ("timm:a", "hf:a/b", "torchvision:a", "a/b.py:make", r"C:\a\b.py:make"):
        assert is_backbone(name)
    assert not is_backbone("mlp:a")


def test_what_timm_knows_of_a_network_is_used():
    found = open_backbone("timm:tf_efficientnet_lite0")
    assert found.takes == ImageInput((224, 224), 3, crop=0.875, interpolation="bicubic")
    assert found.mean == found.std == (0.5, 0.5, 0.5)
    squashed = open_backbone("timm:convnext_base.fb_in22k_ft_in1k_384")
    assert squashed.takes.crop is None  # stretched, not cropped
    assert open_backbone(LITE0, pretrained=False).pretrained == ""
    assert "timm/tf_efficientnet_lite0.in1k" in found.pretrained


@pytest.mark.parametrize("name", ["test_efficientnet", "test_resnet", "test_vit"])
def test_a_network_is_one_of_timm_behind_its_normalization(name):
    model = built(f"timm:{name}", (3, 160, 160)).eval()
    plain = import_timm().create_model(name, num_classes=0).eval()
    plain.load_state_dict(model.features[1].state_dict())
    x, found = torch.rand(2, 3, 160, 160), open_backbone(f"timm:{name}")
    mean, std = (torch.tensor(value).view(3, 1, 1) for value in (found.mean, found.std))
    torch.testing.assert_close(model.embeddings(x), plain((x - mean) / std))


def test_gray_images_are_the_color_images_of_three_equal_channels():
    x = torch.rand(2, 1, 32, 32)
    model = built(shape=(1, 32, 32)).eval()
    torch.testing.assert_close(model(x), model(x.expand(-1, 3, -1, -1)))


def test_a_network_of_one_size_gets_images_of_that_size():
    fixed, free = built("timm:test_vit", (3, 24, 40)).eval(), built(shape=(3, 24, 40))
    assert fixed.features[0].size == (160, 160)
    assert free.features[0].size is None
    x = torch.rand(2, 3, 24, 40)
    large = nn.functional.interpolate(x, (160, 160), mode="bilinear", antialias=True)
    torch.testing.assert_close(fixed(x), fixed(large))


def test_trying_a_size_changes_nothing_that_the_network_holds():
    tried, fitting = (built("timm:levit_128s", shape=(3, n, n)) for n in (64, 224))
    held, expected = tried.state_dict(), fitting.state_dict()
    assert tried.features[0].size == (224, 224)
    assert all(torch.equal(held[name], value) for name, value in expected.items())


def test_the_last_normalization_is_the_identity_until_it_is_set():
    model = built().eval()
    x = torch.rand(2, 3, 32, 32)
    h = model.features[:2](x)
    torch.testing.assert_close(model.embeddings(x), h)
    model.features[2].mean.fill_(1.0)
    torch.testing.assert_close(model.embeddings(x), h - 1)


def test_equal_seeds_give_equal_networks(unmoved):
    one, same, other = built(seed=1), built(seed=1), built(seed=2)
    assert torch.equal(one.head.weight, same.head.weight)
    assert torch.equal(one.features[1].conv_stem.weight, same.features[1].conv_stem.weight)
    assert not torch.equal(one.features[1].conv_stem.weight, other.features[1].conv_stem.weight)


def test_weights_of_a_file_are_used_whatever_its_head(weights, tmp_path):
    model = built(pretrained=weights, seed=1)
    stored = load_file(weights)
    for name, value in model.features[1].state_dict().items():
        assert torch.equal(value, stored[name])
    torch.save({"state_dict": stored}, tmp_path / "w.pth")
    again = built(pretrained=str(tmp_path / "w.pth"), seed=1)
    assert torch.equal(again.features[1].conv_stem.weight, model.features[1].conv_stem.weight)
    assert torch.equal(again.head.weight, model.head.weight)


@pytest.mark.parametrize("prefix", ["module.", "model.backbone."])
def test_what_a_program_puts_before_all_names_is_left_out(weights, tmp_path, prefix):
    stored = load_file(weights)
    wrapped = {prefix + name: value for name, value in stored.items()}
    torch.save({"state_dict": {"loss.weight": torch.ones(3), **wrapped}}, tmp_path / "w.pth")
    model = built(pretrained=str(tmp_path / "w.pth"))
    for name, value in model.features[1].state_dict().items():
        assert torch.equal(value, stored[name])


def test_weights_that_do_not_fit_are_refused(weights, tmp_path):
    stored = load_file(weights)
    del stored["conv_stem.weight"]
    save_file(stored, tmp_path / "less.safetensors")
    (tmp_path / "text.pth").write_text("no weights")
    for file, said in [
        (weights, "does not fit timm:test_vit: it lacks"),
        (str(tmp_path / "less.safetensors"), "lacks 1 tensors, such as conv_stem.weight"),
        (str(tmp_path / "text.pth"), "not a file of weights"),
        (str(tmp_path / "none.pth"), "there is no such file"),
    ]:
        name = "timm:test_vit" if file == weights else "timm:test_efficientnet"
        with pytest.raises(InputError, match=said):
            built(name, pretrained=file)


def test_a_fresh_copy_of_a_pretrained_network_starts_from_its_weights(weights):
    """The network that M2m translates against is no half-trained f, and not random."""
    model = built(pretrained=weights)
    before = {name: value.clone() for name, value in model.features.state_dict().items()}
    with torch.no_grad():
        for value in model.state_dict().values():
            value.add_(1)
    model.features[2].mean.fill_(3.0)
    fresh = fresh_copy(model, 5)
    assert not torch.equal(fresh.head.weight, model.head.weight)
    for name, value in fresh.features[1].state_dict().items():
        assert torch.equal(value, before[f"1.{name}"])
    assert fresh.features[2].mean[0] == 3  # embeddings stay standardized as they were


def test_a_network_from_scratch_is_drawn_anew():
    fresh = fresh_copy(built(seed=1), 5)
    assert torch.equal(fresh.head.weight, built(seed=5).head.weight)


def test_a_checkpoint_makes_the_network_again_without_a_download(weights, tmp_path, offline):
    path, x = tmp_path / "m.safetensors", torch.rand(2, 3, 32, 32)
    model = built(pretrained=weights).eval()
    model.features[2].mean.fill_(0.5)
    save_checkpoint(path, model)
    again, header = load_checkpoint(path)
    assert torch.equal(again(x), model(x))
    assert again.spec == model.spec == header["spec"]
    assert not offline
    with pytest.raises(InputError, match="make it with build_model"):
        fresh_copy(again, 0)  # what it started from is not in the file


def test_a_missing_download_says_what_else_there_is(offline):
    with pytest.raises(InputError, match=r"--from-scratch.*--pretrained FILE") as caught:
        built(pretrained=True)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("timm:resnet5O", "did you mean resnet50, "),
        ("timm:resnet50.a9_in1k", r"did you mean resnet50\.\w+"),
        ("timm:hf-hub:timm/resnet50", "no such network"),
        ("torchvision:resnet51", "did you mean resnet50"),
        ("torchvision:fcn_resnet50", "for classification"),
        ("jax:resnet50", r"known are resnet32.* mlp, linear, timm:NAME, hf:NAME-or-folder"),
    ],
)
def test_unknown_names_are_one_line(name, said, offline):
    with pytest.raises(InputError, match=said):
        built(name)


def test_inputs_that_a_network_does_not_take_are_refused():
    for shape in [(7,), (2, 32, 32), (3, 32)]:
        with pytest.raises(InputError, match=r"takes images \(1 or 3, H, W\)"):
            built(shape=shape)


def test_a_network_without_weights_is_trained_from_scratch_only(offline):
    with pytest.raises(InputError, match="has no pretrained weights: train it from scratch"):
        open_backbone("timm:coatnet_0_224")
    assert open_backbone("timm:coatnet_0_224", pretrained=False).takes.size == (224, 224)


def test_an_estimator_refuses_pixels_that_would_be_normalized_wrongly(weights):
    x = np.random.default_rng(0).integers(0, 256, (12, 3, 32, 32), np.uint8)
    model = ImbalancedClassifier(
        "erm", model="timm:test_efficientnet", pretrained=weights, epochs=1, random_state=0
    ).fit(x, [0, 1] * 6)
    same = model.predict_proba((x / 255).astype("float32"))
    np.testing.assert_allclose(model.predict_proba(x), same, atol=1e-6)
    for wrong, said in [(x.astype("float32"), r"0\.\.255"), (x / 64 - 2, r"-2\.\.1\.984")]:
        for method in (lambda v: model.predict(v), lambda v: clone(model).fit(v, [0, 1] * 6)):
            with pytest.raises(InputError, match=f"X has pixels in {said}; model 'timm:test_eff"):
                method(wrong)


def test_an_unknown_name_says_how_networks_from_elsewhere_are_named():
    with pytest.raises(InputError, match="mlp, linear, timm:NAME, hf:NAME-or-folder"):
        build_model("vit", (3, 32, 32), 2)


def test_recipes_train_a_network_from_elsewhere(weights):
    x, y = torch.rand(24, 3, 32, 32), torch.arange(24) % 3
    for recipe in ("balanced-softmax", "m2m", "aos"):
        model = built(pretrained=weights)
        before = model.features[1].conv_stem.weight.clone()
        fit(recipe, model, (x, y), epochs=1)
        assert not torch.equal(model.features[1].conv_stem.weight, before)


def test_layers_that_share_a_weight_can_be_saved(tmp_path):
    first, second = nn.Linear(3, 3), nn.Linear(3, 3)
    second.weight = first.weight
    tensors = tensors_of(nn.Sequential(first, second))
    save_file(tensors, tmp_path / "tied.safetensors")
    assert torch.equal(tensors["0.weight"], tensors["1.weight"])


def test_a_real_network_knows_a_photograph(lite0):
    network = import_timm().create_model("tf_efficientnet_lite0")
    network.load_state_dict(load_file(lite0))
    model = build_model(LITE0, (3, 224, 224), 1000, pretrained=lite0).eval()
    model.head = network.classifier
    photos = [load_sample_image(name) for name in ("flower.jpg", "china.jpg")]
    x = torch.from_numpy(np.stack(photos)).permute(0, 3, 1, 2)[..., 100:527] / 255
    x = nn.functional.interpolate(x, (224, 224), mode="bicubic", antialias=True).clamp(0, 1)
    daisy, palace = 985, 698  # of ImageNet's classes
    assert model(x).argmax(1).tolist() == [daisy, palace]
