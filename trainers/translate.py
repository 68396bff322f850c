"""Trains a model from text to text, and serves it.

    python -m trainers.translate --run_dir=runs/dates

learns to turn dates as people write them in many languages into ISO dates.

    python -m trainers.translate --dataset=fra.txt --model=transformer

learns to translate from a file of pairs, `source TAB target`.
"""

from kerasnotes.tasks.translate.task import Translate
from kerasnotes.training import runner

if __name__ == "__main__":
    runner.main(Translate)
