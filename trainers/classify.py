"""Trains a classifier of pictures, and serves it.

    python -m trainers.classify --run_dir=runs/digits

learns the 1,797 handwritten digits that scikit-learn carries with LeNet-5:
about 30 s on two cores, 99.2 % on test (mean of seeds 0 to 2).

    python -m trainers.classify --run_dir=runs/mine --dataset=FOLDER

learns the pictures of a folder with a folder for each class. docs/systems.md
lists other models and what they reach.
"""

from kerasnotes.tasks.classify.task import Classify
from kerasnotes.training import runner

if __name__ == "__main__":
    runner.main(Classify)
