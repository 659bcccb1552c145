"""What mail/imap leans on in aioimaplib, much of it private. If this fails, read its new source before going on."""

import hashlib
import inspect
from importlib import import_module
from importlib.metadata import version

from aioimaplib import aioimaplib

WRITTEN_AGAINST = "2.0.3"
FINGERPRINTS = {
    "Command": "e2ce4f24ed71b380",
    "IMAP4ClientProtocol.__init__": "cff378b5a5346788",
    "IMAP4ClientProtocol.connection_made": "3e0f7f20963faf9c",
    "IMAP4ClientProtocol.execute": "aa73299f4fb0f852",
    "IMAP4ClientProtocol.idle_done": "b6c8d5ede5988d38",
    "IMAP4ClientProtocol.new_tag": "4c0cc34b1fb6892d",
}


def fingerprint(name: str) -> str:
    thing = aioimaplib
    for part in name.split("."):
        thing = getattr(thing, part)
    return hashlib.sha256(inspect.getsource(thing).encode()).hexdigest()[:16]


def test_aioimaplib_is_the_version_that_was_read() -> None:
    assert version("aioimaplib") == WRITTEN_AGAINST


def test_what_is_leaned_on_reads_as_it_did() -> None:
    assert {name: fingerprint(name) for name in FINGERPRINTS} == FINGERPRINTS


def test_what_is_replaced_is_still_called_that() -> None:
    replaced = ("data_received", "connection_lost", "_untagged_response", "_continuation", "_response_done", "send")
    assert all(callable(getattr(aioimaplib.IMAP4ClientProtocol, name)) for name in replaced)


def test_the_commands_that_are_sent_are_known_and_the_log_is_silent() -> None:
    sent = "CAPABILITY LOGIN AUTHENTICATE STARTTLS LIST STATUS EXAMINE SEARCH FETCH APPEND IDLE NOOP NOTIFY LOGOUT"
    assert set(sent.split()) <= set(aioimaplib.Commands)
    import_module("mail.imap")
    assert aioimaplib.log.disabled
