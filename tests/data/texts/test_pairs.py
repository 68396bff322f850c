"""Pairs of texts, their sides, and those of TensorFlow Datasets."""

import re

import numpy as np
import pytest
import tensorflow_datasets as tfds

from kerasnotes import errors
from kerasnotes.data.common import tfds as tfds_sets
from kerasnotes.data.texts import load, pairs
from tests.support.paths import SHARED


def sentence(text):
    """Return a text in lower case, without punctuation and spaces."""
    return re.sub(r"[\W_]+", "", text.lower()) or text


def check_nothing_seen(found, sides):
    """Says how many rows there are, none of them seen in training."""
    for texts in (found.sources, found.targets):
        of = {s: {sentence(texts[i]) for i in r} for s, r in sides.items()}
        trained = of.pop("train")
        assert all(not trained & held for held in of.values())
    joined = np.concatenate(list(sides.values()))
    assert len(set(joined.tolist())) == len(joined)
    return len(joined)


@pytest.fixture(scope="module")
def fra_eng():
    path = SHARED / "fra_eng" / "fra-eng.zip"
    if not path.exists():
        pytest.skip("no shared data")
    return load.load(str(path))


@pytest.mark.parametrize(
    ("expression", "dev"),
    [(None, 1500), ("train=96%,dev=2%,test=2%", 3000)],
)
def test_no_side_of_a_held_out_pair_is_seen(fra_eng, expression, dev):
    assert len(fra_eng.ids) == 162165 and fra_eng.ids[0] == "fra.txt:1"
    sides, shared = pairs.split(fra_eng, expression)
    assert check_nothing_seen(fra_eng, sides) + shared == len(fra_eng.ids)
    assert len(sides["dev"]) > dev and len(sides["test"]) > dev
    assert shared < 0.01 * len(fra_eng.ids)


def made(count=300, seed=0):
    """Return pairs of which many share a source or a target."""
    rng = np.random.default_rng(seed)
    sources = [f"S{n}{'.!? '[n % 4]}" for n in rng.integers(count, size=count)]
    targets = [f"t {n}" for n in rng.integers(4 * count, size=count)]
    return pairs.Pairs(sources, targets, [str(i) for i in range(count)])


def test_the_sides_of_a_small_set():
    found = made()
    sides, shared = pairs.split(found)
    assert check_nothing_seen(found, sides) + shared == 300
    assert 0 < shared < 30
    assert len(sides["dev"]) == pytest.approx(60, abs=15)


def test_the_order_of_the_file_does_not_matter():
    found = made()
    back = pairs.Pairs(
        found.sources[::-1], found.targets[::-1], found.ids[::-1]
    )
    sides, others = pairs.split(found)[0], pairs.split(back)[0]
    for side, rows in sides.items():
        ids = {found.ids[i] for i in rows}
        assert ids == {back.ids[i] for i in others[side]}


def test_many_sources_of_one_target_lose_nothing():
    sources = [str(i) for i in range(400)]
    targets = [f"t{i // 10}" for i in range(400)]
    found = pairs.Pairs(sources, targets, sources)
    sides, shared = pairs.split(found)
    assert check_nothing_seen(found, sides) == 400 and shared == 0
    assert {s: len(r) for s, r in sides.items()} == {
        "train": 240,
        "dev": 80,
        "test": 80,
    }


def test_case_spaces_and_punctuation_make_no_other_sentence():
    assert pairs.key("« Où ça ? »") == pairs.key("où ÇA")
    assert pairs.key("where to") != pairs.key("where from")
    # Marks are letters to those who write with them.
    assert pairs.key("कि") != pairs.key("की")
    assert pairs.key("...") != pairs.key("?")


def test_official_sides_stay_and_what_is_missing_is_cut():
    found = made()
    official = {"train": np.arange(200), "test": np.arange(200, 300)}
    found = pairs.Pairs(found.sources, found.targets, found.ids, official)
    sides, shared = pairs.split(found)
    np.testing.assert_array_equal(sides["test"], official["test"])
    assert len(sides["train"]) + len(sides["dev"]) + shared == 200
    check_nothing_seen(found, {s: sides[s] for s in ("train", "dev")})
    whole = {"dev": np.arange(150, 200), "train": np.arange(150)}
    found = pairs.Pairs(
        found.sources, found.targets, found.ids, official | whole
    )
    sides, shared = pairs.split(found)
    assert shared == 0
    for side, rows in (official | whole).items():
        np.testing.assert_array_equal(sides[side], rows)


