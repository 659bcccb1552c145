"""
Italian certified mail (PEC; RFC 6109): a transport envelope, the letter inside (`postacert.eml`) and what the provider
says of it (`daticert.xml`). Anybody can write all three, and the signature is not checked: what is opened is what could
be true, and its reader is told so.
"""

from mail.parse.certified.envelope import is_envelope, is_receipt, letter_inside, on_behalf_of, people_inside

__all__ = ["is_envelope", "is_receipt", "letter_inside", "on_behalf_of", "people_inside"]
