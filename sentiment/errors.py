"""What can go wrong in a way a user can mend: one class for each exit code.

The message of each error is one line that names the file, the row where there is one, and the
way out. The command line prints it and exits with the class's `exit_code`.
"""

# The exit codes of programs that were told to stop, or whose reader went away.
INTERRUPTED = 130
READER_GONE = 141
TERMINATED = 143


class SentimentError(Exception):
    """Something a user can mend; the base of all errors raised on purpose."""

    exit_code = 1


class UsageError(SentimentError):
    """The command was called with options that do not fit together."""

    exit_code = 2


class DataError(SentimentError):
    """A file of reviews cannot be read as asked."""

    exit_code = 3


class ModelError(SentimentError):
    """A model file is missing, damaged, or not a model."""

    exit_code = 4


class MissingDependencyError(SentimentError):
    """An optional package is not installed; the message holds the command that installs it."""

    exit_code = 5


class GoalError(SentimentError):
    """A gate or a goal the user set was not met."""

    exit_code = 6
