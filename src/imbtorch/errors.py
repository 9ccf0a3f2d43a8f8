"""The one exception a user of imbtorch has to know."""


class InputError(ValueError):
    """Something handed to imbtorch cannot be used.

    The message names the argument, what was met and what would be right. The command line
    prints it without a traceback and exits with status 2.
    """
