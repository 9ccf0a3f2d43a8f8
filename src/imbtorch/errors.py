"""`InputError`, the one exception that users of imbtorch need to know."""

from collections.abc import Iterable
from difflib import get_close_matches

from imbtorch.printable import printable


class InputError(ValueError):
    r"""An argument or a file given to imbtorch cannot be used.

    The message names the argument, what was given and what would be right. The command line
    prints it without a traceback and exits with status 2. It is one line: control characters,
    which may come from a name in a file, are escaped.

    Examples
    --------
    >>> print(InputError("class 'a\nimbtorch: done' has no sample"))
    class 'a\nimbtorch: done' has no sample
    """

    def __str__(self) -> str:
        return printable(super().__str__())


def unknown_name(argument: str, value: str, known: Iterable[str]) -> InputError:
    """Return the error for an unknown name; it suggests the nearest known one.

    Examples
    --------
    >>> print(unknown_name("model", "resnet23", ["resnet32", "mlp"]))
    model is 'resnet23'; did you mean resnet32? known are resnet32, mlp
    """
    names = list(known)
    near = get_close_matches(value, names, 1, cutoff=0.4)
    hint = f"did you mean {near[0]}? " if near else ""
    return InputError(f"{argument} is {value!r}; {hint}known are {', '.join(names)}")
