"""Finds the one object of a picture: its box, class and landmarks, or none.

python -m trainers.localize --run_dir=runs/one_digit
"""

from kerasnotes.tasks.localize.task import Localize
from kerasnotes.training import runner

if __name__ == "__main__":
    runner.main(Localize)
