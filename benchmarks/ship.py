"""Ships a run's SavedModel, with a card beside it.

python -m benchmarks.ship RUN_DIR saved_models/NAME/VERSION
"""

import hashlib
import json
import pathlib
import shutil
import sys

from kerasnotes.training import flags


def checksums(folder):
    """Returns the SHA-256 of each file below `folder`, by relative path."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def card(run, folder):
    """Returns the model card, in Markdown."""
    config = json.loads((run / "config.json").read_text())
    metrics = json.loads((run / "metrics.json").read_text())
    data = config["data"]
    given = {
        name: config["flags"][name]
        for name in ("dataset", "model", "epochs", "augment", "seed")
    }
    command = flags.command(f"trainers.{config['task']}", given)
    sides = [s for s in ("train", "dev", "test") if s in metrics]
    scores = "\n".join(
        f"| {side} | {metrics[side]['size']} | "
        f"{metrics[side]['accuracy']:.6f} | {metrics[side]['f1']:.6f} |"
        for side in sides
    )
    sums = "\n".join(
        f"| `{name}` | `{value}` |" for name, value in checksums(folder).items()
    )
    packages = ", ".join(f"{k} {v}" for k, v in config["packages"].items())
    return f"""# {folder.parent.name}, version {folder.name}

{metrics["model"]} with {metrics["parameters"]:,} parameters, trained on
`{data["name"]}` by

```bash
{command}
```

with Python {config["python"]}, {packages}.
Classes: {", ".join(data["classes"])}.

The data were split class by class by a salted hash; no example of dev or
test was trained on, and dev chose the epoch.

| split | examples | accuracy | F1 (macro) |
|---|---|---|---|
{scores}

Serve it with TensorFlow alone: `serving_default` takes encoded pictures
(`image_bytes`), `images` uint8 pictures of any size, `model_inputs` float32
pixels of shape {tuple(data["input_shape"])}. Meant for digits like these, one
to a picture, light on dark; it answers with one of its classes whatever it
is shown.

| file | SHA-256 |
|---|---|
{sums}
"""


def main(run, folder):
    """Copies the SavedModel and writes the card."""
    run, folder = pathlib.Path(run), pathlib.Path(folder)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(run / "saved_model", folder)
    text = card(run, folder)
    (folder.parent / f"{folder.name}.md").write_text(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
