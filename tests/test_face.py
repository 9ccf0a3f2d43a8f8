"""The public face: few names at the top, namespaces with the rest, and types that help."""

import ast
import inspect
import re
import textwrap

import numpy as np
import pytest

import imbtorch
import typed_user
from namespaces import NAMES, THINGS


def test_the_top_is_small_and_everything_there_is_in_a_namespace_too():
    assert len(imbtorch.__all__) <= 20
    below = {name.partition(".")[2] for name in NAMES} | {"InputError", "compare"}
    assert set(imbtorch.__all__) <= below


def test_a_name_stands_in_one_namespace_alone():
    names = [name.partition(".")[2] for name in NAMES]
    assert sorted(names) == sorted(set(names))


def annotations(name, thing):
    """Yield the public annotations of a class or function as they are written."""
    (top,) = ast.parse(textwrap.dedent(inspect.getsource(thing))).body
    public = [top] if isinstance(top, ast.FunctionDef) else []
    for node in [] if public else top.body:
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target)[0] != "_":
            yield f"{name}.{ast.unparse(node.target)}", ast.unparse(node.annotation)
        if isinstance(node, ast.FunctionDef) and (node.name[0] != "_" or node.name == "__init__"):
            public.append(node)
    for function in public:
        for argument in ast.walk(function.args):
            if isinstance(argument, ast.arg) and argument.annotation is not None:
                yield f"{name}.{function.name}({argument.arg})", ast.unparse(argument.annotation)
        if function.returns is not None:
            yield f"{name}.{function.name}() ->", ast.unparse(function.returns)


@pytest.mark.parametrize("name", THINGS)
def test_public_signatures_are_without_any(name):
    thing = THINGS[name]
    if not inspect.isclass(thing) and not inspect.isfunction(thing):
        return  # a type
    found = [
        f"{what}: {hint}" for what, hint in annotations(name, thing) if re.search(r"\bAny\b", hint)
    ]
    assert not found


@pytest.mark.parametrize("name", THINGS)
def test_public_names_say_what_they_take(name):
    thing = THINGS[name]
    if not inspect.isclass(thing) and not inspect.isfunction(thing):
        return  # a type
    text = inspect.getdoc(thing) or ""
    assert text, f"{name} has no docstring"
    for parameter in inspect.signature(thing).parameters.values():
        if parameter.name in ("self", "args", "kwargs", "params"):
            continue
        assert re.search(rf"\b{parameter.name}\b", text), f"{name} does not say {parameter.name}"


@pytest.mark.filterwarnings("ignore:class .* has no enemy")
def test_the_typed_script_of_a_user_runs(blobs, tmp_path):
    x, y = blobs
    assert typed_user.blocks(x, y)[0].shape == x.shape
    assert all(np.isfinite(typed_user.trained(x, y, tmp_path)))
    assert len(typed_user.estimators(x.numpy(), y.numpy())) == 3 * len(y)
    assert typed_user.data() > 0
    assert typed_user.own_network()(x).shape == (len(x), 3)
