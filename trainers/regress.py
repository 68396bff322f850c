"""Trains a regression on a table of numbers, and serves it.

    python -m trainers.regress --run_dir=runs/diabetes

learns, from ten measurements of the 442 patients that scikit-learn carries,
how far their diabetes went in a year. About 6 s on two cores; mean squared
error 2,866 on dev and 2,908 on test (R² 0.56 and 0.58), as least squares.

    python -m trainers.regress --dataset=houses.csv --target=price --model=mlp

learns one column of a table of one's own from the others.
"""

from kerasnotes.tasks.regress.task import Regress
from kerasnotes.training import runner

if __name__ == "__main__":
    runner.main(Regress)
