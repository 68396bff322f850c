"""Trains a regression on a table of numbers, and serves it.

python -m trainers.regress --run_dir=runs/diabetes

"""

from kerasnotes.tasks.regress import Regress
from kerasnotes.training import runner

if __name__ == "__main__":
    runner.main(Regress)
