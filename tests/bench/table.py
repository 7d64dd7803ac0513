"""Computes medians and ratios, and formats tables in Markdown."""

import statistics

median = statistics.median


def ratio(ours, theirs):
    """Returns the median of the ratios of the rounds."""
    return median([mine / yours for mine, yours in zip(ours, theirs, strict=True)])


def medians(rounds):
    """Returns the median of each figure."""
    return {key: median(column(rounds, key)) for key in rounds[0]}


def column(rounds, key):
    """Returns one figure of each round."""
    return [figures[key] for figures in rounds]


class Table:
    """A Markdown table with aligned columns."""

    def __init__(self, *head):
        self.rows = [head]

    def row(self, *cells):
        self.rows.append(cells)

    def lines(self):
        widths = [max(len(cell) for cell in column) for column in zip(*self.rows, strict=True)]
        rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
        for row in (self.rows[0], rule, *self.rows[1:]):
            cells = [row[0].ljust(widths[0]),
                     *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
            yield f"| {' | '.join(cells)} |"
