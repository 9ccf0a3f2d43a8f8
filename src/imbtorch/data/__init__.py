"""Data: load data sets, make them imbalanced, augment them and serve them in batches."""

from typing import TYPE_CHECKING

from imbtorch.lazy import lazily

if TYPE_CHECKING:
    from imbtorch.data.arrays import ArrayDataset, Samples, class_counts, labels_of
    from imbtorch.data.augmentation.augment import (
        augment_by_name,
        crop_flip,
        random_crop,
        random_flip,
    )
    from imbtorch.data.augmentation.erasing import cutout, random_erasing
    from imbtorch.data.augmentation.policies import auto_augment, rand_augment, trivial_augment
    from imbtorch.data.load import LoadedData, load_data
    from imbtorch.data.profiles.class_groups import minority_classes, shot_groups
    from imbtorch.data.profiles.counts import (
        exponential_counts,
        linear_counts,
        make_imbalanced,
        step_counts,
    )
    from imbtorch.data.profiles.profile import Profile
    from imbtorch.data.profiles.reductions import gaussian_reduction, random_reduction

__all__ = [
    "ArrayDataset",
    "LoadedData",
    "Profile",
    "Samples",
    "augment_by_name",
    "auto_augment",
    "class_counts",
    "crop_flip",
    "cutout",
    "exponential_counts",
    "gaussian_reduction",
    "labels_of",
    "linear_counts",
    "load_data",
    "make_imbalanced",
    "minority_classes",
    "rand_augment",
    "random_crop",
    "random_erasing",
    "random_flip",
    "random_reduction",
    "shot_groups",
    "step_counts",
    "trivial_augment",
]

__getattr__ = lazily(
    __name__,
    {
        "imbtorch.data.arrays": ["ArrayDataset", "Samples", "class_counts", "labels_of"],
        "imbtorch.data.augmentation.augment": [
            "augment_by_name",
            "crop_flip",
            "random_crop",
            "random_flip",
        ],
        "imbtorch.data.augmentation.erasing": ["cutout", "random_erasing"],
        "imbtorch.data.augmentation.policies": ["auto_augment", "rand_augment", "trivial_augment"],
        "imbtorch.data.load": ["LoadedData", "load_data"],
        "imbtorch.data.profiles.class_groups": ["minority_classes", "shot_groups"],
        "imbtorch.data.profiles.counts": [
            "exponential_counts",
            "linear_counts",
            "make_imbalanced",
            "step_counts",
        ],
        "imbtorch.data.profiles.profile": ["Profile"],
        "imbtorch.data.profiles.reductions": ["gaussian_reduction", "random_reduction"],
    },
)
"""Nothing is imported before it is asked for."""


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
