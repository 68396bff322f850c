"""Subwords against Hugging Face's tokenizers, which knows nothing of ours."""

import random
import sys
import zipfile

import pytest
import tensorflow as tf

from kerasnotes import errors
from kerasnotes.data.texts import vocabulary
from kerasnotes.data.texts.vocabulary import merging, subwords
from tests.support.paths import SHARED

tokenizers = pytest.importorskip("tokenizers")

SENTENCES = SHARED / "fra_eng" / "fra-eng.zip"

SPLIT = tokenizers.pre_tokenizers.Split(
    tokenizers.Regex(subwords.PATTERN), "isolated"
)
LEVEL = tokenizers.pre_tokenizers.ByteLevel(
    add_prefix_space=False, use_regex=False
)


@pytest.fixture(scope="module")
def sentences():
    if not SENTENCES.exists():
        pytest.skip("needs the shared sentence pairs")
    lines = zipfile.ZipFile(SENTENCES).read("fra-eng/fra.txt").decode()
    pairs = random.Random(0).sample(lines.splitlines(), 12000)
    return [side for pair in pairs for side in pair.split("\t")[:2]]


def spelling():
    """Return how the library spells each byte that UTF-8 can have."""
    codes = [*range(0x800), *range(0x800, 0xD800, 64)]
    codes += [*range(0xE000, 0x10000, 64), *range(0x10000, 0x110000, 4096)]
    found = {}
    for text in map(chr, codes):
        ((spelt, _),) = LEVEL.pre_tokenize_str(text)
        found.update(zip(text.encode(), spelt, strict=True))
    return found


def tokenizer(model):
    made = tokenizers.Tokenizer(model)
    made.pre_tokenizer = tokenizers.pre_tokenizers.Sequence([SPLIT, LEVEL])
    return made


def twin(known):
    """Return the library's tokenizer with the merges of a vocabulary."""
    letters = {3 + byte: letter for byte, letter in spelling().items()}
    state = known.to_json()["state"]
    pairs = [tuple(map(int, pair.split(","))) for pair in state.split()]
    for i, (left, right) in enumerate(pairs):
        letters[259 + i] = letters[left] + letters[right]
    model = tokenizers.models.BPE(
        {token: i for i, token in letters.items()},
        [(letters[left], letters[right]) for left, right in pairs],
    )
    made = tokenizer(model)
    return lambda texts: [found.ids for found in made.encode_batch(texts)]


def test_real_sentences_are_the_librarys(sentences):
    known = vocabulary.learn("subwords:4000", sentences[:20000])
    assert known.size == 4000
    expected = twin(known)(sentences)
    assert known.encode(sentences) == expected
    assert known.encode_tensor(sentences).to_list() == expected
    assert known.decode(expected) == sentences


def test_what_is_learned_is_the_librarys():
    texts = ["low lower lowest newer newest wider où où"] * 3
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=270,
        min_frequency=2,
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    plain = tokenizer(tokenizers.models.BPE())
    plain.decoder = tokenizers.decoders.ByteLevel()
    plain.train_from_iterator(texts, trainer)
    known = vocabulary.learn("subwords:273", texts)
    assert known.size == 3 + plain.get_vocab_size()
    merged = [known.decode([[i]]) for i in range(259, known.size)]
    assert merged == [[plain.decode([i])] for i in range(256, 270)]


@pytest.mark.parametrize("seed", range(20))
def test_random_merges_of_random_strings_are_the_librarys(seed):
    draw = random.Random(seed)
    tokens = {3 + ord(c): c for c in "abé"[:2]} | {198: "Ã", 172: "©"}
    pairs = []
    while len(pairs) < 12:
        pair = tuple(draw.choices(list(tokens), k=2))
        made = tokens[pair[0]] + tokens[pair[1]]
        if made not in tokens.values():
            pairs.append(pair)
            tokens[258 + len(pairs)] = made
    known = subwords.Subwords(pairs)
    texts = [
        "".join(draw.choices("abé ", [5, 5, 5, 1], k=draw.randrange(60)))
        for _ in range(100)
    ]
    expected = twin(known)(texts)
    assert known.encode(texts) == expected
    assert known.encode_tensor(texts).to_list() == expected


def test_every_character_is_split_alike():
    codes = [*range(0xD800), *range(0xE000, 0x20000)]
    codes += range(0x20000, 0x110000, 97)
    random.Random(0).shuffle(codes)
    texts = [
        "".join(map(chr, codes[i : i + 50])) for i in range(0, len(codes), 50)
    ]
    texts += ["".join(c + " " for c in text) for text in texts[:200]]
    found = merging.split(texts, subwords.PATTERN).to_list()
    for text, pieces in zip(texts, found, strict=True):
        pieces = [piece.decode() for piece in pieces]
        assert "".join(pieces) == text
        assert pieces == [piece for piece, _ in SPLIT.pre_tokenize_str(text)]
        assert pieces == subwords.Subwords([])._split(text)


def test_splits_as_people_write():
    found = merging.split(
        ["Où est l'an 2024\u202f?  «\u00a0Ici\u00a0»…"], subwords.PATTERN
    )
    assert [piece.decode() for piece in found.to_list()[0]] == [
        *["Où", " est", " l'", "an", " 202", "4", "\u202f?", "  ", "«"],
        *["\u00a0Ici", "\u00a0»…"],
    ]


def test_a_long_line_takes_bounded_work():
    known = subwords.Subwords([(100, 100)] + [(i, i) for i in range(259, 263)])
    line = "a" * 10000
    graph = tf.function(known.encode_tensor)
    assert graph([line]).to_list() == known.encode([line])
    # 312 pieces of 32, and 16 that are left.
    assert known.encode([line]) == [[263] * 312 + [262]]


def test_says_that_the_library_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(errors.UserError, match=r"kerasnotes\[translate\]"):
        vocabulary.learn("subwords:300", ["a"])
    known = subwords.Subwords([(100, 100)])
    assert known.encode(["aaa"]) == [[259, 100]]


@pytest.mark.parametrize("size", [f"1{'0' * 22}", "9" * 5000, "1048577"])
def test_an_absurd_size_is_refused(size):
    with pytest.raises(errors.UserError, match="number, 1048576 at most"):
        vocabulary.learn(f"subwords:{size}", ["a"])
