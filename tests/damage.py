"""Damage of stored files."""


def flipped(content, position, bit=0):
    """Return content with one bit the other way."""
    damaged = bytearray(content)
    damaged[position] ^= 1 << bit
    return bytes(damaged)
