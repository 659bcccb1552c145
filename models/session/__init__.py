"""Signing in and out. Sessions are opaque tokens, stored hashed, revocable at once."""

from models.session.asking import of, still, still_all, viewer_of
from models.session.ending import end, sign_out
from models.session.lasting import keep_open, limit
from models.session.marks import mark_of
from models.session.own import SessionView, end_own, own
from models.session.session import Session
from models.session.signing_in import attempts, sign_in
from models.session.starting import SignedIn, start_for_client, start_for_member

__all__ = [
    "Session",
    "SessionView",
    "SignedIn",
    "attempts",
    "end",
    "end_own",
    "keep_open",
    "limit",
    "mark_of",
    "of",
    "own",
    "sign_in",
    "sign_out",
    "start_for_client",
    "start_for_member",
    "still",
    "still_all",
    "viewer_of",
]
