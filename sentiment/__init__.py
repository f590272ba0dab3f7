"""Train a sentiment classifier on your own reviews; ask it from the shell."""

__version__ = "0.1.0"
