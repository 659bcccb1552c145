"""Certified mail (PEC): the letter inside is the message where all three name the same sender (R18)."""

import base64

import pytest

from mail.parse import ParsedEmail, parse, read_headers, read_people_inside
from models.participant import Role
from tests.support.emails.certified import (
    LETTER_ID,
    PROVIDER,
    SENDER,
    a_certificate,
    a_letter,
    a_part,
    an_envelope,
    sample,
)
from tests.support.emails.invariants import assert_storable
from tests.support.emails.synced_mailbox import letter

OPENED, AS_IT_CAME = "The glass", "POSTA CERTIFICATA: x"


def people(said: ParsedEmail, role: Role) -> list[str]:
    return [one.address for one in said.participants if one.role is role]


def test_a_transport_envelope_is_read_as_the_letter_inside() -> None:
    said = parse(sample("transport-envelope"))
    assert_storable(said)
    assert said.subject == "Bilancio 2025 e delega firmata"
    assert said.text.startswith("Buongiorno, in allegato la delega firmata.")
    assert [file.name for file in said.attachments] == ["delega.pdf"]
    assert said.message_id == "C0FFEE01.20260302@pec.contilegno.example"
    assert people(said, Role.FROM)[0] == "anna.conti@pec.contilegno.example"
    assert said.certified_by == "Gestore Esempio PEC"
    assert said.carrier
    assert said.carrier.address == "posta-certificata@pec.gestore.example"
    assert "opec300.20260302091245.00001.1.1@pec.gestore.example" in said.references  # answers name the envelope
    assert {"bilancio", "gestore"} <= set(said.words)


def test_a_receipt_is_never_opened_and_is_a_machines() -> None:
    said = parse(sample("delivery-receipt"))
    assert said.subject.startswith("CONSEGNA: ")
    assert said.receipt
    assert said.automatic
    assert said.certified_by is None


def test_a_receipt_with_the_letter_in_it_stays_a_receipt_whatever_else_it_says() -> None:
    said = parse(an_envelope(more=["X-Ricevuta: avvenuta-consegna"]))
    assert said.subject == AS_IT_CAME
    assert said.receipt
    assert said.automatic
    assert not read_headers(an_envelope(more=["X-Ricevuta: avvenuta-consegna"])).envelope


def test_the_envelopes_participants_count_beside_the_letters() -> None:
    said = parse(an_envelope(a_letter(Cc="inside@client.test"), to="outside@client.test"))
    assert people(said, Role.FROM) == [SENDER, PROVIDER]
    assert people(said, Role.TO) == ["studio@firm.test", "outside@client.test"]
    assert people(said, Role.CC) == ["inside@client.test"]
    assert people(said, Role.REPLY_TO) == [SENDER]


def test_our_own_headers_are_never_taken_from_inside() -> None:
    forged = a_letter(X_Switchboard_Letter="1.signature")
    assert parse(an_envelope(forged)).letter_id is None
    assert parse(an_envelope(more=["X-Switchboard-Letter: 1.signature"])).letter_id == "1.signature"


def test_a_letter_known_by_the_providers_own_id_is_opened() -> None:
    """As the rules have it: the provider puts its id in the place of the sender's (RFC 6109, 2.2.1)."""
    replaced = letter(message_id="opec1@pec.provider.test", X_Riferimento_Message_ID=f"<{LETTER_ID}>")
    said = parse(an_envelope(replaced))
    assert said.subject == OPENED
    assert said.message_id == "opec1@pec.provider.test"
    assert LETTER_ID in said.references
    assert parse(an_envelope(replaced, certificate=a_certificate(message_id=None))).subject == OPENED


def test_one_letter_in_several_envelopes_is_one_message_and_the_one_in_sent_too() -> None:
    sent = a_letter()
    envelopes = [
        an_envelope(
            letter(message_id=identifier),
            certificate=a_certificate(identifier=identifier),
            identifier=identifier,
            to=to,
        )
        for identifier, to in (("opec1@p.test", "studio@firm.test"), ("opec2@p.test", "other@firm.test"))
    ]
    assert len({parse(raw).fingerprint for raw in (sent, an_envelope(sent), *envelopes)}) == 1


