"""The table's rows: what happens, and what is promised then (the design's table of fail-safe promises)."""

ROWS = []


class Row:
    """One line of the table, with the function that makes it happen."""

    def __init__(self, happens, promise, weight, long, function):
        self.name = function.__name__
        self.happens = happens
        self.promise = promise
        self.weight = weight  # seconds that it takes in the short form, roughly: the longest begin first
        self.long = long      # only in the long form
        self.function = function


def row(happens, promise, weight=30, long=False):
    """Makes a function of a stage a row of the table."""
    def keep(function):
        ROWS.append(Row(happens, promise, weight, long, function))
        return function
    return keep
