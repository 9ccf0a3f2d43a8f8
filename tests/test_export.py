"""An exported network gives PyTorch's own outputs, for batches of any size, or no file."""

import json

import numpy as np
import pandas as pd
import pytest
import torch

from imbtorch import InputError, load_checkpoint, save_checkpoint
from imbtorch.cli import main
from imbtorch.data.inputs import input_from_json
from imbtorch.metrics.decision import Decision
from imbtorch.models import build_model
from imbtorch.models.inference import predict_logits
from imbtorch.training import export
from imbtorch.training.export import export_network

pytest.importorskip("onnxscript")
onnxruntime = pytest.importorskip("onnxruntime")
pytestmark = pytest.mark.usefixtures("own_cache")


def session(path):
    """Return a function that runs a file, and the JSON in it."""
    if path.suffix == ".pt2":
        extra = {"imbtorch.json": ""}
        program = torch.export.load(path, extra_files=extra).module()
        return lambda x: [y.detach().numpy() for y in program(torch.from_numpy(x.copy()))], extra[
            "imbtorch.json"
        ]
    opened = onnxruntime.InferenceSession(str(path))
    said = opened.get_modelmeta().custom_metadata_map["imbtorch"]
    names = ["logits", "probabilities", "class"]
    return lambda x: opened.run(names, {"inputs": x}), said


@pytest.fixture(scope="module")
def of_digits(tmp_path_factory):
    """A network for the real images of scikit-learn's digits."""
    path = tmp_path_factory.mktemp("digits") / "d.safetensors"
    how = ["--model", "small-cnn", "--epochs", "1", "--recipe", "drs"]
    assert main(["train", "digits", *how, "--out", str(path)]) == 0
    return path


@pytest.mark.parametrize("kind", ["onnx", "torch-export"])
def test_real_images_as_bytes_give_the_same_as_predict(of_digits, tmp_path, kind):
    model, header = load_checkpoint(of_digits)
    decision = Decision(1.7, (*np.linspace(-1, 1, 10).tolist(),), "f1")
    network = tmp_path / "net.safetensors"
    save_checkpoint(network, model, {**header, "decision": decision.to_json()})
    assert main(["export", str(network), "--format", kind, "--data", "digits"]) == 0
    path = network.with_suffix({"onnx": ".onnx", "torch-export": ".pt2"}[kind])
    run, said = session(path)
    said = json.loads(said)
    assert said["classes"] == header["data"]["classes"]
    assert said["decision"] == decision.to_json()
    assert input_from_json(said["input"]) == input_from_json(header["input"])
    from sklearn.datasets import load_digits

    x = (load_digits().images[:, None] * (255 / 16)).round().astype(np.uint8)
    for n in (1, 2, 5, 400):
        expected, _ = predict_logits(model, (x[:n], np.zeros(n, np.int64)))
        p = decision.calibrated(model.probabilities(expected))
        logits, probabilities, classes = run(x[:n])
        np.testing.assert_allclose(logits, expected, atol=1e-4)
        np.testing.assert_allclose(probabilities, p, atol=1e-5)
        scores = np.sort(np.log(p) + decision.offsets, 1)
        certain = scores[:, -1] - scores[:, -2] > 1e-3
        assert (classes == decision.classes(p))[certain].all()
        assert certain.mean() > 0.9


def header_of(network, columns=2):
    data = {"classes": ["a", "b", "c"], "counts": [3, 2, 1]}
    return {
        "spec": network.spec,
        "data": data,
        "input": {"kind": "features", "shape": [columns], "columns": []},
    }


@pytest.mark.parametrize("head", ["cosine", "neighbors"])
def test_every_kind_of_head(head, tmp_path):
    network = build_model("mlp", (2,), 3, head=head).eval()
    x = torch.randn(40, 2)
    if head == "neighbors":
        h = network.embeddings(x).detach()
        network.head.features, network.head.labels = h, torch.arange(40) % 3
    x = torch.cat([x, torch.randn(30, 2)])  # more rows than cdist has one path for
    path = tmp_path / "n.pt2"
    assert export_network(path, network, header_of(network), x, "torch-export") < 1e-5
    _, p, _ = session(path)[0](x.numpy())
    expected = network.probabilities(network(x)).detach()
    np.testing.assert_allclose(p, expected, atol=1e-5)


