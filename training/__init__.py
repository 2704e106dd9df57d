"""Training: a card and a history in, a release out.

scikit-learn and pandas are imported with the verb that needs them, so that `training.sources` can read files for the
command line, which must start fast.
"""
