"""Training: a card and a history in, a release out.

The heavy libraries (scikit-learn, pandas) are imported by the modules that fit, never here: `training.sources` reads
files for the command line too, which must start fast.
"""
