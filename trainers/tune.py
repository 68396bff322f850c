r"""Searches hyperparameters of any trainer: random, pruned, coarse to fine.

    python -m trainers.tune --task=classify --trials=25 \
        --search='learning_rate=log:1e-4:1,hidden=int:50:100' \
        -- --dataset=digits --model=mlp --epochs=20

trains 25 networks and names the best on dev, with its error on test and the
command that trains it. The trainer's own flags stand behind the bare --,
--optimize and --satisfy among them. What --search can draw:

    learning_rate=log:1e-4:1     10^r, r uniform between -4 and 0
    beta=one_minus_log:0.9:0.999 the optimiser's momentum, 1 - β as log
    augment.shift=uniform:0:0.1  an argument of --augment=light
    batch_size=logint:16:256     integers, on a log scale
    l2=log:1e-3:10,hidden=int:50:100          two, and more, at once
    optimizer=choice:adam|sgd:momentum=0.9    each alike
    hidden=layers:2-4:50-100     two to four layers of 50 to 100 units

    importance:1                 what matters most: the learning rate
    importance:2                 also momentum, batch size and units
    importance:3                 also layers and learning-rate decay

The same command goes on after a kill, or with more --trials; started twice,
or with --processes=2, it shares the study.
"""

from kerasnotes.tools.tune import program as tune

if __name__ == "__main__":
    tune.main()
