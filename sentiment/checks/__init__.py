"""What labelled reviews hold that they should not, and how new texts differ from earlier ones."""
