"""Losses: logits and labels -> scalar."""
