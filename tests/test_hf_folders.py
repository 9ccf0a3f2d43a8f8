"""What the folder of a network of transformers says is used, or refused."""

import json

import pytest
import torch

from imbtorch import InputError, build_model
from imbtorch.models.backbones import open_backbone
from imbtorch.models.backbones.hf_config import import_transformers
from tiny_bert import tokenizer_folder
from tiny_networks import TEXTS, bert, opened, reference, store, vit


@pytest.mark.parametrize(
    ("mode", "pooled"), [("cls_token", lambda h: h[0]), ("max_tokens", lambda h: h.amax(0))]
)
def test_pooling_is_read_from_the_folder(tmp_path, mode, pooled):
    name = bert(tmp_path)
    modes = {"pooling_mode_mean_tokens": False, f"pooling_mode_{mode}": True}
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "1_Pooling" / "config.json").write_text(json.dumps(modes))
    model, tokens = opened(name)
    torch.testing.assert_close(model.embeddings(tokens)[0], pooled(reference(name, TEXTS[0])))


def test_pooling_that_is_unknown_is_refused(tmp_path):
    name = bert(tmp_path)
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "1_Pooling" / "config.json").write_text(
        '{"pooling_mode_weightedmean_tokens": true}'
    )
    with pytest.raises(InputError, match="pools tokens by pooling_mode_weightedmean_tokens"):
        open_backbone(name)


def test_the_maximum_length_is_the_networks_own(tmp_path):
    name = bert(tmp_path)
    assert open_backbone(name).takes.max_length == 32  # its places; the tokenizer says 40
    (tmp_path / "sentence_bert_config.json").write_text('{"max_seq_length": 9}')
    assert open_backbone(name).takes.max_length == 9
    (tmp_path / "sentence_bert_config.json").write_text('{"max_seq_length": 99}')
    assert open_backbone(name).takes.max_length == 32


def test_positions_behind_that_of_padding_are_what_a_text_has(tmp_path):
    """RoBERTa of 32 positions numbers the tokens from 5 on if its padding is 4; XLNet has all."""
    transformers = import_transformers()
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = transformers.RobertaConfig(
        vocab_size=200, **sizes, intermediate_size=16, max_position_embeddings=32, pad_token_id=4
    )
    name = store(tokenizer_folder(tmp_path / "roberta"), transformers.RobertaModel(config))
    takes = open_backbone(name).takes
    assert takes.max_length == 27
    h = build_model(name, (27,), 3).eval().embeddings(takes.transform(["good oil " * 50]))
    assert h.shape == (1, 8)
    config = transformers.XLNetConfig(vocab_size=200, d_model=8, n_layer=1, n_head=2, d_inner=16)
    name = store(tokenizer_folder(tmp_path / "xlnet"), transformers.XLNetModel(config))
    assert open_backbone(name).takes.max_length == 40  # as the tokenizer says


@pytest.mark.parametrize("kind", ["BertForSequenceClassification", "BertForMaskedLM"])
def test_heads_of_other_tasks_are_left_out(tmp_path, kind):
    name = bert(tmp_path, kind)
    model, tokens = opened(name)
    torch.testing.assert_close(model.embeddings(tokens)[0], reference(name, TEXTS[0]).mean(0))
    assert model.head.weight.shape == (3, 8)


def test_images_in_another_order_of_colors_are_refused(tmp_path):
    name = vit(tmp_path)
    import_transformers().MobileViTImageProcessor().save_pretrained(tmp_path)
    with pytest.raises(InputError, match="go through flip_channel_order"):
        open_backbone(name)


def test_other_networks_and_folders_are_refused(tmp_path, offline):
    transformers = import_transformers()
    transformers.DetrConfig().save_pretrained(tmp_path)
    for name, said in [
        (f"hf:{tmp_path}", "a network of type detr; one for images or texts is needed"),
        ("hf:someone/something", r"whose config\.json cannot be read"),
        (f"hf:{tmp_path / 'absent'}", r"whose config\.json cannot be read"),
    ]:
        with pytest.raises(InputError, match=said):
            open_backbone(name)
