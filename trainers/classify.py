"""Trains a classifier of pictures, and serves it.

    python -m trainers.classify --run_dir=runs/digits

learns the 1,797 handwritten digits that scikit-learn carries.
"""

from kerasnotes.tasks.classify import Classify
from kerasnotes.training import runner

if __name__ == "__main__":
    runner.main(Classify)
