"""Augmentation of whole batches of images, on their device."""
