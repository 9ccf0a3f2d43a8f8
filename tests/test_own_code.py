"""Code of one's own: what it names counts as well, so that a changed helper is run again."""

import importlib
import sys
from textwrap import dedent

import pytest
import torch

from imbtorch.training.own_code import code_of, sources

HELPER = "def helper(z):\n    return 2.0 * z\n"
BY = """
def by(scale):
    def decorated(function):
        return lambda z: scale * function(z)
    return decorated
"""
NAMING = {
    "a constant": "SCALE = 2.0\ndef mine(z):\n    return SCALE * z\n",
    "in lower case": "scale = (2.0, None)\ndef mine(z):\n    return scale[0] * z\n",
    "in a lambda": "SCALE = 2.0\nparts = [lambda z: SCALE * z, 1]\nmine = parts[0]\n",
    "a default": "SCALE = 2.0\ndef mine(z, red=sum, *, scale=SCALE):\n    return scale * z\n",
    "an attribute": "SCALE = 2.0\nclass mine:\n    scale = SCALE\n",
    "a dict": "CONFIG = {'scale': [2.0]}\ndef mine(z):\n    return CONFIG['scale'] * z\n",
    "a Tensor": "import torch\nW = torch.tensor([2.0])\ndef mine(z):\n    return W * z\n",
    "a helper": HELPER + "def mine(z):\n    return helper(z)\n",
    "a helper in a method": HELPER
    + "class mine:\n    def of(self, z):\n        return helper(z)\n",
    "a helper's": "SCALE = 2.0\ndef other(z):\n    return SCALE * mine(z)\n"
    "def mine(z):\n    return other(z)\n",
    "a base's": "class Base:\n    def of(self, z):\n        return 2.0 * z\n"
    "class mine(Base):\n    pass\n",
    "a setter's": "SCALE = 2.0\nclass mine:\n    class Inner:\n"
    "        def set(self, z):\n            self.z = SCALE\n        z = property(None, set)\n",
    "kept": "from functools import lru_cache\n@lru_cache\n" + HELPER + "def mine(z):\n"
    "    return helper(z)\n",
    "kept itself": "from functools import lru_cache\n@lru_cache\n" + HELPER + "mine = helper\n",
    "in part": "from functools import partial\n"
    + HELPER
    + "half = partial(helper)\ndef mine(z):\n    return half(z)\n",
    "closed over": BY + "helper = by(2.0)(abs)\ndef mine(z):\n    return helper(z)\n",
    "around a method": BY + "class mine:\n    @by(2.0)\n    def of(z):\n        return z\n",
    "around it": "from functools import wraps\ndef by(f):\n    @wraps(f)\n    def g(z):\n"
    "        return 2.0 * f(z)\n    return g\n@by\ndef mine(z):\n    return z\n",
    "a decorator's": BY
    + "SCALE = 2.0\nclass mine:\n    @by(SCALE)\n    def of(z):\n        return z\n",
    "an object's": "class H:\n    def __call__(self, z):\n        return 2.0 * z\nh = H()\n"
    "def mine(z):\n    return h(z)\n",
}


@pytest.fixture
def imported(tmp_path, monkeypatch):
    """Import the text of a module, anew under a name of its own or one that is given."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    made = []

    def from_text(text, name=None):
        name, place = name or "mine", tmp_path / str(len(made))
        made.append(name)
        monkeypatch.syspath_prepend(place)
        place.mkdir()
        path = place / f"{name.replace('.', '/')}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
        for known in [name, *(n for n in sys.modules if n.startswith(f"{name}."))]:
            monkeypatch.delitem(sys.modules, known, raising=False)
        importlib.invalidate_caches()
        return importlib.import_module(name)

    yield from_text
    for name in made:
        sys.modules.pop(name, None)


@pytest.mark.parametrize("text", NAMING.values(), ids=NAMING)
def test_what_code_of_ones_own_names_is_its_code(text, imported):
    first, again, edited, beside = (
        code_of([imported(one).mine])
        for one in (text, text, text.replace("2.0", "3.0"), text + "UNUSED = 1\n")
    )
    assert first == again == beside != edited


@pytest.mark.parametrize(
    "use",
    [
        "import own\ndef mine(z):\n    return own.helper(z)\n",
        "import pack.own\ndef mine(z):\n    return pack.own.helper(z)\n",
        "from own import helper\ndef mine(z):\n    return helper(z)\n",
        "def mine(z):\n    from own import helper\n    return helper(z)\n",
    ],
)
def test_code_of_other_modules_of_ones_own_counts(use, imported):
    def code(helper):
        for name in ("own", "pack.own"):
            for known in (name, "pack"):
                sys.modules.pop(known, None)
            imported(helper, name)
        return code_of([imported(use).mine])

    assert code(HELPER) == code(HELPER) != code(HELPER.replace("2.0", "3.0"))


COUNTED = {
    "a counter": "N = 0\ndef mine():\n    global N\n    N += 1\n",
    "a counter of another": "N = 0\ndef count():\n    global N\n    N += 1\n"
    "def mine():\n    count()\n    return N\n",
    "an attribute": "class mine:\n    n = 0\n    def __init__(self):\n        mine.n += 1\n",
    "a list in lower case": "seen = []\ndef mine():\n    seen.append(1)\n",
    "a variable of a script": "seed = 0\nclass mine:\n    def __init__(self):\n"
    "        self.seed = 1\n    def of(self, seed=1):\n        return self.seed\n",
}


@pytest.mark.parametrize("text", COUNTED.values(), ids=COUNTED)
def test_what_changes_while_code_runs_is_not_its_code(text, imported):
    module = imported(text)
    before = code_of([module.mine])
    module.mine()
    module.seed = 2
    assert code_of([module.mine]) == before


def test_equal_constants_of_two_modules_are_told_apart(imported):
    use = "from first import one\nfrom second import two\ndef mine(z):\n    return one(two(z))\n"

    def code(*values):
        for name, other, value in zip(("first", "second"), ("one", "two"), values, strict=True):
            sys.modules.pop(name, None)
            imported(f"S = {value}\ndef {other}(z):\n    return S * z\n", name)
        return code_of([imported(use).mine])

    assert code(1, 2) != code(2, 1)


def test_libraries_are_no_code_of_ones_own(imported):
    mine = imported("import pandas as pd\ndef mine(path):\n    return pd.read_csv(path)\n").mine
    assert [*sources(mine)] == ["def mine(path):\n    return pd.read_csv(path)\n"]
    assert code_of([torch.nn.functional.relu, len, str.upper, torch.nn.ReLU().forward]) == ""
