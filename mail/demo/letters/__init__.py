"""Three years of mail between Studio Bellandi & Marsh and its clients: the same each time for the same `now`."""

from mail.demo.letters.in_two import CLIENTS, thread_in_two
from mail.demo.letters.past import past_mail
from mail.demo.letters.shapes import PastMessage
from mail.demo.letters.threads import NEWCOMER

__all__ = ["CLIENTS", "NEWCOMER", "PastMessage", "past_mail", "thread_in_two"]
