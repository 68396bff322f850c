"""Pictures a second that are read as they are needed, beside Keras and tf.data.

    python -m benchmarks.reading [--pictures=FOLDER] [--size=96] [--rounds=7]

JPEGs in class folders, and the same ones as a TFDS set, come decoded, resized
and shuffled, in batches of 32:

- `ours`: `load.load(…, cache="none")` and the batches of an `ImageSplit`;
- `keras`: `keras.utils.image_dataset_from_directory`, which doesn't
  antialias;
- `plain`: a pipeline of `read_file`, `decode_jpeg` and `resize`, which
  doesn't either;
- `antialiased`: the same with `antialias=True`, whose pixels are ours;
- for the TFDS set, `plain` and `antialiased` take `as_dataset`'s pictures.

Without `--pictures` 2,000 JPEGs of 256×192 are made. All take turns in one
process; a ratio is the median of the rounds'. Where other work shares the
cores, the CPU's time for a picture says more.
"""

import pathlib
import tempfile
import time

import keras
import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
from absl import app, flags
from PIL import Image

from kerasnotes.data.pictures import batches, load

_PICTURES = flags.DEFINE_string("pictures", None, "Folder of class folders.")
_SIZE = flags.DEFINE_integer("size", 96, "Side of the pictures wanted.")
_ROUNDS = flags.DEFINE_integer("rounds", 7, "How often each takes its turn.")

BATCH, COUNT, SECONDS = 32, 2000, 2.0


class Pictures(tfds.core.GeneratorBasedBuilder):
    """The JPEGs of a folder, `folder`, as a TFDS set."""

    VERSION = tfds.core.Version("1.0.0")
    folder = None

    def _info(self):
        names = sorted(p.name for p in self.folder.iterdir() if p.is_dir())
        features = {
            "image": tfds.features.Image(encoding_format="jpeg"),
            "label": tfds.features.ClassLabel(names=names),
        }
        return tfds.core.DatasetInfo(
            builder=self, features=tfds.features.FeaturesDict(features)
        )

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples()}

    def _generate_examples(self):
        for path in sorted(self.folder.glob("*/*.jpg")):
            name = f"{path.parent.name}/{path.name}"
            yield name, {"image": str(path), "label": path.parent.name}


def make(folder):
    """Write smooth pictures, which compress as photographs do."""
    rng = np.random.default_rng(0)
    for i in range(COUNT):
        path = folder / f"class_{i % 5}" / f"{i:04d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        coarse = rng.integers(0, 256, (24, 32, 3), np.uint8)
        Image.fromarray(coarse).resize((256, 192), 3).save(path, quality=85)


def ours(name, size, **given):
    """Return a function of an epoch that gives our batches."""
    examples = load.load(name, image_size=size, cache="none", **given)
    split = batches.ImageSplit(examples, np.arange(len(examples.ids)))
    return lambda epoch: split.training_batches(BATCH, 0, epoch, 0, epoch + 1)


def of_keras(folder, size):
    """Return Keras' batches."""
    data = keras.utils.image_dataset_from_directory(
        folder, image_size=(size, size), batch_size=BATCH, verbose=False
    )
    return lambda epoch: data.prefetch(tf.data.AUTOTUNE)


def plain(folder, size, antialias):
    """Return a pipeline as people write it."""
    paths = sorted(map(str, folder.glob("*/*.jpg")))

    def read(path):
        picture = tf.io.decode_jpeg(tf.io.read_file(path), 3)
        return tf.image.resize(picture, (size, size), antialias=antialias)

    data = tf.data.Dataset.from_tensor_slices(paths).shuffle(len(paths))
    data = data.map(read, num_parallel_calls=tf.data.AUTOTUNE).batch(BATCH)
    return lambda epoch: data.prefetch(tf.data.AUTOTUNE)


def plain_records(builder, size, antialias):
    """Return the same of a TFDS set."""

    def resize(example):
        return tf.image.resize(
            example["image"], (size, size), antialias=antialias
        )

    data = builder.as_dataset(
        split="train",
        shuffle_files=True,
        read_config=tfds.ReadConfig(try_autocache=False),
    ).shuffle(1000)
    data = data.map(resize, num_parallel_calls=tf.data.AUTOTUNE).batch(BATCH)
    return lambda epoch: data.prefetch(tf.data.AUTOTUNE)


def measure(make_batches, epoch):
    """Return pictures a second and the CPU's milliseconds for one."""
    data = iter(make_batches(epoch))
    next(data)
    count, cpu, start = 0, time.process_time(), time.monotonic()
    for batch in data:
        count += len(tf.nest.flatten(batch)[0])
        if time.monotonic() - start > SECONDS:
            break
    seconds = time.monotonic() - start
    return count / seconds, 1e3 * (time.process_time() - cpu) / count


def compare(title, ways):
    """Print a row for each of the ways, which take turns."""
    rounds = [
        [measure(way, epoch) for way in ways.values()]
        for epoch in range(_ROUNDS.value + 1)
    ]
    table = np.array(rounds[1:])  # The first warms up.
    print(f"{title:16}{'pictures/s':>12}{'ours over it':>14}"
          f"{'CPU ms':>9}{'ours over it':>14}")  # fmt: skip
    for row, name in enumerate(ways):
        speed, cpu = np.median(table[:, row], 0)
        speeds = np.median(table[:, 0, 0] / table[:, row, 0])
        cpus = np.median(table[:, row, 1] / table[:, 0, 1])
        print(f"{name:16}{speed:12,.0f}{speeds:14.2f}{cpu:9.2f}{cpus:14.2f}")


def main(_):
    """Make the sets and print both tables."""
    size = _SIZE.value
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(_PICTURES.value or f"{temporary}/pictures")
        if not _PICTURES.value:
            make(folder)
        Pictures.folder = folder
        builder = Pictures(data_dir=temporary)
        builder.download_and_prepare()
        compare(
            "files",
            {
                "ours": ours(str(folder), size),
                "keras": of_keras(folder, size),
                "plain": plain(folder, size, False),
                "antialiased": plain(folder, size, True),
            },
        )
        compare(
            "TFDS records",
            {
                "ours": ours("pictures", size, data_dir=temporary),
                "plain": plain_records(builder, size, False),
                "antialiased": plain_records(builder, size, True),
            },
        )


if __name__ == "__main__":
    app.run(main)
