"""Generative over-samplers: networks that learn to make samples of rare classes."""
