"""Networks: every one is features + head."""
