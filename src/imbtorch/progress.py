"""Progress bars: a bar on a terminal, a line a minute in a file or a pipe."""

import sys
from collections.abc import Callable
from typing import Any

from tqdm import tqdm

SECONDS = 60.0
"""Time between two lines where standard error is no terminal."""


class Lines(tqdm):  # type: ignore[misc]
    """A progress bar that writes whole lines, one a minute and one at the end."""

    @staticmethod
    def status_printer(file: Any) -> Callable[[str], None]:
        """Return what writes a state of the bar to a file."""

        separator = ""

        def write(text: str) -> None:
            nonlocal separator
            file.write(f"{separator}{text.strip()}")  # tqdm ends the last line
            separator = "\n"
            getattr(file, "flush", lambda: None)()

        return write

    def display(self, msg: str | None = None, pos: int | None = None) -> bool:
        """Write a line, unless nothing is done so far."""
        return bool(super().display(msg, pos)) if self.n else True

    def set_description(self, desc: str | None = None, refresh: bool | None = True) -> None:
        """Change what is under way; it stands in the next line."""
        super().set_description(desc, refresh=False)


def progress_bar(*args: Any, **options: Any) -> Any:
    """Return a tqdm bar that fits what standard error is.

    Parameters
    ----------
    *args, **options
        As for tqdm.

    Examples
    --------
    >>> with progress_bar(total=2, unit="epoch", disable=True) as bar:
    ...     _ = bar.update()
    """
    if sys.stderr.isatty():
        return tqdm(*args, **{"dynamic_ncols": True, **options})
    often = {"mininterval": SECONDS, "maxinterval": SECONDS, "miniters": 1, "ncols": 80}
    return Lines(*args, **{**options, **often})
