"""Bytes of an e-mail → what it says. Pure: no network, no files, no clock."""

from mail.parse.charsets import db_text
from mail.parse.html import content_ids
from mail.parse.message import own_fingerprint, parse, read_headers, read_people_inside
from mail.parse.parsed import (
    LARGEST_MESSAGE,
    PARSER_VERSION,
    ParsedAttachment,
    ParsedEmail,
    ParsedHeaders,
    Unreadable,
)
from mail.parse.report import Report, read_report

__all__ = [
    "LARGEST_MESSAGE",
    "PARSER_VERSION",
    "ParsedAttachment",
    "ParsedEmail",
    "ParsedHeaders",
    "Report",
    "Unreadable",
    "content_ids",
    "db_text",
    "own_fingerprint",
    "parse",
    "read_headers",
    "read_people_inside",
    "read_report",
]
