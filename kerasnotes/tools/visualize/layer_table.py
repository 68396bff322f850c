"""The table of a model's layers, for the terminal and for a page."""

from kerasnotes.models.pictures import summary

HEADER = (
    "layer",
    "kind",
    "activations",
    "size",
    "parameters",
    "multiply-adds",
    "receptive field",
    "stride",
)
NUMERIC = (2, 3, 4, 5, 6, 7)


def cells(model):
    """Return the table of a model as texts: rows, the last with totals.

    Args:
        model: see `summary.table`.
    """
    rows = summary.table(model)
    hidden = any(row.multiply_adds is None for row in rows)
    total = sum(row.multiply_adds or 0 for row in rows)
    totals = [
        "total",
        "",
        "",
        f"{sum(row.size for row in rows):,}",
        f"{sum(row.parameters for row in rows):,}",
        "at least " * hidden + f"{total:,}",
        "",
        "",
    ]
    return [*map(_cells, rows), totals]


def text(model):
    """Return the table of a model as lines in columns."""
    table = [list(HEADER), *cells(model)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    rule = "-" * (sum(widths) + 2 * len(widths) - 2)
    lines = [
        "  ".join(
            cell.rjust(width) if i in NUMERIC else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]
    return "\n".join([lines[0], rule, *lines[1:-1], rule, lines[-1]])


def _cells(row):
    adds = row.multiply_adds
    return [
        row.name,
        row.kind,
        _by(row.shape),
        f"{row.size:,}",
        f"{row.parameters:,}" if row.parameters else "",
        "?" if adds is None else f"{adds:,}" if adds else "",
        *_field_cells(row.fields),
    ]


def _field_cells(fields):
    """Return the texts for the receptive field and its stride."""
    if fields is None:
        return "?", "?"
    if not all(field.stride for field in fields):
        return "whole", ""
    return tuple(
        _by(getattr(field, name) for field in fields)
        for name in ("size", "stride")
    )


def _by(numbers):
    return "×".join(map(str, numbers))
