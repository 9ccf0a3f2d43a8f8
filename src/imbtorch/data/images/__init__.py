"""Image files: found, decoded, framed, kept as arrays."""
