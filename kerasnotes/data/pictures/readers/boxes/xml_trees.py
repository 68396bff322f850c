"""XML as nested nodes that know their lines, of files that may be hostile."""

import dataclasses
from xml.parsers import expat

from kerasnotes import errors

_DEEPEST = 32
_LARGEST = 2**24


@dataclasses.dataclass(slots=True)
class Node:
    """An element.

    Attributes:
        tag: its name.
        line: where it begins, from 1.
        text: the characters in it, without those of its children.
        children: the list of elements in it.
    """

    tag: str
    line: int
    text: str = ""
    children: list = dataclasses.field(default_factory=list)

    def first(self, *tags):
        """Return the first element at a path of tags, or None."""
        node = self
        for tag in tags:
            node = next((c for c in node.children if c.tag == tag), None)
            if node is None:
                return None
        return node

    def value(self, *tags):
        """Return the text at a path of tags without spaces around, or None."""
        node = self.first(*tags)
        return None if node is None else node.text.strip()

    def all(self, tag):
        """Return the elements of a tag in this one."""
        return [child for child in self.children if child.tag == tag]


def parse(data, name):
    r"""Return the root of an XML file.

    A document type is refused, and with it entities that would unfold to
    more than any memory holds, or lead elsewhere.

    Args:
        data: its bytes.
        name: the file, for the error message.

    Raises:
        UserError: it is no XML, has a document type, is over 16 MiB, or
            nests deeper than 32.

    >>> parse(b"<a>\n<b>1</b></a>", "a.xml").first("b")
    Node(tag='b', line=2, text='1', children=[])
    """
    if len(data) > _LARGEST:
        raise errors.UserError(f"{name}: over 16 MiB, which no annotation is")
    root = Node("", 0)
    open_nodes = [root]
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def start(tag, _):
        if len(open_nodes) > _DEEPEST:
            raise ValueError(f"line {parser.CurrentLineNumber}: too deep")
        node = Node(tag, parser.CurrentLineNumber)
        open_nodes[-1].children.append(node)
        open_nodes.append(node)

    def text(characters):
        open_nodes[-1].text += characters

    def refuse(*_):
        raise ValueError(
            f"line {parser.CurrentLineNumber}: a document type, which is not "
            "read; take it out"
        )

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: open_nodes.pop()
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise errors.UserError(f"{name}: no whole XML: {error}") from error
    return root.children[0]
