"""Finds all objects of a picture: their boxes, classes and scores.

    python -m trainers.detect --run_dir=runs/many_digits

learns scenes of up to eight real digits, and needs the extra `detect`. On
two cores it takes about five minutes; AP50 is 0.975 and AP 0.750 on test.

    python -m trainers.detect --dataset=FOLDER --strides=8,16,32 --anchors=9

learns a folder of Pascal VOC, COCO, YOLO, LabelMe or CSV annotations.

    python -m trainers.detect --detector=faster_rcnn --learning_rate=1e-3

proposes regions, then looks at each.
"""

from kerasnotes.tasks.detect.task import Detect
from kerasnotes.training import runner

if __name__ == "__main__":
    runner.main(Detect)
