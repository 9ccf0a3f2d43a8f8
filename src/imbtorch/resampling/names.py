"""Make over-samplers from names with options, such as ``eos:k=50``."""

from imbtorch.errors import unknown_name
from imbtorch.method import Method, parse
from imbtorch.places import OverSampler
from imbtorch.resampling import METHODS

OVER_SAMPLERS: dict[str, Method] = {method.name: method for method in METHODS}
"""Name -> row of the catalog."""


def make_over_sampler(text: str, random_state: object = None) -> OverSampler:
    """Return an over-sampler by name.

    Parameters
    ----------
    text : str
        ros, smote, borderline-smote, svm-smote, balanced-svm or eos; each option follows a
        colon: ``eos:k=50``.
    random_state : int, RandomState or None, default=None
        Random state of the over-sampler.

    Returns
    -------
    object with ``fit_resample(X, y)``

    Raises
    ------
    InputError
        If the over-sampler or an option is unknown (the nearest name is suggested).

    Examples
    --------
    >>> make_over_sampler("eos:k=50")
    EOS(n_neighbors=50)
    """
    name, options = parse(text)
    if name not in OVER_SAMPLERS:
        raise unknown_name("method", name, OVER_SAMPLERS)
    make = OVER_SAMPLERS[name].filled(options).slots["resample"]
    return make(random_state=random_state)  # type: ignore[return-value]
