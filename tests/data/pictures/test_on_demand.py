"""Pictures without a cache: those of the cache, from files and records."""

import shutil
import zipfile

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from PIL import Image

from kerasnotes import errors
from kerasnotes.data.pictures import batches as picture_batches
from kerasnotes.data.pictures import examples as lib
from kerasnotes.data.pictures import (
    inspect,
    load,
    load_files,
    on_demand,
    read_files,
)
from kerasnotes.data.pictures.augmentation import canvas, named
from tests.support.pictures import encoded

COUNT = 12


def picture(seed, mode="RGB", size=(17, 11)):
    rng = np.random.default_rng(seed)
    noise = Image.fromarray(rng.integers(0, 256, (3, 4, 4), np.uint8))
    return noise.resize(size).convert(mode)


def of_all_kinds():
    """Return the bytes of files of every kind that is read."""
    turned = Image.Exif()
    turned[0x0112] = 6
    frames = [picture(i) for i in range(3)]
    alpha = picture(9, "RGBA")
    alpha.putalpha(picture(8, "L"))
    return {
        "a.jpg": encoded(picture(0), "JPEG"),
        "grey.jpg": encoded(picture(1, "L"), "JPEG"),
        "turned.jpg": encoded(picture(2), "JPEG", exif=turned.tobytes()),
        "wide.jpg": encoded(picture(2, size=(50, 3)), "JPEG"),
        "inks.jpg": encoded(picture(3, "CMYK"), "JPEG"),
        "a.png": encoded(picture(4), "PNG"),
        "grey.png": encoded(picture(5, "L"), "PNG"),
        "deep.png": encoded(picture(5, "I;16"), "PNG"),
        "two.png": encoded(picture(6, "LA"), "PNG"),
        "bits.png": encoded(picture(6, "1"), "PNG"),
        "palette.png": encoded(picture(7, "P"), "PNG"),
        "alpha.png": encoded(alpha, "PNG"),
        "a.bmp": encoded(picture(0), "BMP"),
        "grey.bmp": encoded(picture(0, "L"), "BMP"),
        "still.gif": encoded(picture(0, "L"), "GIF"),
        "moves.gif": encoded(
            frames[0], "GIF", save_all=True, append_images=frames[1:]
        ),
        "a.webp": encoded(picture(0), "WEBP"),
        "moves.webp": encoded(
            frames[0], "WEBP", save_all=True, append_images=frames[1:]
        ),
    }


class Held:
    """Files in memory."""

    def __init__(self, data):
        self._data, self.opened = data, []

    def size(self, name):
        return len(self._data[name])

    def read(self, name, count=-1):
        self.opened.append(name)
        return self._data[name][: count if count >= 0 else None]

    def ends(self, name, count):
        return 2 * (self.read(name),)


@pytest.mark.parametrize("channels", [1, 3, None])
@pytest.mark.parametrize("mode", ["stretch", "pad", "crop"])
def test_files_of_every_kind_are_decoded_to_the_caches_pixels(channels, mode):
    files = Held(of_all_kinds() | {"no.jpg": b"\xff\xd8\xffno", "x": b"text"})
    names = list(files._data)
    arguments = (files, names, (6, 5), channels, mode)
    array, kept, skipped = load_files.decode_all(*arguments)
    lazy, *others = read_files.read_all(*arguments, cache="none")
    assert others == [kept, skipped] and len(skipped) == 2
    assert lazy.shape == array.shape and lazy.dtype == array.dtype
    np.testing.assert_array_equal(lazy[:], array)
    np.testing.assert_array_equal(np.asarray(lazy), array)
    np.testing.assert_array_equal(lazy[[5, 2, 5]], array[[5, 2, 5]])
    np.testing.assert_array_equal(lazy[3], array[3])


@pytest.mark.parametrize("name", list(of_all_kinds()))
def test_headers_say_what_decoding_makes_of_a_file(name):
    files = Held(of_all_kinds())
    (shape, *_), _, _ = (
        part if isinstance(part, list) else [part.shape]
        for part in load_files.decode_all(files, [name], 4)
    )
    header = inspect.header(files.read(name))
    assert header.is_grey == (shape[-1] == 1)
    assert header.is_plain == (name in ("a.jpg", "grey.jpg"))
    assert inspect.is_plain_jpeg(files.read(name)) == header.is_plain


def test_jpegs_without_their_pixels_are_not_plain():
    data = of_all_kinds()["a.jpg"]
    for count in range(data.index(b"\xff\xda")):
        assert not inspect.is_plain_jpeg(data[:count])


