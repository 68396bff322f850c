"""The report's part on what was left out."""

from kerasnotes.plots import skipped


def test_words_have_their_plural():
    heading, table = skipped.blocks([("a", "b")] * 2, "entry")
    assert heading.text == "Entries left out"
    assert table.caption == "2 entries; the first 2."
    assert skipped.blocks([("a", "b")])[0].text == "Files left out"
