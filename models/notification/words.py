"""
What entries of Inbox+ say, in the language that their firm has as they are raised (R38).

A language is a class; what it lacks it says in English. Each kind of entry is a method of each language, and a plural
is plain Python.
"""

from collections.abc import Callable, Sequence

from models.errors import ErrorCode
from models.notification.bulk_update_words import EnglishOfBulkUpdates, ItalianOfBulkUpdates
from models.notification.import_words import EnglishOfImports, ItalianOfImports
from models.notification_category import NotificationCategory
from models.our_own import OurOwn


class English(EnglishOfBulkUpdates, EnglishOfImports):
    """`why`, `message`: as the API tells them, in English, often with what a mail server said."""

    def email_received(self, sender: str, subject: str) -> str:
        return f"{sender}: {subject or '(no subject)'}"

    def invitation_accepted(self, address: str, accounts: Sequence[str]) -> str:
        return f"{address} has accepted the invitation and can sign in now: {', '.join(accounts)}"

    def letter_undelivered(self, address: str, why: str) -> str:
        return f"The letter to {address} could not be delivered. {why}"

    def email_undelivered(self, subject: str, why: str) -> str:
        return f"The e-mail “{_short(subject)}” came back. {why}"

    def email_not_sent_to_all(self, subject: str, why: str) -> str:
        return f"The e-mail “{_short(subject)}” was sent, but not to everybody. {why}"

    def email_not_sent(self, subject: str, why: str) -> str:
        return f"The e-mail “{_short(subject)}” was not sent. {why}"

    def letter_unwanted(self, address: str, category: NotificationCategory | None) -> str:
        """`category`: the one that the address has taken off."""
        sentence = f"{address} told its mail provider that it does not want a letter of yours."
        if category is None:
            return sentence
        kind = category.lower().replace("_", " ")
        return f"{sentence} It is told of {kind} no more on that account, until its preferences are changed."

    def mailbox_needs_attention(self, address: str, code: ErrorCode, message: str) -> str:
        """`code`: the kind of fault, for languages that say it in words of their own."""
        return f"{address}: {message}"

    def email_sync_ended(self, address: str, now: OurOwn, accounts: Sequence[str]) -> str:
        whose = {OurOwn.COLLEAGUE: "a colleague", OurOwn.MAILBOX: "a mailbox of the firm"}[now]
        return f"Email sync of {address} is off, for it is the address of {whose} now: {', '.join(accounts)}"

    def address_in_doubt(self, address: str, addresses: Sequence[str]) -> str:
        """The addresses come last, since they may be long."""
        return (
            "Somebody else may have been taken for this person, and may have seen the same accounts and e-mails: until"
            " now addresses were compared as if ß were ss. If so, type the address of the other contact anew. This"
            f" person: {address}. Taken for the same: {', '.join(addresses) or 'no other was met yet'}."
        )


class Italian(ItalianOfBulkUpdates, ItalianOfImports, English):
    def email_received(self, sender: str, subject: str) -> str:
        return f"{sender}: {subject or '(senza oggetto)'}"

    def invitation_accepted(self, address: str, accounts: Sequence[str]) -> str:
        return f"{address} ha accettato l'invito e ora può entrare: {', '.join(accounts)}"

    def letter_undelivered(self, address: str, why: str) -> str:
        return f"La lettera a {address} non è stata consegnata. Dettaglio tecnico, in inglese: {why}"

    def email_undelivered(self, subject: str, why: str) -> str:
        return f"L'e-mail «{_short(subject)}» è tornata indietro. Dettaglio tecnico, in inglese: {why}"

    def email_not_sent_to_all(self, subject: str, why: str) -> str:
        short = _short(subject)
        return f"L'e-mail «{short}» è stata inviata, ma non a tutti. Dettaglio tecnico, in inglese: {why}"

    def email_not_sent(self, subject: str, why: str) -> str:
        return f"L'e-mail «{_short(subject)}» non è stata inviata. Dettaglio tecnico, in inglese: {why}"

    def letter_unwanted(self, address: str, category: NotificationCategory | None) -> str:
        sentence = f"{address} ha detto al suo gestore di posta di non volere una Vostra lettera."
        if category is None:
            return sentence
        kind = _ITALIAN_CATEGORIES[category]
        return f"{sentence} Su quell'account non riceve più avvisi su {kind}, finché non cambiano le sue preferenze."

    def mailbox_needs_attention(self, address: str, code: ErrorCode, message: str) -> str:
        by_code = {
            ErrorCode.MAILBOX_SECRET_REFUSED: "il server di posta non accetta le credenziali. Le inserisca di nuovo"
            " nella casella.",
            ErrorCode.MAILBOX_UNREACHABLE: "la porta indicata non è fra quelle ammesse per i server di posta. Ne"
            " indichi un'altra nella casella.",
            ErrorCode.NOT_ALLOWED: "è l'indirizzo del contatto di un cliente, e il suo Email sync finirebbe. Chi può"
            " modificare i clienti metta in pausa la casella e la riprenda.",
        }
        return f"{address}: {by_code.get(code, message)}"

    def email_sync_ended(self, address: str, now: OurOwn, accounts: Sequence[str]) -> str:
        whose = {OurOwn.COLLEAGUE: "un collega", OurOwn.MAILBOX: "una casella dello studio"}[now]
        return f"Email sync di {address} è spento, perché ora è l'indirizzo di {whose}: {', '.join(accounts)}"

    def address_in_doubt(self, address: str, addresses: Sequence[str]) -> str:
        return (
            "Un'altra persona può essere stata scambiata per questa, e può averne visto account ed e-mail: finora gli"
            " indirizzi erano confrontati come se ß fosse ss. Se è così, scriva di nuovo l'indirizzo dell'altro"
            f" contatto. Questa persona: {address}. Scambiati: {', '.join(addresses) or 'ancora nessun altro'}."
        )


_ITALIAN_CATEGORIES = {
    NotificationCategory.DOCUMENT_UPLOADS: "documenti",
    NotificationCategory.SIGNATURE_REQUESTS: "firme",
    NotificationCategory.APPROVALS: "approvazioni",
    NotificationCategory.MESSAGES: "messaggi",
    NotificationCategory.PROPOSALS: "proposte",
    NotificationCategory.ORGANIZERS: "questionari",
    NotificationCategory.INVOICES_AND_PAYMENTS: "fatture e pagamenti",
    NotificationCategory.CLIENT_REQUESTS: "richieste",
}


def _short(subject: str) -> str:
    """Shortened, so that the reason behind it has room."""
    return f"{subject[:79]}…" if len(subject) > 80 else subject or "…"


Said = Callable[[English], str]
"""What an entry says, whatever the language: `lambda words: words.letter_undelivered(address, why)`."""

LANGUAGES: dict[str, English] = {"en": English(), "it": Italian()}


def words_in(language: str) -> English:
    """`language`: a BCP 47 tag; `it-CH` has Italian words. English where there are none."""
    return LANGUAGES.get(language.partition("-")[0].lower(), LANGUAGES["en"])
