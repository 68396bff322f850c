"""CSV files as their rows."""

import csv


def read(path, **kind):
    """Return the rows of a CSV file as dictionaries."""
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, **kind))
