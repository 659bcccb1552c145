"""Reports as servers write them, about letters of ours."""

import re
from email.message import EmailMessage
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

from tests.support.firm.cast import ANNA


def a_report(
    letter: bytes,
    *,
    action: str = "failed",
    status: str = "5.1.1",
    diagnostic: str | None = None,
    about: str = ANNA,
    signed: str | None = None,
    return_path: str | None = None,
    to: str = "studio@firm.test",
) -> bytes:
    """As Postfix writes one, with the headers of the letter inside; `signed`: what our header says; empty: none."""
    report = MIMEMultipart("report", report_type="delivery-status")
    if return_path is not None:
        report["Return-Path"] = return_path
    report["From"], report["To"], report["Subject"] = "MAILER-DAEMON@mx.test", to, "Undelivered Mail"
    report["Message-ID"], report["Auto-Submitted"] = "<report@mx.test>", "auto-replied"
    report.attach(MIMEText(f"Your letter to {about} did not arrive.\n"))
    status_part = MIMEMessage(EmailMessage(), "delivery-status")
    of_server, of_recipient = EmailMessage(), EmailMessage()
    of_server["Reporting-MTA"] = "dns; mx.test"
    of_recipient["Final-Recipient"], of_recipient["Action"] = f"rfc822; {about}", action
    of_recipient["Status"] = status
    if diagnostic:
        of_recipient["Diagnostic-Code"] = f"smtp; {diagnostic}"
    status_part.set_payload([of_server, of_recipient])
    report.attach(status_part)
    headers = letter.partition(b"\r\n\r\n")[0].decode().replace("\r\n", "\n") + "\n"
    if signed is not None:
        line = f"X-Switchboard-Letter: {signed}\n" if signed else ""
        headers = re.sub("(?m)^X-Switchboard-Letter: .*\n", line, headers)
    report.attach(MIMEText(headers, "rfc822-headers", "ascii"))
    return report.as_bytes().replace(b"\n", b"\r\n")


def a_complaint(letter: bytes, *, kind: str = "abuse") -> bytes:
    """As a provider writes one whose user called the letter unwanted (RFC 5965)."""
    report = MIMEMultipart("report", report_type="feedback-report")
    report["From"], report["To"], report["Subject"] = "fbl@provider.test", "bounces@portal.test", "FW: unwanted"
    report["Message-ID"] = "<complaint@provider.test>"
    report.attach(MIMEText("This is an email abuse report.\n"))
    facts = MIMEText(f"Feedback-Type: {kind}\nUser-Agent: Provider/1.0\nVersion: 1\n")
    facts.replace_header("Content-Type", "message/feedback-report")
    report.attach(facts)
    returned = MIMEText(letter.decode().replace("\r\n", "\n"))
    returned.replace_header("Content-Type", "message/rfc822")
    report.attach(returned)
    return report.as_bytes().replace(b"\n", b"\r\n")


def an_answer(letter: bytes, *, text: str = "I am away. That address leads nowhere: 550 5.1.1 user unknown.") -> bytes:
    """As a mail program answers for somebody who is away (RFC 3834), from nowhere."""
    message_id = re.search(rb"(?m)^Message-ID: (\S+)", letter)
    assert message_id is not None
    answer = MIMEText(text)
    answer["Return-Path"], answer["From"], answer["To"] = "<>", ANNA, "portal@switchboard.test"
    answer["Subject"], answer["Auto-Submitted"] = "Automatic reply: Your invitation", "auto-replied"
    answer["In-Reply-To"], answer["Message-ID"] = message_id[1].decode(), "<answer@client.test>"
    return answer.as_bytes().replace(b"\n", b"\r\n")
