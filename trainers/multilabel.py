"""Learns several labels of a picture at once, some of them unknown.

    python -m trainers.multilabel --run_dir=runs/scenes

learns seven labels of 6,000 scenes of real digits, four of the seven withheld
from each, with LeNet-5 in its teaching variant: about a minute on two cores,
85.1 % of test's labels right (mean of seeds 0 to 2; the majority's answer to
each label: 56.7 %).

    python -m trainers.multilabel --run_dir=runs/mine --dataset=FOLDER

learns the pictures of a folder with a `labels.csv`: a column `file`, and one
for each label, its cells 1, 0, or blank where it isn't known.
`python -m benchmarks.multitask` compares one network with one for each label.
"""

from kerasnotes.tasks.multilabel.task import Multilabel
from kerasnotes.training import runner

if __name__ == "__main__":
    runner.main(Multilabel)
