"""Reading reviews from files, and writing answers to files."""
