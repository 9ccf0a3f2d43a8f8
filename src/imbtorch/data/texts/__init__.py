"""Texts as counts of words, as tokens, as windows of words."""
