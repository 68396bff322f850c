"""Predictions of a classifier on large pictures: every window of them."""

import sys

import numpy as np
import tensorflow as tf

from kerasnotes import errors
from kerasnotes.data.pictures import decode, inspect
from kerasnotes.plots import figures, score_map
from kerasnotes.tasks.classify import windows
from kerasnotes.tasks.pictures import serving as picture_serving
from kerasnotes.training.run import folder as run_folder

_SIDES = ("left", "top", "right", "bottom")


def predict(task, trained, paths):
    """Yield a row for each window kept of each picture, and draw its maps.

    The picture goes to `RUN_DIR/sliding/NAME.png`.

    Args:
        task: the classifier's task.
        trained: the `Trained`.
        paths: files and folders of pictures.
    """
    search = windows.Search.of(task.config, trained)
    run = run_folder.RunFolder(task.config.run_dir, task.name)
    folder, taken = run.output("sliding"), set()
    classes = trained.facts["classes"]
    for path, answer in picture_serving.answers(_decode, paths):
        if "error" not in answer:
            picture = answer["picture"][0].numpy()
            answer = _windows(search, picture)
        if "error" in answer:
            yield {"file": path, **answer}
            continue
        name = picture_serving.free_name(path, taken)
        output = folder / f"{name}.png"
        figures.save(_figure(picture, classes, **answer), output)
        if len(answer["rows"]) == windows.MOST:
            noun = errors.plural("window", windows.MOST)
            print(
                f"{errors.printable(path)}: the {windows.MOST} surest {noun}, "
                "more are not kept; a higher --score_threshold leaves fewer",
                file=sys.stderr,
            )
        for row in _rows(answer["rows"], classes):
            yield {"file": path, **row, "map": str(output)}


def _decode(image_bytes):
    return {"picture": decode.decode(image_bytes[0])[tf.newaxis]}


def _windows(search, picture):
    """Return a picture's maps and the windows kept, or an error."""
    height, width = picture.shape[:2]
    largest, (rows, columns) = max(search.scales), search.sliding.window
    if largest**2 * height * width > inspect.MAX_PIXELS:
        return {
            "error": f"of {width}×{height} pixels, at --scales={largest:g} "
            f"over {inspect.MAX_PIXELS // 10**6} megapixels; give a smaller "
            "scale"
        }
    maps = [m for m in search.maps(picture) if tf.size(m.labels)]
    if not maps:
        return {
            "error": f"of {width}×{height} pixels, at no --scales="
            f"{','.join(f'{s:g}' for s in search.scales)} as large as the "
            f"window of {columns}×{rows}; give a larger scale"
        }
    left = {k: v[0].numpy() for k, v in search.keep(maps).items()}
    count = left.pop("count")
    parts = (left[k][:count] for k in ("boxes", "labels", "scores"))
    return {"maps": maps, "rows": list(zip(*parts, strict=True))}


def _figure(picture, classes, maps, rows):
    return score_map.score_maps(
        picture,
        [
            score_map.Panel(
                *(np.asarray(m.labels), np.asarray(m.confidences())),
                *(tuple(map(float, m.window)), tuple(map(float, m.stride))),
            )
            for m in maps
        ],
        classes,
        [(b, i, f"{classes[i]}, {score:.1%}") for b, i, score in rows],
    )


def _rows(rows, classes):
    """Return what is printed of the windows kept."""
    return [
        {
            "label": classes[label],
            "confidence": round(float(score), 4),
            **dict(zip(_SIDES, (round(float(x)) for x in box), strict=True)),
        }
        for box, label, score in rows
    ] or [{"label": "", "confidence": 0.0, **dict.fromkeys(_SIDES)}]
