"""What a header says of a network from elsewhere: it never loads code, reads files or downloads."""

import json

import pytest
import torch

from hostile_checkpoints import DROP, KEY, changed, memory_of_at_most, write
from imbtorch import InputError, build_model, load_checkpoint, save_checkpoint
from tiny_networks import bert, vit


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """Headers and tensors of networks of timm and transformers, as `save_checkpoint` wrote them."""
    from safetensors import safe_open
    from safetensors.torch import load_file

    folder = tmp_path_factory.mktemp("stored")
    models = {
        "timm": build_model("timm:test_efficientnet", (3, 16, 16), 2, pretrained=False),
        "text": build_model(bert(folder / "bert"), (32,), 2),
        "image": build_model(vit(folder / "vit"), (3, 16, 16), 2),
    }
    out = {}
    for kind, model in models.items():
        path = folder / f"{kind}.safetensors"
        save_checkpoint(path, model)
        with safe_open(path, "pt") as file:
            header = json.loads(file.metadata()[KEY])
        out[kind] = header, load_file(path)
    return out


CONFIG = ("spec", "config")
NETWORK = (*CONFIG, "network")
IMAGES = (*CONFIG, "images")
WRONG = [
    ("timm", CONFIG, DROP, "without a config"),
    ("timm", CONFIG, [], "spec.config is []; an object is needed"),
    ("timm", (*CONFIG, "url"), "http://x", "a key of spec.config is 'url'"),
    ("timm", (*CONFIG, "size"), [16], "a list of 2 is needed"),
    ("timm", (*CONFIG, "size"), [16, 10**6], "a number from 1 to"),
    ("timm", (*CONFIG, "size"), [16384, 16384], "are free"),
    ("timm", (*CONFIG, "mean"), [0.5, 0.5], "a list of 3 is needed"),
    ("timm", (*CONFIG, "std"), [0.5, 0.5, 0.0], "above 0"),
    ("timm", (*CONFIG, "crop"), 0, "crop is 0; it must be above 0"),
    ("timm", (*CONFIG, "interpolation"), "magic", "one of nearest, box"),
    ("timm", ("spec", "input_shape"), [3, 2**18, 2**18], "are free"),
    ("timm", ("spec", "input_shape"), [4, 16, 16], "takes images (1 or 3, H, W)"),
    ("timm", ("spec", "name"), "timm:hf-hub:someone/something", "no such network"),
    ("timm", ("spec", "name"), "timm:local-dir:/tmp", "no such network"),
    ("timm", ("spec", "name"), "timm:test_vit", "does not fit the model"),
    ("timm", ("spec", "name"), "torchvision:resnet18", "does not fit the model"),
    ("timm", ("spec", "name"), "hf:someone/something", "spec.config has no"),
    ("timm", ("spec", "name"), "mlp", "with a config"),
    ("timm", ("spec", "name"), "{folder}/own.py:make", "a key of spec.config is"),
    ("text", CONFIG, {}, "spec.config has no"),
    ("text", (*CONFIG, "pooling"), None, "images or pooling, and not both"),
    ("text", (*CONFIG, "pooling"), "magic", "known are mean"),
    ("text", (*CONFIG, "embedding_size"), DROP, "has no 'embedding_size'"),
    ("text", (*CONFIG, "embedding_size"), 9, "does not fit the model"),
    ("text", (*CONFIG, "embedding_size"), 2**30, "a number from 1 to"),
    ("text", NETWORK, "bert", "an object is needed"),
    ("text", (*NETWORK, "model_type"), "own", "not a network for images or texts"),
    ("text", (*NETWORK, "model_type"), "timm_wrapper", "not a network for images or texts"),
    ("text", (*NETWORK, "model_type"), ["bert"], "not a network for images or texts"),
    ("text", (*NETWORK, "auto_map"), {"AutoModel": "a/b--c.D"}, "holds 'auto_map'"),
    ("text", (*NETWORK, "_name_or_path"), "a/b", "holds '_name_or_path'"),
    ("text", (*NETWORK, "attn_implementation"), "a/b", "holds 'attn_implementation'"),
    ("text", (*NETWORK, "_attn_implementation"), "a/b", "holds '_attn_implementation'"),
    ("text", (*NETWORK, "quantization_config"), {}, "holds 'quantization_config'"),
    ("text", (*NETWORK, "dtype"), "float64", "holds 'dtype'"),
    ("text", (*NETWORK, "hidden_act"), "a/b", "a word or a number in bounds"),
    ("text", (*NETWORK, "hidden_act"), "magic", "network of type bert"),
    ("text", (*NETWORK, "hidden_size"), 2**20, "does not fit the model"),
    ("text", (*NETWORK, "vocab_size"), 2**24, "does not fit the model"),
    ("text", (*NETWORK, "vocab_size"), 2**30, "a word or a number in bounds"),
    ("text", (*NETWORK, "num_hidden_layers"), 3, "does not fit the model"),
    ("text", (*NETWORK, "num_hidden_layers"), 10**6, "a word or a number in bounds"),
    ("text", (*NETWORK, "num_hidden_layers"), -1, "does not fit the model"),
    ("text", (*NETWORK, "num_attention_heads"), 3, "type bert"),
    ("text", (*NETWORK, "hidden_size"), [[[[[[8]]]]]], "a word or a number in bounds"),
    ("text", (*NETWORK, "hidden_size"), "8", "config is none of bert"),
    ("text", ("spec", "input_shape"), [2**30], "ok"),
    ("image", IMAGES, None, "images or pooling, and not both"),
    ("image", (*IMAGES, "size"), [16384, 16384], "are free"),
    ("image", (*NETWORK, "image_size"), 2**14, "cannot take inputs of shape"),
    ("image", (*NETWORK, "num_channels"), 2**10, "cannot take inputs of shape"),
]


@pytest.mark.parametrize(("kind", "where", "value", "said"), WRONG)
def test_a_header_is_read_or_refused(kind, where, value, said, stored, tmp_path, offline):
    own = tmp_path / "own.py"
    own.write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    if isinstance(value, str):
        value = value.format(folder=tmp_path)
    header, tensors = stored[kind]
    path = write(tmp_path / "m.safetensors", json.dumps(changed(header, where, value)), tensors)
    with memory_of_at_most(2**30):
        if said == "ok":
            load_checkpoint(path)
        else:
            with pytest.raises(InputError) as caught:
                load_checkpoint(path)
            assert said in str(caught.value)
            assert "\n" not in str(caught.value)
    assert not offline
    assert not (tmp_path / "ran").exists()


def test_they_are_read_as_they_were_written(stored, tmp_path, offline):
    for kind, (header, tensors) in stored.items():
        path = write(tmp_path / f"{kind}.safetensors", json.dumps(header), tensors)
        model, _ = load_checkpoint(path)
        assert all(torch.equal(value, tensors[key]) for key, value in model.state_dict().items())
    assert not offline
