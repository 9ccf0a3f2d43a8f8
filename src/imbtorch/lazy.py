"""Names of a package that are imported when they are asked for (PEP 562)."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module


def lazily(package: str, homes: Mapping[str, Sequence[str]]) -> Callable[[str], object]:
    """Return the ``__getattr__`` of a package, which imports a name from its home.

    Parameters
    ----------
    package : str
        Full name of the package.
    homes : mapping of str to sequence of str
        Module -> the public names that it holds, in the package's namespace. An empty sequence
        stands for a sub-package that is itself a name of the package.

    Examples
    --------
    >>> find = lazily("collections", {"collections.abc": ["Mapping"]})
    >>> find("Mapping").__name__
    'Mapping'
    >>> find("Maping")
    Traceback (most recent call last):
    AttributeError: module 'collections' has no attribute 'Maping'
    """
    home = {name: module for module, names in homes.items() for name in names}

    def find(name: str) -> object:
        if name in home:
            return getattr(import_module(home[name]), name)
        if f"{package}.{name}" in homes:
            return import_module(f"{package}.{name}")
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return find
