"""What Inbox+ says of an import that has ended, in the firm's language (R40)."""

import pytest

from models.notification.import_words import ImportTold
from models.notification.words import words_in

RUN = ImportTold(rows=2_000, done=2_000, created=1_897, matched=100, errors=3, accounts=1_204, contacts=1, invited=900)
STOPPED = ImportTold(rows=1, stopped=True, reason="It failed 5 times in a row. " * 20)


@pytest.mark.parametrize(
    ("language", "run", "said"),
    [
        (
            "en",
            RUN,
            "Import of 2,000 rows of clients: 1,204 accounts made, 1 contact made, 100 rows of who was there already,"
            " 900 people invited, 3 rows with errors. Mend the rows with errors and import them again.",
        ),
        (
            "it",
            RUN,
            "Importazione di 2.000 righe di clienti: 1.204 account creati, 1 contatto creato, 100 righe di chi c'era"
            " già, 900 persone invitate, 3 righe con errori. Corregga le righe con errori e le importi di nuovo.",
        ),
        (
            "en",
            ImportTold(rows=1, done=1, created=1, accounts=1),
            "Import of 1 row of clients: 1 account made, 0 contacts made, 0 rows of who was there already, no errors.",
        ),
    ],
)
def test_it_says_what_came_of_the_file(language: str, run: ImportTold, said: str) -> None:
    assert words_in(language).import_finished(run) == said


@pytest.mark.parametrize("language", ["en", "it"])
def test_of_one_that_was_given_up_it_says_why_in_500_characters_at_most(language: str) -> None:
    said = words_in(language).import_finished(STOPPED)
    assert "It failed 5 times in a row." in said
    assert len(said) <= 500
