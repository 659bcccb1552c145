"""How much a chunk of a run holds."""


class Pace:
    """
    How many items, or rows, go into a chunk: as many as hold the firm's row for about `SECONDS`, measured as it goes
    (P7). The least is more than `store.for_many` leaves to kept plans: one that is slow would keep every chunk slow.
    """

    SECONDS, LEAST, FIRST, MOST = 0.12, 25, 200, 1_000
    fills = True
    """Whether tables grow by what is done: by a dry run they do not."""

    def __init__(self) -> None:
        self.items = self.FIRST

    def took(self, items: int, seconds: float) -> None:
        fits = int(items * self.SECONDS / max(seconds, 0.001))
        self.items = max(self.LEAST, min(self.MOST, fits, self.items * 2))
