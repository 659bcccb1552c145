"""
From the bytes of a message to the report that it is. By our own parser: it reads what servers write, not what the
standards say; no part of a message, however broken, hides another.
"""

import re
from collections.abc import Iterator

from mail.nowhere import codes, leads_nowhere
from mail.parse import headers, parts
from mail.parse.encoded_words import decoded
from mail.parse.headers import Headers
from mail.parse.parts import Part
from mail.parse.report import words
from mail.parse.report.said import Failure, Report, ReportKind
from mail.parse.report.ties import is_null, message_ids, return_tokens, returned_ids, signed, signed_emails

LARGEST_REPORT = 1024 * 1024
"""In bytes; a larger one is not read."""
OUR_HEADERS = ("x-switchboard-letter", "x-switchboard-email")
MOST_RECIPIENTS = 100
_STATUS_TYPES = {"message/delivery-status", "message/global-delivery-status"}
_RETURNED_TYPES = {"message/rfc822", "message/global", "message/global-headers", "text/rfc822-headers"}
_UNWANTED = {"abuse", "fraud", "opt-out", "opt-out-list"}
_BLANK = re.compile(rb"(?:\r?\n[ \t]*){2,}")


def read_report(raw: bytes) -> Report | None:
    """None: it is too large, or has no header. Raises Unreadable. Run it where time and memory are limited."""
    if len(raw) > LARGEST_REPORT:
        return None
    fields, start = headers.split(raw, 0, len(raw))
    if not fields.fields:
        return None
    # our own letter come back, or somebody who wants to look like it
    if any(fields.first(name) is not None for name in OUR_HEADERS):
        return Report(kind=ReportKind.NONE)
    root = parts.tree(raw, fields, start)
    leaves = list(_leaves(root))
    kind, failures = _judged(root, leaves)
    quoted = _quoted(root, leaves)
    return Report(
        kind=kind,
        failures=failures,
        signed=signed(quoted),
        return_tokens=return_tokens(quoted),
        message_ids=message_ids(quoted),
        signed_emails=signed_emails(quoted),
        returned_ids=returned_ids(quoted),
        null_path=is_null(fields.all("return-path")),
    )


def _leaves(part: Part) -> Iterator[Part]:
    if not part.children:
        yield part
    for child in part.children:
        yield from _leaves(child)


def _quoted(root: Part, leaves: list[Part]) -> str:
    """All in which a letter may be named; what the report itself is called does not name one."""
    own = [f"{name}: {value}" for name, value in root.headers.fields if name != "message-id"]
    inner = [f"{name}: {value}" for leaf in leaves if leaf is not root for name, value in leaf.headers.fields]
    return "\n".join([*own, *inner, *(leaf.content().decode("latin-1") for leaf in leaves)])


def _judged(root: Part, leaves: list[Part]) -> tuple[ReportKind, tuple[Failure, ...]]:
    for leaf in leaves:
        if leaf.type == "message/feedback-report":
            return _complaint(leaf), ()
    groups = [group for leaf in leaves if leaf.type in _STATUS_TYPES for group in _groups(leaf)]
    text = words.before_the_letter(_text(leaves))
    if groups:
        return _by_status(groups, text)
    return _by_words(root.headers, text)


def _complaint(leaf: Part) -> ReportKind:
    kind = next((group.first("feedback-type") for group in _blocks(leaf)), None) or ""
    return ReportKind.COMPLAINT if kind.strip().lower() in _UNWANTED else ReportKind.NONE


def _groups(leaf: Part) -> list[Headers]:
    """Those that are about recipients."""
    return [group for group in _blocks(leaf) if group.first("action") or group.first("status")]


def _blocks(leaf: Part) -> Iterator[Headers]:
    raw = words.in_utf8(leaf.content())
    for block in _BLANK.split(raw.strip()):
        yield headers.split(block, 0, len(block))[0]


def _by_status(groups: list[Headers], text: str) -> tuple[ReportKind, tuple[Failure, ...]]:
    """RFC 3464, 2.3. `text` stands in where nobody wrote down what the server said."""
    failed = [group for group in groups if _action(group) == "failed"]
    if failed:
        return ReportKind.FAILED, tuple(_failure(group, text) for group in failed[:MOST_RECIPIENTS])
    late = any(_action(group) == "delayed" for group in groups)
    return (ReportKind.DELAYED if late else ReportKind.DELIVERED), ()


def _action(group: Headers) -> str:
    action = (group.first("action") or "").strip().lower().split(" ")[0]
    by_class = {"5": "failed", "4": "delayed"}
    return action or by_class.get((group.first("status") or "").strip()[:1], "")


def _failure(group: Headers, text: str) -> Failure:
    status = next(iter(codes(group.first("status") or "")), "")
    diagnostic = (group.first("diagnostic-code") or "").partition(";")[2].strip()
    named = (_address(value) for name in ("final-recipient", "original-recipient") for value in group.all(name))
    nobody = leads_nowhere(status, diagnostic or text)
    return Failure(frozenset(filter(None, named)), status, words.one_sentence(diagnostic), nobody)


def _address(value: str) -> str:
    """Of `rfc822; anna@client.test`, with the brackets that some write."""
    return value.partition(";")[2].strip().strip("<>").strip()


def _by_words(fields: Headers, text: str) -> tuple[ReportKind, tuple[Failure, ...]]:
    subject = decoded(fields.first("subject") or "")
    if not words.is_of_a_server(fields, text):
        return (ReportKind.ANSWER if words.is_an_answer(fields, subject) else ReportKind.NONE), ()
    if words.is_late(subject, text):
        return ReportKind.DELAYED, ()
    if not words.is_failed(subject, text):
        return (ReportKind.ANSWER if words.is_an_answer(fields, subject) else ReportKind.NONE), ()
    named = (fields.first("x-failed-recipients") or "").split(",")
    recipients = frozenset(filter(None, (address.strip() for address in named[:MOST_RECIPIENTS])))
    status = next((code for code in codes(text) if code.startswith("5")), "")
    nobody = leads_nowhere("", f"{subject}\n{text}")
    return ReportKind.FAILED, (Failure(recipients, status, words.what_the_server_said(text), nobody),)


def _text(leaves: list[Part]) -> str:
    """What is said to people, before the letter that came back."""
    texts = list[str]()
    for leaf in leaves:
        if leaf.type in _RETURNED_TYPES:
            break
        if leaf.type == "text/plain" or (leaf.type == "text/html" and not any(texts)):
            texts.append(words.of_part(leaf))
    return "\n".join(texts)
