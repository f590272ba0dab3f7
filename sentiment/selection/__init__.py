"""Choosing a model: cross-validation, learning curves, search for hyperparameters."""
