"""What bytes are that should be a text in UTF-8."""

import codecs

_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_LONG_BOMS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_HEAD = 2**16
_SPREADSHEETS = (b"PK\3\4", b"\xd0\xcf\x11\xe0")
_PARQUET = b"PAR1"
_COMPRESSED = (b"\x1f\x8b", b"\xfd7zXZ", b"BZh", b"\x28\xb5\x2f\xfd")


def has_utf16_mark(data):
    """Says whether bytes begin with UTF-16's byte-order mark."""
    return data.startswith(_BOMS)


def has_utf32_mark(data):
    """Says whether bytes begin with UTF-32's byte-order mark.

    In one order that is UTF-16's and a NUL, with which no text begins.
    """
    return data.startswith(_LONG_BOMS)


def is_utf16(data):
    r"""Says whether bytes look like UTF-16, with or without a byte-order mark.

    >>> is_utf16("a text".encode("utf-16-le")), is_utf16(b"one\0 longer text")
    (True, False)
    """
    halves = data[0:_HEAD:2], data[1:_HEAD:2]
    # The upper half of most letters' numbers is zero, the lower of none; of
    # UTF-32 there are as many zeros again in both.
    few, many = sorted(half.count(0) / max(len(half), 1) for half in halves)
    wide = many > 0.3 and (few < 0.01 or (many > 0.9 and few < 0.6))
    return has_utf16_mark(data) or wide


def binary_table(data):
    """Return the format of a table that is no text, or None.

    >>> binary_table(b"PAR1"), binary_table(b"a,b")
    ('Parquet', None)
    """
    if data.startswith(_PARQUET):
        return "Parquet"
    is_sheet = data.startswith(_SPREADSHEETS)
    return "a spreadsheet's own format" if is_sheet else None


def is_compressed(data):
    """Says whether bytes begin as those of gzip, xz, bzip2 or zstd do."""
    return data.startswith(_COMPRESSED)
