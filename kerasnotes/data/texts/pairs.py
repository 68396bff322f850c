"""Pairs of texts: a source, and the target that it is to become."""

import dataclasses
import unicodedata

import numpy as np

from kerasnotes import errors
from kerasnotes.data.common import split_choice

# What the first line of a table of pairs calls its columns.
_SOURCE = {"source", "src", "input", "from", "question"}
_TARGET = {"target", "tgt", "trg", "output", "to", "answer", "translation"}
_LANGUAGES = {
    *("arabic", "chinese", "dutch", "english", "french", "german", "hindi"),
    *("italian", "japanese", "korean", "polish", "portuguese", "russian"),
    *("spanish", "swedish", "turkish", "ukrainian", "vietnamese"),
    *("ar", "de", "en", "es", "fr", "it", "ja", "ko", "nl", "pt", "ru", "zh"),
}


@dataclasses.dataclass(frozen=True)
class Pairs:
    """Pairs of texts, in Unicode's normal form C, neither of them empty.

    Attributes:
        sources: one text per pair.
        targets: one text per pair.
        ids: where each pair is found: `fra.txt:17`, a file and its line from
            1, or `train/000016`, its place in a TFDS split, from 0. Those of
            `dates` name the locale too: `train/fr/000016`.
        official: dictionary of the source's own splits (train, dev, test) to
            index arrays, or None where it has none.
        skipped: pairs of place and reason, of what holds no pair.
        repeated: how many pairs are left out because train has them already.
        languages: the names of the sources' and of the targets' language,
            or None where the data name none.
    """

    sources: list
    targets: list
    ids: list
    official: dict | None = None
    skipped: list = dataclasses.field(default_factory=list)
    repeated: int = 0
    languages: tuple | None = None


def collect(parts, languages=None):
    """Make `Pairs` of what a reader finds.

    Args:
        parts: dictionary of side to an iterable of ids and cells, bytes of
            which the first two are the source and the target.
        languages: those of the sources and of the targets, or None.
    """
    sources, targets, ids, skipped = [], [], [], []
    official, known, repeated = {}, set(), 0
    for side in (s for s in ("train", "dev", "test") if s in parts):
        first = len(ids)
        for place, cells in parts[side]:
            try:
                pair = _texts(cells)
                if len(ids) == first and _is_header(pair):
                    raise ValueError("names of columns, not a pair")
            except ValueError as error:
                skipped.append((place, str(error)))
                continue
            if side == "train":
                if pair in known:
                    repeated += 1
                    continue
                known.add(pair)
            sources.append(pair[0])
            targets.append(pair[1])
            ids.append(place)
        official[side] = np.arange(first, len(ids))
    if list(official) == ["train"]:
        official = None
    return Pairs(sources, targets, ids, official, skipped, repeated, languages)


def _texts(cells):
    if len(cells) < 2:
        raise ValueError("no tab between source and target")
    try:
        texts = [cell.decode() for cell in cells[:2]]
    except UnicodeDecodeError as error:
        raise ValueError("not UTF-8") from error
    if any("\0" in text for text in texts):
        raise ValueError("a NUL character in it")
    texts = tuple(unicodedata.normalize("NFC", t).strip() for t in texts)
    if not all(texts):
        raise ValueError("the source or the target is empty")
    return texts


def _is_header(pair):
    """Return whether a first pair names columns rather than being texts."""
    one, other = (text.casefold() for text in pair)
    named = one in _SOURCE and other in _TARGET
    return named or (one != other and {one, other} <= _LANGUAGES)


def split(pairs, expression=None):
    """Chooses the sides, so that what is held out was never seen in train.

    A set without dev or test is cut by sentence, as `split_choice.choose` does,
    and what train shares with the sides cut from it is left out of train: no
    source and no target of theirs is in train, whatever the case, the spaces
    and the punctuation. Sentences are the sources, or the targets where these
    are fewer. Official sides stay as they are.

    Args:
        pairs: the `Pairs`.
        expression: a `--split`, whose shares and bounds count sentences, see
            `split_choice.choose`; or None.

    Returns:
        `(sides, shared)`: dictionary of side to sorted index array (train,
        dev, test), and how many pairs were left out of train.

    Raises:
        UserError: the expression can't be read, or leaves a side empty.

    >>> sources = [str(i // 2) for i in range(40)]
    >>> few = Pairs(sources, [str(i) for i in range(40)], sources)
    >>> rows, shared = split(few)
    >>> {side: len(indices) for side, indices in rows.items()}, shared
    ({'train': 24, 'dev': 8, 'test': 8}, 0)
    """
    official = pairs.official or {"train": np.arange(len(pairs.ids))}
    _check_none_empty(official, pairs)
    keys = [[key(t) for t in texts] for texts in (pairs.sources, pairs.targets)]
    sentences = min(keys, key=lambda texts: len(set(texts)))
    units = {}
    for side, rows in official.items():
        for row in rows:
            units.setdefault((side, sentences[row]), []).append(row)
    order = list(units)
    chosen = split_choice.choose(
        # A sentence may be in several official sides.
        [k if s == "train" else f"{s}\t{k}" for s, k in order],
        official=_places(order) if pairs.official else None,
        expression=expression,
    )
    chosen = {
        side: np.sort([row for i in places for row in units[order[i]]])
        for side, places in chosen.items()
    }
    rows = chosen["train"]
    chosen["train"] = _unseen(rows, chosen, official["train"], keys)
    count = len({sentences[row] for row in official["train"]})
    _check_none_empty(chosen, pairs, f" with {count} distinct sentences")
    return chosen, len(rows) - len(chosen["train"])


def _check_none_empty(chosen, pairs, distinct=""):
    for side, rows in chosen.items():
        if not len(rows):
            left_out = ""
            if pairs.skipped:
                left_out = " ({} rows are left out, the first {}: {})".format(
                    len(pairs.skipped), *pairs.skipped[0]
                )
            raise errors.UserError(
                f"--dataset: {len(pairs.ids)} pairs{distinct} leave the {side} "
                f"side empty{left_out}; give more{distinct and ' sentences'}, "
                "or other shares by --split"
            )


def _places(units):
    places = {}
    for place, (side, _) in enumerate(units):
        places.setdefault(side, []).append(place)
    return places


def _unseen(rows, chosen, cut_from, keys):
    """Return the rows that share no text with those held out of train."""
    held = [r for side, r in chosen.items() if side != "train"]
    held = np.intersect1d(np.concatenate([[], *held]), cut_from).astype(int)
    for texts in keys:
        held_texts = {texts[row] for row in held}
        rows = rows[[texts[row] not in held_texts for row in rows]]
    return rows


class _Kept(dict):
    def __missing__(self, code):
        letter = unicodedata.category(chr(code))[0] in "LMN"
        self[code] = code if letter else None
        return self[code]


_KEPT = _Kept()


def key(text):
    r"""Return what makes texts the same sentence: letters and digits alone.

    >>> key("L’été, déjà\u00a0!"), key("?!")
    ('létédéjà', '?!')
    """
    return text.casefold().translate(_KEPT) or text
