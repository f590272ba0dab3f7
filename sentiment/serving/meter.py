"""How much is being done at once, and that it is no more than can be done."""

from sentiment.serving.exchange import HttpError

_AGAIN = {"Retry-After": "1"}


class Meter:
    """Counts what is taken and given back: places for requests, bytes of bodies.

    Attributes:
        taken: how much is.
    """

    def __init__(self, most: int, what: str) -> None:
        """Take how much there is, and what an error calls having taken it all."""
        self.taken = 0
        self._most = most
        self._what = what

    def take(self, amount: int = 1) -> None:
        """Take some.

        Raises:
            HttpError: there is not as much left.
        """
        if self.taken + amount > self._most:
            raise HttpError(503, f"{self._what}; come again in a second", _AGAIN)
        self.taken += amount

    def give_back(self, amount: int = 1) -> None:
        """Give some back."""
        self.taken -= amount
