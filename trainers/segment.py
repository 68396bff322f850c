"""Says of which class each pixel of a picture is, by a U-Net.

    python -m trainers.segment --run_dir=runs/digit_masks

learns the ink of 2,400 scenes of real digits: 4 minutes on two cores that
were shared, a mean IoU of 0.974 on test.

    python -m trainers.segment --run_dir=runs/mine --dataset=FOLDER

learns pictures with masks: x.jpg and x_mask.png, or images/x.jpg and
masks/x.png, in palettes, grey levels or colours (docs/masks.md).
"""

from kerasnotes.tasks.segment.task import Segment
from kerasnotes.training import runner

if __name__ == "__main__":
    runner.main(Segment)
