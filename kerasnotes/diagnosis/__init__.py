"""What is wrong with a model, a run or a data set, and what to try."""
