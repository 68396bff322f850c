"""Small pictures with red and green boxes, which a detector learns soon."""

import numpy as np
from PIL import Image

from kerasnotes import files

COLOURS = {"green": (30, 200, 40), "red": (220, 40, 30)}


def scene(number, size=(32, 48)):
    """Return a picture, and its boxes: pairs of a name and `xyxy`.

    Args:
        number: by which it is drawn.
        size: height and width.
    """
    rng = np.random.default_rng(number)
    picture = rng.integers(90, 130, (*size, 3))
    objects = []
    # Each in its half, so that none hides another.
    for half in range(2):
        if not rng.integers(3):
            continue
        width, height = rng.integers(8, 15, 2)
        left = half * size[1] // 2 + rng.integers(1, size[1] // 2 - width)
        top = rng.integers(1, size[0] - height)
        name = sorted(COLOURS)[rng.integers(2)]
        picture[top : top + height, left : left + width] = COLOURS[name]
        objects.append((name, (left, top, left + width, top + height)))
    return picture.astype("uint8"), objects


def write(folder, count=120, size=(32, 48)):
    """Write a set of such pictures, with a CSV of their boxes.

    Args:
        folder: where to.
        count: how many there are.
        size: height and width.

    Returns:
        The folder.
    """
    folder.mkdir(parents=True)
    rows = [["file", "label", "x1", "y1", "x2", "y2"]]
    for number in range(count):
        picture, objects = scene(number, size)
        name = f"{number:03}.png"
        Image.fromarray(picture).save(folder / name)
        rows += [[name, label, *box] for label, box in objects]
        if not objects:
            rows.append([name, "", "", "", "", ""])
    (folder / "boxes.csv").write_text(files.csv_text(rows))
    return folder
