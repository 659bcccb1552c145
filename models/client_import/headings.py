"""What the headers of a list of clients mean, in English and Italian."""

from collections.abc import Mapping
from enum import Enum, auto

from models import text
from models.email_field import LONGEST_NAME


class Meaning(Enum):
    """NAME: of the account or of the person, whichever no other column gives."""

    ACCOUNT = auto()
    CODE = auto()
    KIND = auto()
    PERSON = auto()
    FIRST_NAME = auto()
    LAST_NAME = auto()
    NAME = auto()
    LOGIN = auto()
    NOTIFY = auto()
    EMAIL_SYNC = auto()
    EMAIL = auto()


_SAID = {
    Meaning.ACCOUNT: """ragione sociale|denominazione|account name|company name|client name|customer name|business name
        |denominazione ragione sociale|ragione sociale denominazione|nome cliente|nome azienda|nome account
        |organisation|organization|company|account|client|customer|cliente|azienda|societa|ditta|impresa|intestatario
        |intestazione""",
    Meaning.CODE: """account code|client code|customer code|codice cliente|cod cliente|codice account|codice ditta
        |codice azienda|code|codice|cod|client number|customer number|account number|client no|account no|client id
        |account id|customer id|numero cliente|n cliente|id cliente""",
    Meaning.KIND: """account type|account kind|client type|customer type|tipo cliente|tipo account|tipologia cliente
        |tipo soggetto|type|kind|tipo|tipologia""",
    Meaning.PERSON: """contact name|full name|contact|contact person|person|nome contatto|nome e cognome|cognome e nome
        |nome cognome|cognome nome|nome completo|nominativo|persona di contatto|contatto|referente|nome referente""",
    Meaning.FIRST_NAME: "first name|firstname|forename|given name|nome proprio|nome di battesimo",
    Meaning.LAST_NAME: "last name|lastname|surname|family name|cognome",
    Meaning.NAME: "name|nome",
    Meaning.LOGIN: """login|portal access|client portal|portal login|portal|accesso portale|accesso al portale|accesso
        |portale|area clienti""",
    Meaning.NOTIFY: """notify|notifications|notification|email notifications|notify by email|notifica|notifiche
        |notifiche email|avvisi""",
    Meaning.EMAIL_SYNC: """email sync|sync email|sync emails|sync|email synchronization|email synchronisation
        |sincronizza email|sincronizzazione email|sincronizzazione|sincronizza|sincronizza posta""",
}
_MEANINGS = {header.strip(): meaning for meaning, headers in _SAID.items() for header in headers.split("|")}
_RANKS = {header: rank for rank, header in enumerate(_MEANINGS)}
"""Of two columns with one meaning, the one with the plainer header is taken."""
_EMAIL_FIELDS = {
    "Email": """email|email address|address email|indirizzo email|contact email|client email|email cliente
        |email contatto|primary email|main email|email principale|email 1""",
    "Work email": """work email|business email|office email|company email|email lavoro|email di lavoro|email ufficio
        |email aziendale|email azienda""",
    "PEC": """pec|indirizzo pec|email pec|pec email|pec cliente|pec azienda|certified email|email certificata
        |posta certificata|posta email certificata""",
    "Spouse email": "spouse email|email spouse|email coniuge|email del coniuge|email moglie|email marito",
    "Personal email": "personal email|private email|home email|email personale|email privata",
}
_FIELD_NAMES = {header.strip(): name for name, headers in _EMAIL_FIELDS.items() for header in headers.split("|")}
_WORDS_OF_EMAIL = {"email", "emails", "pec"}
_OTHER_THINGS = {
    *("password", "newsletter", "marketing", "consent", "consenso", "privacy", "opt", "sent", "inviata", "inviate"),
    *("bounced", "date", "data", "verified", "verificata", "valid", "valida", "status", "stato", "count", "numero"),
    *("type", "tipo", "sync", "notify", "notifica", "notifiche", "notifications", "template", "subject", "oggetto"),
}
"""A header with such a word is about e-mail, but its column holds no addresses."""


def plain(header: str) -> str:
    """Without case, accents and signs; `e-mail` and `mail` become `email`."""
    letters = "".join(char if char.isalnum() else " " for char in text.folded(header))
    words = f" {' '.join(letters.split())} "
    for synonym in (" e mail ", " mail ", " posta elettronica "):
        words = words.replace(synonym, " email ")
    return words.strip()


def meaning(header: str) -> Meaning | None:
    """None: the header is unknown."""
    header = plain(header)
    if header in _MEANINGS:
        return _MEANINGS[header]
    parts = {*header.split()}
    is_address = header in _FIELD_NAMES or (parts & _WORDS_OF_EMAIL and not parts & _OTHER_THINGS)
    return Meaning.EMAIL if is_address else None


def email_field(header: str) -> str:
    """The name of the e-mail field that a header of addresses means: one that many firms have, or its own words."""
    return _FIELD_NAMES.get(plain(header), header[:LONGEST_NAME].strip())


def is_last_name(header: str) -> bool:
    return meaning(header) is Meaning.LAST_NAME


def chosen(meanings: Mapping[str, Meaning]) -> dict[str, Meaning]:
    """By header, what each column is for: one column for each meaning, but first and last name both for PERSON."""
    best: dict[Meaning, str] = {}
    for header in sorted(meanings, key=lambda header: _RANKS.get(plain(header), len(_RANKS))):
        best.setdefault(meanings[header], header)
    best.pop(Meaning.EMAIL, None)
    parts = [best.pop(part, None) for part in (Meaning.FIRST_NAME, Meaning.LAST_NAME)]
    name = best.pop(Meaning.NAME, None)
    if name and parts[1] and not parts[0]:  # Nome and Cognome
        parts[0], name = name, None
    by_header = {header: meaning for meaning, header in best.items()}
    if name and not {Meaning.ACCOUNT, Meaning.PERSON} <= best.keys():
        by_header[name] = Meaning.PERSON if Meaning.ACCOUNT in best else Meaning.ACCOUNT
    if Meaning.PERSON not in by_header.values():
        by_header |= {header: Meaning.PERSON for header in parts if header}
    return by_header
