"""Which format a folder's annotations are of, by what it holds."""

from kerasnotes import errors
from kerasnotes.data.pictures.readers.boxes import (
    coco,
    labelme,
    sheets,
    voc,
    yolo,
)

FORMATS = (voc, coco, yolo, labelme, sheets)
_WAYS = (
    "Pascal VOC (an .xml a picture), COCO (instances_*.json), YOLO (a .txt a "
    "picture, and data.yaml), LabelMe (a .json a picture) or a .csv of "
    "file,label,x1,y1,x2,y2"
)


def read(path, files, pictures, problems):
    """Read the annotations of whatever format they are of.

    Args:
        path: the folder or archive, for the error message.
        files: a `file_sets.Files`.
        pictures: the names of the pictures in it.
        problems: the `records.Problems`, to which is added.

    Returns:
        The `records.AnnotationSet`, and the names of the files it was read of.

    Raises:
        UserError: there is none, or one of two formats, or none can be read.
    """
    names = {}
    for module in FORMATS:
        try:
            there = module.files_of(files, pictures)
        except errors.UserError:
            raise
        except Exception as error:  # Whatever zipfile or the disk raises.
            raise errors.UserError(
                f"--dataset: {path}: can't be read: {error}"
            ) from error
        if there:
            names[module] = there
    if not names:
        raise errors.UserError(
            f"--dataset: {path} holds pictures, but no boxes of a format that "
            f"is known: {_WAYS}"
        )
    if len(names) > 1:
        kinds = " and ".join(
            f"{module.FORMAT} ({len(there)}, as {there[0]})"
            for module, there in names.items()
        )
        raise errors.UserError(
            f"--dataset: {path} holds boxes of {kinds}; leave those of one "
            "format, and move the others away"
        )
    ((module, there),) = names.items()
    try:
        annotations = module.read(files, there, pictures, problems)
    except errors.UserError as error:
        if str(error).startswith("--"):
            raise
        raise errors.UserError(f"--dataset: {error}") from error
    if not annotations.annotations:
        lines = problems.lines()
        reason = f": {lines[0]}" if lines else ""
        raise errors.UserError(
            f"--dataset: {path}: no annotation could be read{reason}"
        )
    return annotations, there
