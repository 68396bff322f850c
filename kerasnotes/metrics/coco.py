"""Detections judged by pycocotools, which is what others compare with.

It is installed by `pip install 'kerasnotes[detect]'`. What stands between it
and a wrong figure is here: it takes an annotation or a detection whose id is
0 for one that was never matched, fails where nothing was detected, knows
difficult boxes by crowds only, and prints.
"""

import contextlib
import io

import numpy as np

from kerasnotes import errors

# An area that is in no range of sizes: pycocotools leaves such a box out of
# what counts, and a detection that matches it too.
_IGNORED_AREA = -1.0
# Of pixels: small, medium and large as COCO has them.
AREAS = {
    "all": (0.0, 1e10),
    "small": (0.0, 32.0**2),
    "medium": (32.0**2, 96.0**2),
    "large": (96.0**2, 1e10),
}


def require_pycocotools():
    """Refuses to begin what pycocotools ends, where it is not installed.

    Raises:
        UserError: it is not installed.
    """
    _pycocotools("cocoeval")


def evaluation(
    truth,
    detections,
    classes,
    iou_thresholds=None,
    max_detections=100,
    areas=("all",),
    of="bbox",
):
    """Return pycocotools' `COCOeval`, evaluated and accumulated.

    Its images are numbered from 0 in the order of the lists, its categories
    are the labels, and its annotations are numbered from 1 in the order of
    pictures and rows, padding (labels below 0) left out.

    Args:
        truth: see `detection.detection_report`, like the others.
        detections: of the same pictures.
        classes: the number of classes.
        iou_thresholds: an increasing list; None for 0.5, 0.55, …, 0.95.
        max_detections: of a class and picture, the best.
        areas: names of `AREAS`.
        of: what overlaps, `"bbox"` or `"segm"`: boxes, or the `masks` that
            pictures have.

    Raises:
        UserError: pycocotools is not installed.
        ValueError: the boxes are refused.
    """
    cocoeval = _pycocotools("cocoeval")
    truth, detections = checked(truth, detections, classes)
    # Thousands of lines would be printed in an evaluation an epoch.
    with contextlib.redirect_stdout(io.StringIO()):
        judge = cocoeval.COCOeval(
            _data_set(truth, classes), _data_set(detections, classes), of
        )
        judge.params.maxDets = sorted({1, 10, max_detections})
        judge.params.areaRng = [list(AREAS[name]) for name in areas]
        judge.params.areaRngLbl = list(areas)
        if iou_thresholds is not None:
            judge.params.iouThrs = np.asarray(iou_thresholds, np.float64)
        judge.evaluate()
        judge.accumulate()
    return judge


def run_lengths(masks):
    """Return masks as COCO's compressed run lengths, a list.

    Args:
        masks: bool `(n, height, width)`.
    """
    columns = np.asarray(masks, np.uint8).transpose(1, 2, 0)
    return _pycocotools("mask").encode(np.asfortranarray(columns))


def checked(truth, detections, classes):
    """Return both lists with arrays of one type, without padding.

    Args:
        truth: see `detection.detection_report`, like the others.
        detections: of the same pictures.
        classes: the number of classes.

    Returns:
        Two lists of dictionaries, without rows of padding: `boxes` float64
        `(n, 4)`, `labels` int64 `(n,)`, and `scores`, or `crowd`, `difficult`
        and `area`; and `masks`, where there are such.

    Raises:
        ValueError: see there.
    """
    if len(truth) != len(detections):
        raise errors.refusal(
            "`detections`",
            "`detections` must be of the pictures of `truth`. Received: "
            f"{len(detections)} and {len(truth)} pictures",
        )
    pairs = list(zip(truth, detections, strict=True))
    truth = [_picture(i, t, "truth", classes) for i, (t, _) in enumerate(pairs)]
    detections = [
        _picture(i, d, "detections", classes) for i, (_, d) in enumerate(pairs)
    ]
    return truth, detections


def _picture(number, picture, name, classes):
    def refuse(message):
        return errors.refusal(
            f"`{name}`", f"`{name}` of picture {number} {message}"
        )

    boxes = np.asarray(picture["boxes"], np.float64).reshape(-1, 4)
    labels = np.asarray(picture["labels"]).reshape(-1)
    columns = {"boxes": boxes, "labels": labels.astype(np.int64)}
    if name == "truth":
        sides = boxes[:, 2:] - boxes[:, :2]
        columns["area"] = picture.get("area", sides.prod(axis=1))
        for key in ("crowd", "difficult"):
            columns[key] = picture.get(key, np.zeros(len(boxes), bool))
        columns["area"] = np.asarray(columns["area"], np.float64)
    else:
        columns["scores"] = np.asarray(picture["scores"], np.float64)
    if "masks" in picture:
        # NumPy would take dictionaries of texts apart.
        columns["masks"] = np.empty(len(picture["masks"]), object)
        columns["masks"][:] = picture["masks"]
    lengths = {key: len(value) for key, value in columns.items()}
    if len(set(lengths.values())) > 1:
        raise refuse(f"must have columns of one length. Received: {lengths}")
    real = columns["labels"] >= 0
    columns = {key: np.asarray(v)[real] for key, v in columns.items()}
    boxes, labels = columns["boxes"], columns["labels"]
    if (labels >= classes).any():
        raise refuse(
            f"must have labels below {classes}. Received: {labels.max()}"
        )
    if not np.isfinite(boxes).all():
        raise refuse("must have finite boxes. Received: a NaN or an infinity")
    if name == "detections" and not np.isfinite(columns["scores"]).all():
        raise refuse("must have finite scores. Received: a NaN or an infinity")
    if (boxes[:, 2:] < boxes[:, :2]).any():
        if name == "truth":
            raise refuse("must have boxes as xyxy. Received: swapped sides")
        # A network may answer such; it has no area.
        columns["boxes"] = np.maximum(boxes, np.tile(boxes[:, :2], 2))
    return columns


def _data_set(pictures, classes):
    """Return pycocotools' `COCO` of pictures, of detections too."""
    rows = [
        _row(picture, i, number)
        for number, picture in enumerate(pictures)
        for i in range(len(picture["labels"]))
    ]
    for number, row in enumerate(rows, 1):
        row["id"] = number
    data = _pycocotools("coco").COCO()
    data.dataset = {
        # pycocotools asks for sizes, and reads those of the run lengths.
        "images": [
            {"id": i, "height": 0, "width": 0} for i in range(len(pictures))
        ],
        "categories": [{"id": i} for i in range(classes)],
        "annotations": rows,
    }
    data.createIndex()
    return data


def _row(picture, i, number):
    x1, y1, x2, y2 = picture["boxes"][i].tolist()
    row = {
        "image_id": number,
        "category_id": int(picture["labels"][i]),
        "bbox": [x1, y1, x2 - x1, y2 - y1],
        "area": (x2 - x1) * (y2 - y1),
        "iscrowd": 0,
    }
    if "masks" in picture:
        row["segmentation"] = picture["masks"][i]
    if "scores" in picture:
        row["score"] = float(picture["scores"][i])
        return row
    row["area"] = float(picture["area"][i])
    row["iscrowd"] = int(picture["crowd"][i])
    if picture["difficult"][i]:
        row["area"] = _IGNORED_AREA
    return row


def _pycocotools(module):
    return errors.optional_import(
        "average precision", f"pycocotools.{module}", "detect"
    )
