import json
import random

import keras
import pytest
import tensorflow as tf

from kerasnotes import errors, ops
from kerasnotes.data.texts import vocabulary
from tests.support import alone

TEXTS = [
    "",
    " ",
    "Où est l’école\u202f? «\u00a0Là-bas\u00a0!\u00a0» dit-il.",
    "Il y a 12345 raisons,\tet 3.14.\r\n\r\n  Deux   espaces ",
    "don't 'quote' e\u0301a\u0308\u200d\u200b\ufeff",
    "\0\x01\x1f\x7f\x80\x85\x9f a\0b",
    "東京は日本の首都です。ﾊﾛｰ　！",
    "👩‍👩‍👧‍👦🇫🇷👍🏽 नमस्ते مرحبا שלום",
    "\u2028\u2029\u1680\ufffd\uffff\U0010ffff",
]
BROKEN = [b"\xff", b"a\xe2\x82", b"\xed\xa0\x80z", b"\xc0\xaf", b"\xf4\x90\x80"]


def words(count, seed=0):
    """Texts with enough repetition for merges to be learned."""
    draw = random.Random(seed)
    known = ["the", "cat", "l'été", "naïve", "où", "Straße", "東京"]
    known += ["👍", "12", "2024", "…", "!"]
    return [
        draw.choice(" \u00a0").join(draw.choices(known, k=draw.randrange(9)))
        for _ in range(count)
    ]


def strings(count, seed=0):
    """Random texts of characters of every kind, with runs of one kind."""
    draw = random.Random(seed)
    ranges = [(0, 128), (0x80, 0x800), (0x2000, 0x2100), (0x800, 0xD800)]
    ranges += [(0xE000, 0x10000), (0x10000, 0x110000), (0x1F300, 0x1F650)]

    def run():
        start, stop = draw.choice(ranges)
        if draw.random() < 0.5:
            start = draw.randrange(start, stop)
            stop = min(stop, start + 3)
        size = draw.choice([1, 2, 3, 40])
        return "".join(chr(draw.randrange(start, stop)) for _ in range(size))

    runs = [draw.randrange(6) for _ in range(count)]
    return ["".join(run() for _ in range(size)) for size in runs]


def learned(spec):
    if spec.startswith("subwords"):
        pytest.importorskip("tokenizers")
    return vocabulary.learn(spec, words(300))


@pytest.fixture(params=["characters", "subwords:400"])
def known(request):
    return learned(request.param)


def test_any_text_comes_back(known):
    texts = TEXTS + words(50, 1) + strings(300)
    ids = known.encode(texts)
    assert known.decode(ids) == texts
    assert all(3 <= i < known.size for row in ids for i in row)
    found = known.decode_tensor(tf.ragged.constant(ids, tf.int32).to_tensor())
    assert [text.decode() for text in found.numpy()] == texts


def test_the_graph_gives_the_same_ids(known):
    texts = TEXTS + words(50, 1) + strings(300)
    graph = tf.function(
        known.encode_tensor, input_signature=[tf.TensorSpec([None], tf.string)]
    )
    found = graph(texts)
    assert found.dtype == tf.int32
    assert found.to_list() == known.encode(texts)
    assert graph([]).to_list() == []
    assert graph([""]).to_list() == [[]]
    for text in TEXTS:
        assert graph([text]).to_list() == known.encode([text])


def test_broken_utf_8_is_replaced_alike(known):
    draw = random.Random(0)
    texts = BROKEN + [draw.randbytes(draw.randrange(12)) for _ in range(300)]
    ids = known.encode(texts)
    assert known.encode_tensor(texts).to_list() == ids
    assert known.decode(ids) == [t.decode("utf-8", "replace") for t in texts]


def test_half_a_character_is_replaced(known):
    texts = ["a\ud800", "\udcffb", "\ud83d\ude00"]
    assert known.decode(known.encode(texts)) == ["a\ufffd", "\ufffdb", "😀"]


def test_any_ids_are_decoded_alike(known):
    draw = random.Random(0)
    ids = [draw.choices(range(known.size), k=9) for _ in range(300)]
    found = known.decode_tensor(ids)
    assert [text.decode() for text in found.numpy()] == known.decode(ids)


