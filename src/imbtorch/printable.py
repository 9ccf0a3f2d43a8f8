"""Text that came from outside, such as a class or file name, in a form that is safe to show."""

import html
import re
from unicodedata import category

JOINERS = "\u200c\u200d"
"""Invisible, but part of words in Persian and Hindi, and of emoji."""

MARKUP = re.compile(r"([\\`*~|\[\]]|(?<![^\W_])_|_(?![^\W_]))")
"""What Markdown reads as markup; an underscore inside a word is none."""


def printable(text: object) -> str:
    r"""Return a text with its control characters escaped, so that it stays on its line.

    Escaped as in a Python string are control characters (C0, DEL and C1, so line breaks, tabs
    and terminal escapes), line and paragraph separators, other invisible format characters (so
    marks that change the direction of writing), and the surrogates in names of files that are
    not valid text. All else stays, backslashes too: applying it twice changes nothing more.

    Parameters
    ----------
    text : object
        A text, or something whose ``str`` is shown.

    Returns
    -------
    str
        On one line.

    Examples
    --------
    >>> print(printable("cat\nimbtorch: error: \x1b[31mall is lost"))
    cat\nimbtorch: error: \x1b[31mall is lost
    >>> printable("Füchse 狐, 25 %")
    'Füchse 狐, 25 %'
    """
    text = str(text)
    if text.isprintable():
        return text
    return "".join(
        c.encode("unicode_escape").decode()
        if category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") and c not in JOINERS
        else c
        for c in text
    )


def in_markdown(text: object) -> str:
    r"""Return a text as `printable`, escaped so that Markdown shows it as it is.

    Examples
    --------
    >>> print(in_markdown("a|b `c` <d> small_cnn"))
    a\|b \`c\` &lt;d&gt; small_cnn
    """
    return MARKUP.sub(r"\\\1", html.escape(printable(text), quote=False))


def in_csv(text: object) -> str:
    """Return a text as `printable`, with an apostrophe before what a spreadsheet would compute.

    Examples
    --------
    >>> in_csv("=1+1"), in_csv("1+1")
    ("'=1+1", '1+1')
    """
    shown = printable(text)
    return "'" + shown if shown.startswith(("=", "+", "-", "@")) else shown


def plural(number: int, noun: str) -> str:
    """Return a number with its noun.

    Examples
    --------
    >>> plural(1, "seed"), plural(3, "seed"), plural(0, "seed")
    ('1 seed', '3 seeds', '0 seeds')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"
