"""Which refusals say that an address leads nowhere: by the code, and where that says little, by the words (R17)."""

import pytest

from mail.nowhere import NOBODY, leads_nowhere

NOWHERE = [
    ("5.1.1", ""),
    ("5.1.1", "550 5.1.1 Requested action not taken: mailbox unavailable"),
    ("5.1.2", "550 5.1.2 Host unknown"),
    (
        "5.1.10",
        "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient anna@client.test not found by SMTP address lookup",
    ),
    ("5.1.1", "550 5.1.1 <anna@client.test>: Recipient address rejected: User unknown in relay recipient table"),
    ("5.1.1", "The email account that you tried to reach does not exist. See https://x.test/policy?p=NoSuchUser"),
    ("5.0.0", "550 5.1.1 unknown user"),
    ("", "550 No such user here"),
    ("", "550 no mailbox by that name is currently available: user unknown"),
    ("5.0.0", "553 sorry, no mailbox here by that name"),
    ("5.2.1", "550 5.2.1 <x@y.test>: User unknown"),
    ("5.2.0", "550 5.2.0 The mailbox does not exist"),
    ("5.5.0", "550 5.5.0 Requested action not taken: no such address here"),
    ("5.3.0", "553 5.3.0 <x@y.test>... No such user here"),
    (
        "5.1.351",
        "550 5.1.351 Remote server returned unknown recipient or mailbox unavailable -> 550 Unknown user x@y.test",
    ),
    ("", "554 delivery error: dd This user doesn't have a yahoo.com account (x@yahoo.com)"),
    ("", "550 utente sconosciuto"),
    ("5.0.0", "550 L’indirizzo del destinatario non esiste"),
    ("", "550 Casella inesistente"),
    ("", "550 Empfänger unbekannt"),
    ("", "550 Das Postfach existiert nicht"),
    ("", "550 Destinataire inconnu"),
    ("", "550 L'adresse n'existe pas"),
    ("", "550 El usuario no existe"),
    ("", "550 Destinatário não encontrado"),
    ("", "550 gebruiker onbekend"),
    ("", "550 Użytkownik nie istnieje"),
    ("", "550 Mottagaren finns inte"),
    ("", "550 kullanıcı bulunamadı"),
    ("", "550 Пользователь не найден"),
    ("", "宛先のメールアドレスは存在しません"),
    ("", "550 用户不存在"),
]
SOMEWHERE = [
    ("5.2.2", "550 5.2.2 Mailbox full"),
    ("5.1.1", "552 sorry, mailbox x@y.test is over quota temporarily (#5.1.1)"),
    ("5.1.1", "550 5.1.1 <x@y.test> - 203.0.113.2 has sent to too many recipients this hour"),
    ("5.1.1", "550 5.4.1 Recipient address rejected: Access denied"),
    ("5.1.1", "550 5.1.1 Message blocked by policy"),
    ("5.1.8", "501 5.1.8 Sender address rejected: domain does not exist"),
    ("5.7.1", "550 5.7.1 User unknown or not allowed to write to this list"),
    ("5.0.0", "550 5.7.1 user unknown"),
    ("5.0.0", "550 Sender address rejected: user unknown"),
    ("5.1.351", "550 5.1.351 Remote server returned unknown recipient or mailbox unavailable -> 554 blocked"),
    ("5.1.351", "550 5.1.351 Remote server returned unknown recipient or mailbox unavailable -> 550 later"),
    ("5.2.1", "550 5.2.1 The account is disabled"),
    ("5.2.0", "550 5.2.0 Message filtered"),
    ("5.3.4", "552 5.3.4 message too large"),
    ("5.5.0", "554 A problem occurred (BL)"),
    ("5.0.0", "552 Too many recipients"),
    ("5.0.0", "pipe failed: no such file or directory"),
    ("", "550 Mailbox unavailable"),
    ("", "550 <no-such-user@y.test> refused, see https://y.test/no-such-user"),
    ("", "550 Casella di posta piena"),
    ("", "550 host 5.1.1.7 said no"),
    ("", "550 192.5.1.1 said no"),
    ("4.2.2", "452 4.2.2 user unknown"),
    ("", ""),
]


@pytest.mark.parametrize(("status", "words"), NOWHERE)
def test_an_address_that_does_not_exist_leads_nowhere(status: str, words: str) -> None:
    assert leads_nowhere(status, words)
    assert leads_nowhere(status, words.upper()) or not words.isascii()


@pytest.mark.parametrize(("status", "words"), SOMEWHERE)
def test_a_full_mailbox_a_policy_a_size_or_the_sender_say_nothing_of_the_address(status: str, words: str) -> None:
    assert not leads_nowhere(status, words)


def test_each_language_of_the_table_is_tried() -> None:
    assert set(NOBODY) == {"en", "it", "de", "fr", "es", "pt", "nl", "pl", "sv", "tr", "ru", "ja", "zh"}
