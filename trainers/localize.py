"""Finds the one object of a picture: its box, class and landmarks, or none.

    python -m trainers.localize --run_dir=runs/one_digit

learns 4,000 scenes of a real digit or none, with four landmarks: four minutes
on two cores, a mean IoU of 0.860 on test.

    python -m trainers.localize --run_dir=runs/mine --dataset=FOLDER

learns pictures with boxes of any of the formats in docs/boxes.md; of a picture
with several objects the largest, or the largest of `--classes=cat,dog`.
"""

from kerasnotes.tasks.localize.task import Localize
from kerasnotes.training import runner

if __name__ == "__main__":
    runner.main(Localize)
