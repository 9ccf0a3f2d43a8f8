"""Optional packages: a missing one is an error that names the extra to install."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from imbtorch.errors import InputError


class MissingExtra(InputError, ImportError):
    """A package of an extra is not installed."""


@contextmanager
def extra(name: str, user: str = "this") -> Iterator[None]:
    """Guard the imports of the packages of an extra.

    Parameters
    ----------
    name : str
        The extra, as in ``pip install 'imbalanced-torch[cli]'``.

    user : str, default="this"
        What needs them.

    Raises
    ------
    MissingExtra
        If a package cannot be imported; the message says why if it is installed.

    Examples
    --------
    >>> with extra("cli"):
    ...     import no_such_package
    Traceback (most recent call last):
    imbtorch.extras.MissingExtra: this needs no_such_package: pip install 'imbalanced-torch[cli]'
    """
    try:
        yield
    except ImportError as error:
        package = (error.name or "a package").partition(".")[0]
        command = f"pip install 'imbalanced-torch[{name}]'"
        if error.name and find_spec(package):  # it is there, and something in it fails
            reason = " ".join(str(error).split())
            raise MissingExtra(
                f"{user} needs {package}, which cannot be imported ({reason}): {command}"
            ) from error
        raise MissingExtra(f"{user} needs {package}: {command}") from error
