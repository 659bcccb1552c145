"""What comes back: the return address, the return mailbox, and what is done about a report (R17)."""
