"""Whose turn it is."""


def in_turn(names, number):
    """In the order of this round: each comes first in one, so that none is always first."""
    first = number % len(names)
    return names[first:] + names[:first]
