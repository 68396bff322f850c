"""Boxes answered for pictures of one's own: rows, and pictures with them."""

import tensorflow as tf

from kerasnotes.data.pictures import decode
from kerasnotes.plots import boxes as boxes_plot
from kerasnotes.plots import figures
from kerasnotes.tasks.pictures import serving
from kerasnotes.training.run import folder as run_folder

_SIDES = ("left", "top", "right", "bottom")


def predictions(task, trained, paths):
    """Yield a row for each object, and draw each picture with its boxes.

    Pictures go to `RUN_DIR/predictions/NAME.png`.

    Args:
        task: the `BoxTask`.
        trained: the `Trained`.
        paths: files and folders of pictures.
    """
    serve = task.serve(trained)

    def with_picture(image_bytes):
        picture = decode.decode(image_bytes[0])[tf.newaxis]
        return {**serve(image_bytes), "picture": picture}

    run = run_folder.RunFolder(task.config.run_dir, task.name)
    folder, taken = run.output("predictions"), set()
    for path, tensors in serving.answers(with_picture, paths):
        if "error" in tensors:
            yield {"file": path, **tensors}
            continue
        picture = tensors.pop("picture")[0].numpy()
        output = folder / f"{serving.free_name(path, taken)}.png"
        picture = task.painted(picture, tensors)
        marks, points = task.marks(trained, tensors)
        figure = boxes_plot.boxes(
            [picture], [marks], points=[points], columns=1, side=8
        )
        figures.save(figure, output)
        for row in task.rows(trained, tensors):
            yield {"file": path, **row, "picture": str(output)}


def sides(box):
    """Return a box's sides by their names, None where there is no box.

    >>> sides([0.25, 1, 7.123, 5])
    {'left': 0.25, 'top': 1.0, 'right': 7.12, 'bottom': 5.0}
    """
    box = [None] * 4 if box is None else [round(float(x), 2) for x in box]
    return dict(zip(_SIDES, box, strict=True))
