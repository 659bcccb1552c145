"""Reports that are written for people only: what is said, who says it, and whether it is for good."""

import re

from mail.parse import charsets, html
from mail.parse.addresses import mailboxes
from mail.parse.charsets import one_line
from mail.parse.headers import Headers
from mail.parse.parts import Part

LONGEST_TEXT = 20_000  # characters
LONGEST_SENTENCE = 200
_MOST_BYTES = 64 * 1024
_SERVERS = re.compile(r"mailer-?daemon|post[._-]?master|mail[._ -]?deliver\w*|mail[._-]?system|microsoftexchange\w*")
_SERVER_NAMES = re.compile(r"mail(er)?[ -]?(daemon|delivery|deliver)|delivery (sub)?system", re.IGNORECASE)
_LETTER_BEGINS = re.compile(
    r"^[ \t]*-{2,}[ \t]*(below this line|this is a copy|enclosed is|(the )?(original|returned|unsent|undelivered)"
    r" message|message headers?\b)|^(original )?message headers( follow|:)"
    r"|^(return-path|received|message-id|x-envelope-from|x-ymail[\w-]*|x-yahoo[\w-]*):",
    re.IGNORECASE | re.MULTILINE,
)
_LATE = re.compile(
    r"warning message only|do not need to re-?send|temporary failure report|(will be|still being) retried"
    r"|will (keep|continue) trying|(has been|is|was) delayed|delivery (is )?delayed|status notification \(delay"
    r"|status notification: delayed|warning: (could not send|message)|verzögert|in ritardo|consegna ritardata"
    r"|a été retardé|retrasado|задерж"
)
_FAILED = re.compile(
    r"undeliver(ed|able)|returned mail|returning message|failure notice|mail (system error|failure)|delivery failed"
    r"|(delivery|status) (status )?notification \(fail|deliver\w* (has |have )?fail|fail(ed|ure) (to deliver|delivery)"
    r"|(not|n't|unable to|error) (be |been |was |were )?deliver|permanent (error|failure)|failed permanently|giving up"
    r"|could not (be sent|send)|cannot be sent|error delivering|delivery errors|fatal errors|unzustellbar"
    r"|nicht zugestellt|mancata consegna|non recapita|non (è stato )?(possibile )?consegn|non remis|no se (ha )?entreg"
    r"|não (foi )?entreg|не доставлен|не может быть доставлен|\"notificationtype\":\"bounce\"|\b5[0-5]\d[ -]"
)
_SAID = re.compile(r"^.*?\b5[0-5]\d[ :-].*$|^.*[45]\.\d{1,3}\.\d{1,3}\b.*$", re.MULTILINE)
_ANSWER = re.compile(
    r"automatic reply|auto(matic)?[ -]?(reply|response)|out of (the )?office|autoreply|abwesenheit|risposta automatica"
    r"|fuori (sede|ufficio)|réponse automatique|respuesta automática|resposta automática|autoantwort"
)


def of_part(part: Part) -> str:
    """Its text; of HTML its words."""
    raw, charset = part.content()[:_MOST_BYTES], part.parameters.get("charset")
    text = charsets.decode(in_utf8(raw), "euc-jp" if _is_euc(raw, charset) else charset)
    if part.type == "text/html":
        text = html.to_text(html.safe(text)[0])
    return charsets.db_text(text).replace("\r\n", "\n")[:LONGEST_TEXT]


def in_utf8(raw: bytes) -> bytes:
    """Japanese as mail has it, also where no charset is said; all else as it is."""
    if b"\x1b$" in raw:
        return raw.decode("iso2022_jp", "replace").encode()
    return raw


def _is_euc(raw: bytes, charset: str | None) -> bool:
    """ISO-2022-JP has seven bits: what has eight was put into the other way of writing Japanese on its way."""
    return (charset or "").lower() == "iso-2022-jp" and not raw.isascii()


def before_the_letter(text: str) -> str:
    """Without the letter itself, where that follows in the same text."""
    begins = _LETTER_BEGINS.search(text)
    return text[: begins.start()] if begins else text


def is_of_a_server(fields: Headers, text: str = "") -> bool:
    """Else it is somebody's letter, whatever it quotes."""
    if fields.first("x-failed-recipients") or fields.first("x-ricevuta") or '"notificationType":"Bounce"' in text:
        return True
    for name, address in mailboxes(fields.first("from") or ""):
        if _SERVERS.match(address.partition("@")[0].lower()) or _SERVER_NAMES.search(name or ""):
            return True
    return bool(_SERVER_NAMES.search(fields.first("from") or ""))


def is_late(subject: str, text: str) -> bool:
    words = f"{subject}\n{text}".lower()
    return bool(_LATE.search(words)) and "permanent" not in words


def is_failed(subject: str, text: str) -> bool:
    return bool(_FAILED.search(f"{subject}\n{text}".lower()))


def is_an_answer(fields: Headers, subject: str) -> bool:
    """RFC 3834, and what programs write that do not know it."""
    submitted = (fields.first("auto-submitted") or "").strip().lower()
    marks = ("x-auto-response-suppress", "x-autoreply", "x-autorespond")
    declared = submitted.startswith("auto-replied") or any(fields.first(name) for name in marks)
    return declared or bool(_ANSWER.search(subject.lower()))


def what_the_server_said(text: str) -> str:
    """The line with the server's own words; else empty."""
    match = _SAID.search(text)
    return one_sentence(match[0]) if match else ""


def one_sentence(text: str) -> str:
    return one_line(text, LONGEST_SENTENCE)
