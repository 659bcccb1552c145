"""What whoever starts a command can mend."""


class Mendable(Exception):
    """The text is for people, without the program's inside: what happened, and what to do."""
