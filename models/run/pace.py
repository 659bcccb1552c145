"""How much a chunk of a run holds."""


class Pace:
    """
    How many items, or rows, go into a chunk: as many as hold the firm's row for about `SECONDS`, measured as it goes
    (P7).
    """

    SECONDS, LEAST, FIRST, MOST = 0.12, 20, 200, 1_000

    def __init__(self) -> None:
        self.items = self.FIRST

    def took(self, items: int, seconds: float) -> None:
        fits = int(items * self.SECONDS / max(seconds, 0.001))
        self.items = max(self.LEAST, min(self.MOST, fits, self.items * 2))
