"""Answers in COCO's format of results."""

import pathlib

from kerasnotes import errors, files
from kerasnotes.training.run import folder as run_folder


def written(rows, facts, config):
    """Yield the rows of answers, and write them as COCO's results.

    They go to `RUN_DIR/predictions/coco.json`, a list of objects with
    `image_id`, the number or the text that the file's name is without its
    ending; `category_id`, that of the COCO set that was trained on, else from
    1 on in the order of the model's classes;
    `bbox`, left, top, width and height; `score`; and `segmentation`, COCO's
    compressed run lengths, of a network that answers masks.

    Args:
        rows: the rows of `BoxTask.predict`.
        facts: those of the data.
        config: the task's Config.
    """
    results, owners, names = [], {}, facts["classes"]
    numbers = facts.get("category_ids") or range(1, len(names) + 1)
    ids = dict(zip(names, numbers, strict=True))
    listed = ", ".join(f"{number} {name}" for name, number in ids.items())
    print(
        "coco.json: image_id is a picture's name without its ending, "
        f"category_id that of its class: {errors.printable(listed)}"
    )
    for row in rows:
        if row.get("label"):
            result = _result(row, ids)
            if "segmentation" in row:
                result["segmentation"] = row.pop("segmentation")
            image, path = result["image_id"], row["file"]
            if owners.setdefault(image, path) != path:
                raise errors.UserError(
                    f"--format=coco: {owners[image]} and {path} would both be "
                    f"image_id {image}; rename one, or predict them apart"
                )
            results.append(result)
        yield row
    path = run_folder.RunFolder(config.run_dir, "detect").output("predictions")
    files.write_json(path / "coco.json", results)


def _result(row, ids):
    stem = pathlib.Path(row["file"]).stem
    left, top, right, bottom = (
        row[side] for side in ("left", "top", "right", "bottom")
    )
    return {
        "image_id": int(stem) if stem.isdecimal() else stem,
        "category_id": ids[row["label"]],
        "bbox": [left, top, round(right - left, 2), round(bottom - top, 2)],
        "score": row["confidence"],
    }