@pytest.mark.parametrize(
    "envelope",
    [
        an_envelope(reply_to="other@client.test"),
        an_envelope(reply_to=""),
        an_envelope(on_behalf_of="other@client.test"),
        an_envelope(reply_to="MARTA@CLIENT.test"),
        an_envelope(a_letter(sender="Marta <marta@client.test>")),
        an_envelope(certificate=a_certificate(sender="Marta@Client.Test")),
        an_envelope(transport="X-TRASPORTO:  Posta-Certificata"),
        an_envelope(
            a_letter(sender="anna@xn--mller-kva.test"),
            certificate=a_certificate(sender="anna@müller.test"),
            reply_to="anna@müller.test",
        ),
        an_envelope(more=["X-Trasporto-Altro: errore"]),
    ],
    ids=range(9),
)
def test_it_is_opened_where_either_name_in_the_envelope_is_the_sender(envelope: bytes) -> None:
    said = parse(envelope)
    assert (said.subject, said.certified_by) == (OPENED, "Provider Test PEC")


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
def test_it_is_opened_however_its_parts_are_encoded_and_named(encoding: str) -> None:
    head = f"Content-Transfer-Encoding: {encoding}\r\n"
    content = a_letter(), a_certificate().encode()
    coded = [base64.encodebytes(each) if encoding == "base64" else each.replace(b"=", b"=3D") for each in content]
    parts = [
        a_part("message/rfc822", "=?utf-8?Q?postacert=2Eeml?=", coded[0], more=head),
        a_part("text/xml", "DATICERT.XML", coded[1], more=head),
    ]
    assert parse(an_envelope(parts=parts)).subject == OPENED


def parted(**said: str) -> bytes:
    """The header of a letter in parts, to be followed by them."""
    return a_letter(**said).replace(b"Content-Type: text/plain", b"Content-Type: multipart/mixed; boundary=b", 1)


def with_doctype(entity: str, sender: str) -> str:
    said = a_certificate().replace("<postacert ", f"<!DOCTYPE postacert [{entity}]><postacert ", 1)
    return said.replace(f"<mittente>{SENDER}", f"<mittente>{sender}", 1)


TWICE = a_certificate().replace("</intestazione>", "<mittente>other@client.test</mittente></intestazione>")
LETTER, CERTIFICATE = (
    a_part("message/rfc822", "postacert.eml", a_letter()),
    a_part("application/xml", "daticert.xml", a_certificate()),
)
DEEP = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(150))
NOT_OPENED = {
    "not said to be one": an_envelope(transport=""),
    "said to be broken": an_envelope(transport="X-Trasporto: errore"),
    "said twice": an_envelope(more=["X-Trasporto: posta-certificata"]),
    "not signed": an_envelope(kind="multipart/mixed"),
    "the letter is another's": an_envelope(a_letter(sender="other@client.test")),
    "the letter looks like its": an_envelope(a_letter(sender="mаrta@client.test")),  # a Cyrillic а
    "the letter's name is its": an_envelope(a_letter(sender="marta@client.test <other@client.test>")),
    "the letter has two senders": an_envelope(a_letter(sender="marta@client.test, other@client.test")),
    "the letter has two Froms": an_envelope(b"From: marta@client.test\r\n" + a_letter()),
    "the letter has no sender": an_envelope(a_letter().replace(b"From: ", b"X-From: ")),
    "the certificate is of another": an_envelope(certificate=a_certificate(sender="other@client.test")),
    "the certificate is of nobody": an_envelope(certificate=a_certificate(sender="")),
    "the certificate is of two": an_envelope(certificate=TWICE),
    "the certificate is a receipt's": an_envelope(certificate=a_certificate(kind="avvenuta-consegna")),
    "the certificate is of another letter": an_envelope(certificate=a_certificate(message_id="other@client.test")),
    "the letter has no id": an_envelope(a_letter().replace(b"Message-ID: ", b"X-Message-ID: ")),
    "the letter has two ids": an_envelope(b"Message-ID: <other@client.test>\r\n" + a_letter()),
    "the envelope is another's": an_envelope(on_behalf_of="other@client.test", reply_to="other@client.test"),
    "the envelope is nobody's": an_envelope(on_behalf_of="somebody", reply_to=""),
    "the envelope answers to two": an_envelope(on_behalf_of="x", reply_to="marta@client.test, other@client.test"),
    "the name says more": an_envelope(on_behalf_of="marta@client.test e altri", reply_to=""),
    "the name only begins so": an_envelope(on_behalf_of="marta@client.test.example", reply_to=""),
    "the name only shows it": an_envelope(on_behalf_of="marta@client.test <other@client.test>", reply_to=""),
    "no letter": an_envelope(parts=[CERTIFICATE]),
    "no certificate": an_envelope(parts=[LETTER]),
    "two letters": an_envelope(parts=[LETTER, LETTER, CERTIFICATE]),
    "two certificates": an_envelope(parts=[LETTER, CERTIFICATE, CERTIFICATE]),
    "the letter is a file": an_envelope(
        parts=[LETTER.replace(b"message/rfc822", b"application/octet-stream"), CERTIFICATE]
    ),
    "the letter is empty": an_envelope(parts=[a_part("message/rfc822", "postacert.eml", ""), CERTIFICATE]),
    "the certificate is no XML": an_envelope(certificate="<postacert"),
    "the certificate has an entity": an_envelope(certificate=with_doctype(f'<!ENTITY a "{SENDER}">', "&a;")),
    "the certificate reads a file": an_envelope(
        certificate=with_doctype('<!ENTITY a SYSTEM "file:///etc/hostname">', "&a;")
    ),
    "the certificate has a DTD": an_envelope(certificate=with_doctype("", SENDER)),
    "the certificate is in no encoding": an_envelope(certificate=a_certificate().replace("UTF-8", "hex")),
    "the certificate is deep": an_envelope(
        certificate=a_certificate().replace("<oggetto>x", "<oggetto>" + "<a>" * 50 + "</a>" * 50)
    ),
    "the certificate is large": an_envelope(certificate=a_certificate() + " " * 1024 * 1024),
    "the letter is nested too deep": an_envelope(parted() + b"--b\r\n" + DEEP),
    "the letter has too many parts": an_envelope(parted() + b"--b\r\n\r\nx\r\n" * 1_100),
}


