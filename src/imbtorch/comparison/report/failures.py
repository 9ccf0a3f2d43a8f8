"""Runs that failed, as the table and the report say them."""

from collections.abc import Iterable, Sequence

Failure = tuple[str, int, str]
"""Recipe name, training seed and reason of a run that failed."""


def failure_lines(failures: Sequence[Failure]) -> list[str]:
    """Return one line per recipe and reason, with the seeds of the runs that failed so.

    Examples
    --------
    >>> failure_lines([("eos", 0, "too few rows"), ("eos", 1, "too few rows")])
    ['failed: eos, seeds 0, 1: too few rows']
    """
    seeds: dict[tuple[str, str], list[int]] = {}
    for recipe, seed, reason in failures:
        seeds.setdefault((recipe, reason), []).append(seed)
    return [
        f"failed: {recipe}, seed{'s' * (len(of) > 1)} {', '.join(map(str, of))}: {reason}"
        for (recipe, reason), of in seeds.items()
    ]


def all_failed(failures: Iterable[Failure], succeeded: Iterable[str]) -> list[str]:
    """Return the names of the recipes of which no run succeeded.

    Examples
    --------
    >>> all_failed([("eos", 0, "too few rows"), ("m2m", 1, "no memory")], ["m2m"])
    ['eos']
    """
    known = set(succeeded)
    return [name for name in dict.fromkeys(name for name, _, _ in failures) if name not in known]
