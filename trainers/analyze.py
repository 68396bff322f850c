"""Tells what is wrong with trained models: error analysis.

    python -m trainers.analyze --mode=sheet --run_dir=runs/digits

writes mistakes.csv and mistakes.html, a sheet of the misread dev examples to
tag in any spreadsheet;

    python -m trainers.analyze --mode=score --run_dir=runs/digits

prints what mending each kind of mistake could gain;

    python -m trainers.analyze --mode=compare runs/digits runs/other

tells which of two runs is better, and where;

    python -m trainers.analyze --mode=labels --run_dir=runs/digits

ranks the examples whose label is probably wrong;

    python -m trainers.analyze --mode=diagnose human=1% train=8% dev=10%

says what errors tell, without a run: bias, variance, and what to try.
"""

from kerasnotes.tools.analyze import program as analyze

if __name__ == "__main__":
    analyze.main()
