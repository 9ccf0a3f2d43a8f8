"""Reproduction: the papers' tables as data, and the engine that runs them."""
