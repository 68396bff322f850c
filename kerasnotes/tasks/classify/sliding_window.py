"""A classifier over a large picture: every window, several sizes."""

import dataclasses
import warnings

import numpy as np
import tensorflow as tf

from kerasnotes import errors, specs
from kerasnotes.data.pictures import decode, inspect
from kerasnotes.models.pictures import fully_convolutional
from kerasnotes.plots import figures, score_map
from kerasnotes.tasks.pictures import serving as picture_serving
from kerasnotes.training.run import folder as run_folder

_SIDES = ("left", "top", "right", "bottom")
_PIXELS = 4_000_000  # Read at once, so that a network's maps fit in memory.


def scales(text):
    """Return the sizes that `--scales` names.

    Raises:
        UserError: something else than numbers from 0.01 to 10.

    >>> scales("1,0.5")
    [1.0, 0.5]
    """
    sizes = specs.numbers("--scales", text, float)
    if not sizes or not all(0.01 <= scale <= 10 for scale in sizes):
        raise errors.UserError(
            f"--scales={text}: numbers from 0.01 to 10 with commas between, "
            "please: --scales=1,0.5"
        )
    return sizes


@dataclasses.dataclass(frozen=True)
class Map:
    """What a classifier says of a picture's windows of one size.

    Attributes:
        probabilities: `[rows, columns, classes]`.
        window: height and width of a window, in the picture's pixels.
        stride: between two windows, down and across, likewise.
    """

    probabilities: np.ndarray
    window: tuple
    stride: tuple

    def box(self, row, column):
        """Return a window's box, `[left, top, right, bottom]` in pixels."""
        top, left = row * self.stride[0], column * self.stride[1]
        return [left, top, left + self.window[1], top + self.window[0]]


def maps(windows, probabilities, picture, sizes):
    """Return the `Map` of each size, without those below the window.

    Args:
        windows: the `fully_convolutional.Sliding`.
        probabilities: a function from logits to probabilities.
        picture: uint8 `[height, width, channels]`.
        sizes: the scales to bring the picture to.
    """
    shape, channels = picture.shape[:2], windows.model.inputs[0].shape[-1]
    window_maps = []
    for scale in sizes:
        size = [round(side * scale) for side in shape]
        if min(np.subtract(size, windows.window)) < 0:
            continue
        pixels = decode.resize(picture, size, channels)
        scores = _scan(windows, tf.cast(pixels, tf.float32)[tf.newaxis])
        back = np.divide(shape, size)
        window_maps.append(
            Map(
                np.asarray(probabilities(tf.constant(scores))),
                tuple(back * windows.window),
                tuple(back * windows.stride),
            )
        )
    return window_maps


def _scan(windows, pixels):
    """Return the map of a picture `[1, h, w, c]`, read in strips."""
    height, width = pixels.shape[1:3]
    window, stride = windows.window[0], windows.stride[0]
    count, _ = windows.positions(height, width)
    step = max(1, (_PIXELS // width - window) // stride + 1)
    strips = []
    for first in range(0, count, step):
        last = min(first + step, count) - 1
        strip = pixels[:, first * stride : last * stride + window]
        strips.append(np.asarray(windows(strip), "float32"))
    return np.concatenate(strips, axis=1)[0]


def predict(task, trained, paths):
    """Yield the best window of each picture, and draw its maps.

    The picture goes to `RUN_DIR/sliding/NAME.png`.

    Args:
        task: the classifier's task.
        trained: the `Trained`.
        paths: files and folders of pictures.
    """
    windows = _convolutional(trained.model)
    run = run_folder.RunFolder(task.config.run_dir, task.name)
    folder = run.output("sliding")
    taken = set()
    for path, answer in picture_serving.answers(_decode, paths):
        if "error" not in answer:
            name = picture_serving.free_name(path, taken)
            output = folder / f"{name}.png"
            answer = _answer(
                task, trained, windows, answer["picture"][0], output
            )
        yield {"file": path, **answer}


def _convolutional(model):
    """Make the model convolutional; what it warns of is printed."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", UserWarning)
        windows = fully_convolutional.convolutionalize(model)
    for warning in caught:
        print(f"--sliding_window: {warning.message}")
    return windows


def _decode(image_bytes):
    return {"picture": decode.decode(image_bytes[0])[tf.newaxis]}


def _answer(task, trained, windows, picture, output):
    picture, sizes = picture.numpy(), scales(task.config.scales)
    height, width = picture.shape[:2]
    if max(sizes) ** 2 * height * width > inspect.MAX_PIXELS:
        return {
            "error": f"of {width}×{height} pixels, at --scales={max(sizes):g} "
            f"over {inspect.MAX_PIXELS // 10**6} megapixels; give a smaller "
            "scale"
        }
    decided = task.decision(trained.decisions)
    window_maps = maps(windows, decided.probabilities, picture, sizes)
    if not window_maps:
        return {
            "error": f"of {width}×{height} pixels, at no --scales="
            f"{task.config.scales} as large as the window of "
            f"{windows.window[1]}×{windows.window[0]}; give a larger scale"
        }
    labels = [np.asarray(decided.classes(m.probabilities)) for m in window_maps]
    sure = [
        np.take_along_axis(m.probabilities, g[..., None], -1)[..., 0]
        for m, g in zip(window_maps, labels, strict=True)
    ]
    best = max(range(len(window_maps)), key=lambda i: sure[i].max())
    at = np.unravel_index(sure[best].argmax(), sure[best].shape)
    classes = trained.facts["classes"]
    label, confidence = classes[labels[best][at]], float(sure[best][at])
    box = window_maps[best].box(*at)
    figure = score_map.score_maps(
        picture,
        [
            score_map.Panel(g, s, m.window, m.stride)
            for m, g, s in zip(window_maps, labels, sure, strict=True)
        ],
        classes,
        (best, box, f"{label}, {confidence:.2%}"),
    )
    figures.save(figure, output)
    return {
        "label": label,
        "confidence": round(confidence, 4),
        **dict(zip(_SIDES, map(round, box), strict=True)),
        "map": str(output),
    }
