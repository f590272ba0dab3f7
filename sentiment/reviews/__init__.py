"""Reviews from files, and answers into files."""
