"""Reproduction: the papers' tables as data, and the one engine that runs them."""