def test_only_grey_files_make_grey_pictures():
    data = of_all_kinds()
    grey = Held({n: data[n] for n in ("grey.jpg", "two.png", "grey.bmp")})
    for cache in ("memory", "none"):
        pictures, _, _ = read_files.read_all(
            grey, list(grey._data), 4, cache=cache
        )
        assert pictures.shape == (3, 4, 4, 1)


def test_large_pictures_are_the_caches_too(monkeypatch):
    monkeypatch.setattr(load_files, "LARGE", 150)
    files = Held(of_all_kinds())
    arguments = (files, list(files._data), (6, 5))
    array, _, _ = load_files.decode_all(*arguments)
    lazy, _, _ = read_files.read_all(*arguments, cache="none")
    np.testing.assert_array_equal(lazy[:], array)


def write(folder):
    """Write class folders, with a broken file and one of another kind."""
    for i in range(COUNT):
        path = folder / "ab"[i % 2] / f"{i:02d}.{('jpg', 'png')[i // 2 % 2]}"
        path.parent.mkdir(parents=True, exist_ok=True)
        picture(i, size=(9 + i, 8)).save(path)
    (folder / "a" / "cut.jpg").write_bytes(
        (folder / "a/00.jpg").read_bytes()[:-99]
    )
    (folder / "a" / "notes.txt").write_text("none")
    return folder


class Shards(tfds.core.GeneratorBasedBuilder):
    """Pictures of many sizes, in two splits of several files."""

    VERSION = tfds.core.Version("1.0.0")
    shape = (None, None, 3)

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=self.shape),
                    "label": tfds.features.ClassLabel(names=["a", "b"]),
                    "note": tfds.features.Text(),
                }
            ),
        )

    def _split_generators(self, dl_manager):
        return {
            "train": self._generate_examples(40),
            "test": self._generate_examples(7),
        }

    def _generate_examples(self, count):
        for i in range(count):
            size = self.shape[1::-1] if self.shape[0] else (9 + i % 5, 8)
            image = np.asarray(picture(i + count, size=size))
            yield i, {"image": image, "label": i % 2, "note": str(i)}


class AlikeShards(Shards):
    """Pictures of one size."""

    shape = (7, 9, 3)


