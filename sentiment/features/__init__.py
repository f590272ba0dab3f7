"""Feature extraction: texts to sparse rows."""
