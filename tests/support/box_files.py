"""The same small set of pictures with boxes, written in every format."""

import json

import numpy as np
from PIL import Image

from kerasnotes.data.pictures.readers.boxes import read

WIDTH, HEIGHT = 60, 40
OBJECTS = {
    "a": [("cell", (10, 5, 30, 25)), ("seed", (0, 0, 60, 40))],
    "b": [],
    "c": [("cell", (58, 38, 60, 40))],
}
"""The objects of each picture: class, and edges in pixels."""


def boxes(path):
    """Return the boxes of all pictures of a set, and the examples."""
    examples = read.read(path, (HEIGHT, WIDTH))
    return np.round(examples.boxes.flat_values, 3).tolist(), examples


def picture(path, size=(WIDTH, HEIGHT), colour=90, **arguments):
    """Write a picture of one colour."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(np.full([*size[::-1], 3], colour, np.uint8))
    image.save(path, **arguments)


def text(path, content):
    """Write a text, or what isn't one as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not isinstance(content, str):
        content = json.dumps(content, indent=1)
    path.write_text(content, "utf-8")


def voc_xml(name, objects, size=(WIDTH, HEIGHT), first=1):
    """Return the XML of a picture; `objects` have edges."""
    rows = "".join(
        f"<object>\n<name>{label}</name><difficult>0</difficult><bndbox>"
        f"<xmin>{first + x1 if first else x1}</xmin>"
        f"<ymin>{first + y1 if first else y1}</ymin><xmax>{x2}</xmax>"
        f"<ymax>{y2}</ymax></bndbox></object>\n"
        for label, (x1, y1, x2, y2) in objects
    )
    return (
        f"<annotation>\n<filename>{name}</filename><size><width>{size[0]}"
        f"</width><height>{size[1]}</height></size>\n{rows}</annotation>\n"
    )


def voc(root, objects=OBJECTS):
    """Write a Pascal VOC tree."""
    for stem, rows in objects.items():
        picture(root / "JPEGImages" / f"{stem}.jpg")
        text(root / "Annotations" / f"{stem}.xml", voc_xml(f"{stem}.jpg", rows))


def coco_value(objects=OBJECTS, classes=("cell", "seed")):
    """Return what a COCO file holds; category ids have holes."""
    ids = {label: 3 + 4 * i for i, label in enumerate(classes)}
    images, annotations = [], []
    for number, (stem, rows) in enumerate(objects.items()):
        images.append(
            {
                "id": 100 + number,
                "file_name": f"{stem}.jpg",
                "width": WIDTH,
                "height": HEIGHT,
            }
        )
        for label, (x1, y1, x2, y2) in rows:
            annotations.append(
                {
                    "id": len(annotations),
                    "image_id": 100 + number,
                    "category_id": ids[label],
                    "bbox": [x1, y1, x2 - x1, y2 - y1],
                    "iscrowd": 0,
                }
            )
    categories = [{"id": i, "name": label} for label, i in ids.items()]
    return {
        "images": images,
        "annotations": annotations,
        "categories": categories,
    }


def coco(root, objects=OBJECTS):
    """Write a COCO set."""
    for stem in objects:
        picture(root / "images" / f"{stem}.jpg")
    text(root / "annotations" / "instances_train.json", coco_value(objects))


def yolo_rows(objects, classes=("cell", "seed")):
    """Return the rows of a picture."""
    return "".join(
        f"{classes.index(label)} {(x1 + x2) / 2 / WIDTH:.6f} "
        f"{(y1 + y2) / 2 / HEIGHT:.6f} {(x2 - x1) / WIDTH:.6f} "
        f"{(y2 - y1) / HEIGHT:.6f}\n"
        for label, (x1, y1, x2, y2) in objects
    )


def yolo(root, objects=OBJECTS):
    """Write a YOLO set."""
    for stem, rows in objects.items():
        picture(root / "images" / "train" / f"{stem}.jpg")
        text(root / "labels" / "train" / f"{stem}.txt", yolo_rows(rows))
    text(root / "data.yaml", "train: images/train\nnames: [cell, seed]\n")


def labelme(root, objects=OBJECTS):
    """Write a LabelMe folder."""
    for stem, rows in objects.items():
        picture(root / f"{stem}.jpg")
        shapes = [
            {
                "label": label,
                "points": [[x2, y1], [x1, y2]],
                "shape_type": "rectangle",
            }
            for label, (x1, y1, x2, y2) in rows
        ]
        value = {
            "imagePath": f"{stem}.jpg",
            "imageData": "A" * 100_000,
            "shapes": shapes,
            "imageWidth": WIDTH,
            "imageHeight": HEIGHT,
        }
        text(root / f"{stem}.json", value)


def csv(root, objects=OBJECTS):
    """Write a sheet and its pictures."""
    lines = ["filename,class,xmin,ymin,xmax,ymax"]
    for stem, rows in objects.items():
        picture(root / "pictures" / f"{stem}.jpg")
        lines += [
            f"{stem}.jpg,{label},{','.join(map(str, box))}"
            for label, box in rows
        ] or [f"{stem}.jpg,,,,,"]
    text(root / "boxes.csv", "\n".join(lines) + "\n")


FORMATS = {f.__name__: f for f in (voc, coco, yolo, labelme, csv)}