def test_rows_of_numbers_are_not_standardized_before(tmp_path):
    rng = np.random.default_rng(0)
    y = np.arange(60) % 3 == 0
    x = pd.DataFrame({"a": 1000 + 50 * rng.normal(size=60) + 90 * y, "b": rng.normal(size=60)})
    x.assign(label=y.astype(int)).to_csv(tmp_path / "t.csv", index=False)
    network = tmp_path / "t.safetensors"
    how = ["--epochs", "2", "--recipe", "erm", "--out", str(network)]
    assert main(["train", str(tmp_path / "t.csv"), *how]) == 0
    assert main(["export", str(network), "--format", "torch-export"]) == 0
    assert (
        main(["predict", str(network), str(tmp_path / "t.csv"), "--out", str(tmp_path / "p.csv")])
        == 0
    )
    _, p, classes = session(tmp_path / "t.pt2")[0](x.to_numpy(np.float32))
    made = pd.read_csv(tmp_path / "p.csv")
    np.testing.assert_allclose(p, made.filter(like="probability_"), atol=1e-5)
    assert classes.tolist() == made["predicted"].tolist()


def test_texts_of_any_length(tmp_path):
    pytest.importorskip("transformers")
    from tiny_bert import bert_folder

    name = bert_folder(tmp_path / "bert")
    texts = ["oil price", "wheat and grain of the bank", "good", "bad oil rate rate rate"] * 6
    pd.DataFrame({"text": texts, "label": [0, 1, 0, 1] * 6}).to_csv(tmp_path / "t.csv", index=False)
    network = tmp_path / "t.safetensors"
    how = ["--model", name, "--freeze", "backbone", "--epochs", "1", "--recipe", "erm"]
    assert main(["train", str(tmp_path / "t.csv"), *how, "--out", str(network)]) == 0
    how = ["--format", "torch-export", "--data", str(tmp_path / "t.csv")]
    assert main(["export", str(network), *how]) == 0
    model, header = load_checkpoint(network)
    spec, run = input_from_json(header["input"]), session(network.with_suffix(".pt2"))[0]
    for part in (texts[:1], texts[1:3], texts[:7], ["so long " * 30, "x"]):
        x = spec.transform(part)
        with torch.no_grad():
            expected = model(x)
        np.testing.assert_allclose(run(x.numpy())[0], expected, atol=1e-4)


def test_other_outputs_than_pytorchs_leave_no_file(tmp_path, monkeypatch):
    network = build_model("mlp", (2,), 3).eval()

    def wrong(program, part, said):
        part.write_bytes(b"x")
        return lambda x: (np.zeros((len(x), 3)), np.full((len(x), 3), 1 / 3), np.zeros(len(x)))

    monkeypatch.setattr(export, "_write_program", wrong)
    (tmp_path / "n.pt2").write_bytes(b"before")
    with pytest.raises(InputError, match="other outputs than PyTorch"):
        export_network(
            tmp_path / "n.pt2", network, header_of(network), torch.randn(4, 2), "torch-export"
        )
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("n.pt2", b"before")]


def test_what_cannot_be_exported_is_said(tmp_path):
    network = build_model("mlp", (2,), 3).eval()

    class Odd(torch.nn.Module):
        def forward(self, x):
            return x * float(x.sum())

    network.features = torch.nn.Sequential(Odd(), network.features)
    with pytest.raises(InputError, match="cannot be exported as onnx"):
        export_network(tmp_path / "n.onnx", network, header_of(network), torch.randn(4, 2))
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--format", "onx"], "did you mean onnx"),
        (["--out", "net.pt"], "ends in .onnx"),
        (["--data", "nowhere.csv"], "no such file"),
    ],
)
def test_wrong_options_are_refused_before_the_work(of_digits, capsys, options, message):
    assert main(["export", str(of_digits), *options]) == 2
    assert message in capsys.readouterr().err
