"""Looks inside models: what layers hold, cost and see, and what excites them.

    python -m trainers.visualize --mode=summary --model=lenet5

prints each layer's activations, parameters, multiply-adds and receptive field;

    python -m trainers.visualize --run_dir=runs/digits

writes runs/digits/visualize/index.html: that table, the first layer's
filters, the nine patches of dev pictures that excite units most, activation
maps and class-activation heat maps; files named behind it are looked at
instead of dev.
"""

from kerasnotes.tools.visualize import program as visualize

if __name__ == "__main__":
    visualize.main()