@pytest.fixture(scope="module", params=["folder", "zip", "many", "alike"])
def dataset(request, tmp_path_factory):
    """Return `load.load`'s first argument and its others."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param in ("folder", "zip"):
        write(folder / "set")
        if request.param == "folder":
            return str(folder / "set"), {}
        archive = shutil.make_archive(folder / "set", "zip", folder / "set")
        return archive, {}
    made = {"many": Shards, "alike": AlikeShards}[request.param]
    shards = tfds.download.DownloadConfig(num_shards=3)
    made(data_dir=str(folder)).download_and_prepare(download_config=shards)
    name = {"many": "shards", "alike": "alike_shards"}[request.param]
    return name, {"data_dir": str(folder)}


def splits(dataset, size=6, **policy):
    """Return a split of each way to keep the pictures."""
    name, arguments = dataset
    sets = [
        load.load(name, image_size=size, cache=cache, **arguments)
        for cache in ("memory", "disk", "none")
    ]
    kinds = [np.ndarray, np.memmap, on_demand.OnDemand]
    assert [type(found.images) for found in sets] == kinds
    assert sets[0].ids == sets[1].ids == sets[2].ids
    assert sets[0].skipped == sets[2].skipped
    rows = np.arange(len(sets[0].ids))[::-1]
    policy = named.build("strong:pca=0")
    return [picture_batches.ImageSplit(found, rows, policy) for found in sets]


def collect(data):
    return [[np.asarray(part) for part in batch] for batch in data]


def test_all_caches_give_the_same_batches(dataset):
    memory, disk, none = splits(dataset)
    for given in ((0, 0, 2), (0, 1, 2), (1, 1, 3)):
        wanted, *others = (
            collect(split.training_batches(4, 7, *given))
            for split in (memory, disk, none)
        )
        assert len(wanted) == memory.steps(4) * (given[2] - given[0]) - given[1]
        for found in others:
            tf.nest.map_structure(np.testing.assert_array_equal, found, wanted)
    wanted, *others = (
        collect(split.evaluation_batches(5)) for split in (memory, disk, none)
    )
    for found in others:
        tf.nest.map_structure(np.testing.assert_array_equal, found, wanted)


def test_statistics_do_not_depend_on_the_cache(dataset, monkeypatch):
    monkeypatch.setattr(lib, "EXACT", 8)
    monkeypatch.setattr(lib, "SAMPLE", 6)
    sets = [split.examples for split in splits(dataset)]
    rows = np.arange(1, len(sets[0].ids))
    assert len(lib.sample(sets[0], rows)) == 6
    for function in (lib.mean_and_std, lib.covariance):
        wanted, *others = (function(found, rows) for found in sets)
        for found in others:
            np.testing.assert_array_equal(found, wanted)
    monkeypatch.setattr(lib, "EXACT", 2**16)
    exact = lib.mean_and_std(sets[0], rows)
    assert not np.array_equal(exact, lib.mean_and_std(sets[0], rows[:4]))


def test_windows_are_cut_from_larger_pictures(dataset):
    name, arguments = dataset
    found = []
    for cache in ("memory", "none"):
        small, large = (
            load.load(name, image_size=size, cache=cache, **arguments)
            for size in ((4, 4), (7, 7))
        )
        split = picture_batches.ImageSplit(
            canvas.joined(small, large),
            np.arange(12),
            named.Policy(crop=0.5, canvas=1.75),
        )
        found.append(collect(split.training_batches(4, 0, 0, 0, 1)))
    tf.nest.map_structure(np.testing.assert_array_equal, *found)


def test_a_worker_reads_only_its_share(tmp_path, monkeypatch):
    examples = load.load(str(write(tmp_path)), image_size=6, cache="none")
    split = picture_batches.ImageSplit(
        examples, np.arange(COUNT), named.build("light")
    )
    reads = []
    original = examples.images._read
    monkeypatch.setattr(
        examples.images, "_read", lambda row: reads.append(row) or original(row)
    )
    alone = collect(split.training_batches(4, 0, 0, 0, 1))
    assert sorted(reads) == list(range(COUNT))
    reads.clear()
    part = collect(split.training_batches(4, 0, 0, 0, 1, share=(1, 2)))
    assert len(reads) == COUNT // 2
    for batch, half in zip(alone, part, strict=True):
        np.testing.assert_array_equal(batch[0][2:], half[0])


def test_nothing_is_decoded_before_it_is_asked_for(tmp_path, monkeypatch):
    folder = write(tmp_path)
    (folder / "a" / "cut.jpg").unlink()

    def decoder(*arguments):
        def attempt(name):
            raise AssertionError(name)

        return attempt

    monkeypatch.setattr(load_files, "decoder", decoder)
    examples = load.load(str(folder), image_size=6, cache="none")
    assert examples.images.shape == (COUNT, 6, 6, 3)


@pytest.mark.parametrize("how", ["broken", "gone"])
def test_a_file_that_breaks_later_is_named(tmp_path, how):
    examples = load.load(str(write(tmp_path)), image_size=6, cache="none")
    split = picture_batches.ImageSplit(examples, np.arange(COUNT))
    file = tmp_path / "b" / "05.jpg"
    if how == "gone":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:80])
    with pytest.raises(tf.errors.OpError) as caught:
        collect(split.training_batches(4, 0, 0, 0, 1))
    message = str(errors.explained(caught.value))
    assert "b/05.jpg" in message and "--cache=disk" in message
    # No other error is laid to the file.
    assert errors.explained(KeyError("x")) is None
    with pytest.raises(errors.UserError, match="b/05.jpg"):
        examples.images[:]


@pytest.mark.parametrize(
    ("shape", "cache", "kept"),
    [
        ((10, 8, 8, 3), "auto", True),
        ((10**5, 224, 224, 3), "auto", True),
        ((10**7, 224, 224, 3), "auto", False),
        ((10, 8, 8, 3), "none", False),
        ((10**7, 224, 224, 3), "disk", True),
    ],
)
def test_the_size_chooses(shape, cache, kept, monkeypatch):
    usage = shutil._ntuple_diskusage(2**41, 2**40, 2**40)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    assert lib.keeps(shape, cache) == kept


def test_a_disk_without_room_is_left_alone(monkeypatch):
    usage = shutil._ntuple_diskusage(2**41, 2**30, 2**30)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    assert not lib.keeps((10**4, 224, 224, 3), "auto")


def test_members_of_an_archive_without_their_end_are_decoded(tmp_path):
    data = encoded(picture(3, size=(400, 400)), "JPEG", quality=100)
    path = tmp_path / "set.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for i, part in enumerate((data, data, data[:-400])):
            archive.writestr(f"{'ab'[i % 2]}/{i}.jpg", part)
    found = [load.load(str(path), cache=c).skipped for c in ("memory", "none")]
    assert found[0] == found[1] and len(found[0]) == 1