@pytest.mark.parametrize("side", ["train", "dev"])
def test_an_official_side_without_a_pair_is_refused(side):
    found = made()
    official = {"train": np.arange(300), "dev": np.arange(300)}
    official[side] = np.arange(0)
    found = pairs.Pairs(found.sources, found.targets, found.ids, official)
    with pytest.raises(errors.UserError, match=f"leave the {side} side empty"):
        pairs.split(found)


def test_slices_count_sentences():
    found = made()
    sides, _ = pairs.split(found, "train[:-20],dev[-20:]")
    assert set(sides) == {"train", "dev"}
    assert len({sentence(found.sources[i]) for i in sides["dev"]}) == 20


@pytest.mark.parametrize(
    ("count", "expression", "told"),
    [
        (1, None, "1 pairs with 1 distinct sentences leave the dev side empty"),
        (300, "train=90%", "give train and dev a share"),
        (300, "train[:5],dev[900:]", "is empty"),
    ],
)
def test_too_few_pairs_for_their_sides(count, expression, told):
    with pytest.raises(errors.UserError, match=told):
        pairs.split(made(count), expression)


def test_too_few_sentences_in_many_pairs():
    names = [str(i) for i in range(60)]
    told = "60 pairs with 1 distinct .* the dev side empty; give more sentences"
    with pytest.raises(errors.UserError, match=told):
        pairs.split(pairs.Pairs(["Hi."] * 60, names, names))


@pytest.fixture
def offline(monkeypatch):
    monkeypatch.setattr(tfds_sets, "online", lambda: False)


@pytest.mark.parametrize(
    ("name", "languages"),
    [
        ("opus/medical", ("de", "en")),
        ("ted_hrlr_translate/pt_to_en", ("pt", "en")),
        ("wmt19_translate/cs-en", ("cs", "en")),
        ("scan/simple", ("commands", "actions")),
    ],
)
def test_sets_of_tensorflow_datasets(name, languages, tmp_path):
    with tfds.testing.mock_data(num_examples=9):
        found = load.load(name, str(tmp_path))
        builder = tfds.builder(name, data_dir=str(tmp_path))
        texts = list(builder.as_dataset(split="train").as_numpy_iterator())
    for language, read in zip(
        languages, (found.sources, found.targets), strict=True
    ):
        wanted = [text[language].decode().strip() for text in texts]
        assert read == wanted
    assert found.ids[8] == "train/000008"


class TwoTongues(tfds.core.GeneratorBasedBuilder):
    """A translation set with three splits."""

    VERSION = tfds.core.Version("1.0.0")
    texts = ("a", "b", "b", " ")

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            features=tfds.features.Translation(("fr", "en")),
            supervised_keys=("fr", "en"),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        return {
            split: self._generate_examples()
            for split in ("train", "test", "validation")
        }

    def _generate_examples(self):
        for key, text in enumerate(self.texts):
            yield key, {"en": text, "fr": text.upper()}


def test_official_splits_and_what_is_left_out(tmp_path):
    TwoTongues(data_dir=str(tmp_path)).download_and_prepare()
    found = load.load("two_tongues", str(tmp_path))
    read = {s: [found.ids[i] for i in r] for s, r in found.official.items()}
    assert read == {
        "train": ["train/000000", "train/000001"],
        # What judges is judged whole.
        "test": ["test/000000", "test/000001", "test/000002"],
        "dev": ["dev/000000", "dev/000001", "dev/000002"],
    }
    assert found.repeated == 1
    assert [place for place, _ in found.skipped] == [
        "train/000003",
        "dev/000003",
        "test/000003",
    ]
    assert (found.sources[0], found.targets[0]) == ("A", "a")


class NoTongue(TwoTongues):
    """A translation set with nothing in it."""

    texts = (" ",)


def test_a_set_without_a_pair(tmp_path):
    NoTongue(data_dir=str(tmp_path)).download_and_prepare()
    with pytest.raises(errors.UserError, match="no_tongue holds no pair"):
        load.load("no_tongue", str(tmp_path))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("datez", "unknown 'datez'; did you mean 'dates' or"),
        ("opsu", "did you mean 'opus'[?] Give 'dates', a TFDS name of"),
        ("wmt19_translate/cs-fr", "did you mean 'wmt19_translate/cs-en' or"),
        ("imdb_reviews", "does not hold pairs of a source and a target"),
        ("ted_multi_translate", "does not hold pairs"),
        ("wmt19_translate/cs-en", "must be downloaded by hand"),
        ("ted_hrlr_translate/pt_to_en", "no network to download it"),
    ],
)
def test_names_refused(name, told, tmp_path, offline):
    with pytest.raises(errors.UserError, match=told) as caught:
        load.load(name, str(tmp_path))
    assert "\n" not in str(caught.value)
