"""The recipes of a comparison for which none are named."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imbtorch.data.inputs import Input

USUAL = ("erm", "rs", "drw", "ldam+drw", "m2m", "eos")
"""The recipes to compare if none are named: plain training, and one or two for each place."""


def without_network(spec: "Input") -> list[str]:
    """Return the names of the methods to compare networks with: on tables, what others use there.

    Examples
    --------
    >>> from imbtorch.data.inputs import FeatureInput
    >>> without_network(FeatureInput((2,), ("age", "height")))
    ['hgb', 'logistic']
    """
    table = spec.kind in ("table", "features") and bool(getattr(spec, "columns", ()))
    return ["hgb", "logistic"] if table else []
