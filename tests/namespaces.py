"""The public names of every namespace, for the tests of the face and of its documentation."""

import importlib

NAMESPACES = {
    name: importlib.import_module(f"imbtorch.{name}")
    for name in (
        *("data", "samplers", "losses", "transforms", "resampling", "models", "metrics"),
        *("training", "sklearn", "lightning"),
    )
}
NAMES = {
    f"{space}.{name}": getattr(module, name)
    for space, module in NAMESPACES.items()
    for name in module.__all__
}
"""Name with its namespace -> what it stands for."""
THINGS = {name: thing for name, thing in NAMES.items() if callable(thing)}
"""Those that are classes or functions."""
