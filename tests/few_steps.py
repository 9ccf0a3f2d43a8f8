"""Over-samplers that train networks, as tests take them: for two steps."""

from imbtorch.resampling.names import OVER_SAMPLERS


def few_steps(name):
    """Return a method's name, with options for a short training if it trains networks itself."""
    method = OVER_SAMPLERS.get(name.removeprefix("head:"))
    trains = method is not None and hasattr(method.slots["resample"], "takes_images")
    return f"{name}:steps=2:width=2:latent_size=4" if trains else name


NAMES = [few_steps(name) for name in OVER_SAMPLERS]