def test_decoding_stops_at_the_end_and_leaves_marks_out(known):
    (a, b), (c,) = known.encode(["ab", "c"])
    ids = [
        [ops.START, a, ops.PAD, b, ops.END, c],
        [ops.END, a, b, c, c, c],
        [a, b, c, ops.PAD, ops.PAD, ops.PAD],
    ]
    assert known.decode(ids) == ["ab", "", "abc"]
    assert known.decode_tensor(ids).numpy().tolist() == [b"ab", b"", b"abc"]
    assert known.decode_tensor(tf.zeros([2, 0], tf.int32)).shape == [2]


def test_comes_back_from_json(known):
    state = json.loads(json.dumps(known.to_json(), indent=2))
    again = vocabulary.from_json(state)
    assert type(again) is type(known)
    assert again.to_json() == known.to_json()
    assert again.size == known.size
    assert again.encode(TEXTS) == known.encode(TEXTS)


def test_is_the_same_for_the_same_texts(known):
    spec = known.to_json()["kind"].replace("subwords", "subwords:400")
    assert learned(spec).to_json() == known.to_json()


def test_characters_are_those_of_the_texts():
    known = vocabulary.learn("characters", ["été", "東 a", b"\xc3\xb4"])
    assert known.to_json()["state"] == "éô東"
    assert known.size == 262
    assert known.encode(["aé東ô", "ù"]) == [[100, 259, 261, 260], [198, 188]]


def test_without_texts_there_are_the_bytes():
    known = vocabulary.learn("characters", [])
    assert known.size == 259
    assert known.encode_tensor(["é"]).to_list() == [[198, 172]]


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("subwords:259", "--vocabulary=subwords:259: 259 ids are marks"),
        ("subwords:-1", "--vocabulary"),
        ("subwords:2.5", "--vocabulary"),
        ("subword:8000", "did you mean 'subwords'"),
        ("characters:80", "--vocabulary=characters: unknown 'size'"),
        ("", "--vocabulary: unknown ''"),
    ],
)
def test_says_what_is_wrong_with_the_flag(spec, said):
    with pytest.raises(errors.UserError, match="--vocabulary") as caught:
        vocabulary.learn(spec, ["a"])
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        {"kind": "words", "state": ""},
        {"kind": "characters", "state": "éa"},
        {"kind": "characters", "state": None},
        {"kind": "subwords", "state": "3,4 900,3"},
        {"kind": "subwords", "state": "3,4 3,4"},
        {"kind": "subwords", "state": "3,4,5"},
        {"kind": "subwords", "state": "1,4"},
    ],
)
def test_says_that_a_state_is_damaged(value):
    with pytest.raises(errors.UserError, match="damaged"):
        vocabulary.from_json(value)


SERVED = """
import json, sys
import tensorflow as tf
loaded = tf.saved_model.load(sys.argv[1])
texts = json.load(open(sys.argv[2]))
ids = loaded.encode(tf.constant(texts))
again = loaded.decode(ids)
print(json.dumps([ids.numpy().tolist(), [t.decode() for t in again.numpy()]]))
assert sys.modules["kerasnotes"] is None
"""


def test_is_served_by_tensorflow_alone(tmp_path):
    texts = TEXTS + strings(20)
    both = [learned("characters"), learned("subwords:400")]

    def encode(texts):
        ids = [known.encode_tensor(texts).to_tensor() for known in both]
        return tf.concat(ids, axis=1)

    def decode(ids):
        return both[1].decode_tensor(ids)

    archive = keras.export.ExportArchive()
    one = tf.TensorSpec([None], tf.string, "text")
    archive.add_endpoint("encode", encode, [one])
    ids = tf.TensorSpec([None, None], tf.int32, "ids")
    archive.add_endpoint("decode", decode, [ids])
    archive.write_out(tmp_path / "model", verbose=False)
    (tmp_path / "texts.json").write_text(json.dumps(texts))
    words = [tmp_path / "model", tmp_path / "texts.json"]
    found, again = json.loads(alone.run(SERVED, *words))
    assert found == encode(tf.constant(texts)).numpy().tolist()
    assert again == both[1].decode(found)
