"""One page that shows a run: blocks in order, nothing fetched, no scripts.

Every text is escaped. Pictures are inside the file, so that it can be sent
on as it is.
"""

import dataclasses
import re

from kerasnotes import files
from kerasnotes.plots import markup, style

_PHONE = 42  # The characters of a row that a phone has room for.


@dataclasses.dataclass(frozen=True)
class Heading:
    """Opens a section.

    >>> Heading("Curves & more").html()
    '<h2>Curves &amp; more</h2>'
    """

    text: str

    def html(self):
        return f"<h2>{markup.escape(self.text)}</h2>"


@dataclasses.dataclass(frozen=True)
class Text:
    """A paragraph of plain text."""

    text: str

    def html(self):
        return f"<p>{markup.escape(self.text)}</p>"


@dataclasses.dataclass(frozen=True)
class Code:
    """A command or listing; long lines wrap between words.

    >>> Code("ls -a").html()
    '<pre><code><span>ls</span> <span>-a</span></code></pre>'
    """

    text: str

    def html(self):
        # Browsers else break a line after the hyphens of a flag.
        words = re.sub(r"\S+", r"<span>\g<0></span>", markup.escape(self.text))
        return f"<pre><code>{words}</code></pre>"


@dataclasses.dataclass(frozen=True)
class Facts:
    """The few numbers that matter, large.

    Attributes:
        pairs: `(label, value)` each.
    """

    pairs: list

    def html(self):
        facts = "".join(
            f"<div><dt>{markup.escape(name)}</dt>"
            f"<dd>{markup.escape(value)}</dd></div>"
            for name, value in self.pairs
        )
        return f'<dl class="facts">{facts}</dl>' if facts else ""


@dataclasses.dataclass(frozen=True)
class Table:
    """A table; the first cell of each row names the row.

    Floats are shortened (see `markup.escape`): give text where every digit
    matters. On a phone, a table with long texts shows the cells of a row one
    below another, each but the first after the title of its column.

    Attributes:
        header: a title for each column.
        rows: lists of cells.
        caption: a text above the table.
        numeric: indices of the columns aligned right; by default those that
            hold only numbers, or numbers and None.

    Raises:
        ValueError: a row has more or fewer cells than the header.

    >>> table = Table(["class", "f1"], [["7", 0.98765]])
    >>> '<td class="n">0.9877</td>' in table.html()
    True
    """

    header: list
    rows: list
    caption: str = ""
    numeric: tuple | None = None

    def __post_init__(self):
        for row in self.rows:
            if len(row) != len(self.header):
                raise ValueError(
                    f"`rows` must have {len(self.header)} cells each, as "
                    f"`header` has. Received: {row}"
                )

    def html(self):
        numeric = self.numeric
        if numeric is None:
            columns = enumerate(zip(*self.rows, strict=True))
            numeric = [i for i, cells in columns if _is_numeric(cells)]
        titles = [markup.escape(cell) for cell in self.header]
        align = [' class="n"' * (i in numeric) for i in range(len(titles))]
        head = "".join(
            f'<th scope="col"{a}>{title}</th>'
            for a, title in zip(align, titles, strict=True)
        )
        stacked = self._stacked(numeric)
        if stacked:
            align = [
                f'{a} data-title="{title}"'
                for a, title in zip(align, titles, strict=True)
            ]
        body = "".join(f"<tr>{_cells(row, align)}</tr>" for row in self.rows)
        if not self.rows:
            body = f'<tr><td colspan="{max(1, len(align))}">none</td></tr>'
        caption = (
            self.caption
            and f"<caption><span>{markup.escape(self.caption)}</span></caption>"
        )
        kind = ' class="stack"' * stacked
        return markup.scrolling(
            f"<table{kind}>{caption}<thead><tr>{head}</tr></thead>"
            f"<tbody>{body}</tbody></table>",
            self.caption or "table",
        )

    def _stacked(self, numeric):
        """Return whether texts would have to break within a phone's row."""
        columns = zip(self.header, *self.rows, strict=True)
        characters = sum(
            max(len(markup.escape(cell)) for cell in cells) for cells in columns
        )
        return characters > _PHONE and len(self.header) - len(numeric) > 1


@dataclasses.dataclass(frozen=True)
class Picture:
    """A picture at its own size, or the page's width if that is less.

    Attributes:
        png: a path, or PNG bytes.
        caption: a text below.
        alt: what the picture shows, for those who can't see it.
        chart: whether it is dark lines on white, which dark mode inverts.
    """

    png: object
    caption: str
    alt: str
    chart: bool = False

    def html(self):
        data = self.png
        if not isinstance(data, bytes):
            with open(data, "rb") as file:
                data = file.read()
        kind = ' class="chart"' * self.chart
        picture = markup.scrolling(
            markup.image(data, self.alt, legible=True), self.alt
        )
        caption = (
            self.caption
            and f"<figcaption>{markup.escape(self.caption)}</figcaption>"
        )
        return f"<figure{kind}>{picture}{caption}</figure>"


@dataclasses.dataclass(frozen=True)
class Gallery:
    """Small pictures that fill the page's width, row by row.

    Attributes:
        items: `(PNG bytes, lines of caption)` each; the first line stands
            out.
        large: whether they are twice as wide, as where each shows several.
    """

    items: list
    large: bool = False

    def html(self):
        items = "".join(
            f'<li><figure><div class="mat">'
            f"{markup.image(png, f'Picture {i}')}</div>"
            f"<figcaption>{_lines(lines)}</figcaption></figure></li>"
            for i, (png, lines) in enumerate(self.items, 1)
        )
        kind = "gallery large" if self.large else "gallery"
        return f'<ul class="{kind}">{items}</ul>' if items else "<p>None.</p>"


def write(path, title, subtitle, blocks):
    """Write the page, whole or not at all.

    Args:
        path: the file; its folder is made.
        title: the page's heading.
        subtitle: a line below it.
        blocks: what the page shows, in order: objects whose `html()` returns
            escaped HTML, as those above.

    Raises:
        UserError: the file can't be written.
    """
    sections = [[]]
    for block in blocks:
        if isinstance(block, Heading):
            sections.append([])
        sections[-1].append(block.html())
    body = "\n".join(
        f"<section>{''.join(section)}</section>"
        for section in sections
        if section
    )
    text = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<link rel="icon" href="data:,">
<title>{markup.escape(title)}</title>
<style>{style.CSS}</style>
</head>
<body>
<header><h1>{markup.escape(title)}</h1><p>{markup.escape(subtitle)}</p></header>
<main>
{body}
</main>
</body>
</html>
"""
    files.write_bytes(path, text.encode("utf-8", "replace"))


def _is_numeric(cells):
    return any(map(markup.is_number, cells)) and all(
        cell is None or markup.is_number(cell) for cell in cells
    )


def _cells(row, align):
    first, *rest = (
        (a, markup.escape(cell)) for a, cell in zip(align, row, strict=True)
    )
    return f'<th scope="row"{first[0]}>{first[1]}</th>' + "".join(
        f"<td{a}>{cell}</td>" for a, cell in rest
    )


def _lines(lines):
    first, *rest = [markup.escape(line) for line in lines] or [""]
    return f"<strong>{first}</strong>" + "".join(f"<br>{x}" for x in rest)
