"""The folder names of a task."""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from imbtorch.data.profiles.profile import Profile

_UNFIT = re.compile(r'[:<>"/\\|?*\s\x00-\x1f]+')
"""What does not stand in the name of a folder."""


def slug_of(identity: Mapping[str, Any]) -> str:
    """Return a folder name for the task with this identity."""
    data = identity["data"]
    profile = Profile.from_json(data["profile"])
    shown = f"{profile.label.replace(':', '-')}-{profile.ratio:.4g}"
    name = Path(data["name"]).stem or "data"
    model = _UNFIT.sub("-", identity["model"].rpartition("/")[2]) or "model"
    decided = f"-{_UNFIT.sub('-', identity['decide']['maximizes'])}" if "decide" in identity else ""
    return f"{name}-{shown}-{model}-{identity['epochs']}{decided}"


def folder_of(identity: Mapping[str, Any]) -> str:
    """Return the folder name of the task with this identity."""
    digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
    return f"{slug_of(identity)}-{digest[:8]}"
