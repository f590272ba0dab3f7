"""A trained model: what it is, its file, and why it answers as it does."""
