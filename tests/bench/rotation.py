"""Determines the order of the measurements in a round."""


def rotated(names, number):
    """Returns the names in the order of this round; the first one differs from round to round."""
    first = number % len(names)
    return names[first:] + names[:first]
