"""Comparison: run recipes x seeds on one task, store the results, summarize and report them."""