@pytest.mark.parametrize("why", NOT_OPENED)
def test_what_does_not_fit_together_is_shown_as_it_came(why: str) -> None:
    said = parse(NOT_OPENED[why])
    assert_storable(said)
    assert (said.subject, said.certified_by, said.carrier) == (AS_IT_CAME, None, None)
    assert said.text.startswith("Messaggio di posta certificata")
    assert said.message_id == "opec1@pec.provider.test"


def test_an_envelope_within_the_letter_is_an_attachment() -> None:
    inner = a_letter().replace(
        b"Content-Type: text/plain", b"Content-Type: multipart/mixed; boundary=b\r\nX-Trasporto: posta-certificata", 1
    )
    inner += b"--b\r\n" + LETTER + b"\r\n--b\r\n" + CERTIFICATE + b"\r\n--b--\r\n"
    said = parse(an_envelope(inner))
    assert said.subject == OPENED
    assert [file.name for file in said.attachments] == ["postacert.eml", "daticert.xml"]


def test_a_thousand_attachments_of_the_letter_are_those_of_any_letter() -> None:
    inner = parted() + b"--b\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nx\r\n" * 990
    assert len(parse(an_envelope(inner)).attachments) == 990


def test_a_provider_without_a_name_is_known_by_the_domain_of_the_envelope() -> None:
    assert parse(an_envelope(certificate=a_certificate(provider=" "))).certified_by == "pec.provider.test"


def test_the_ledger_learns_who_is_inside_from_the_beginning_of_an_envelope() -> None:
    raw = an_envelope(a_letter(Cc="inside@client.test"))
    ends = raw.index(b"\r\n\r\n", raw.index(b"From: marta")) + 4
    inside = read_people_inside(raw[:ends])
    assert inside == read_people_inside(raw)
    assert {one.address for one in inside or ()} == {SENDER, "studio@firm.test", "inside@client.test"}


def test_a_beginning_that_ends_in_the_letters_header_is_not_enough() -> None:
    raw = an_envelope(a_letter(Cc="inside@client.test"))
    begins = raw.index(b"From: marta")
    ends = raw.index(b"\r\n\r\n", begins) + 4
    assert [place for place in range(begins, ends - 2) if read_people_inside(raw[:place]) is not None] == []


def test_whom_an_envelope_speaks_for_is_of_its_header() -> None:
    head = an_envelope(reply_to="").partition(b"\r\n\r\n")[0]
    said = read_headers(head)
    assert said.envelope
    assert SENDER in {one.address for one in said.participants}
    other = read_headers(head.replace(b"posta-certificata\r\n", b"errore\r\n"))
    assert not other.envelope
    assert SENDER not in {one.address for one in other.participants}
