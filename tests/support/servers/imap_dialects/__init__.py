"""
How mail servers really speak: a record for each, of its greeting, what it says it can do, its folders as it lists them,
its answers and its quirks, with where each is known from (bug reports of mail programs, as owner/project#number, or the
makers' own pages). Run by the scripted server: `tests/test_imap_dialects.py`.
"""

from tests.support.servers.imap_dialects.dialect import Box, Dialect
from tests.support.servers.imap_dialects.hosts import HOSTS
from tests.support.servers.imap_dialects.oddities import ODDITIES
from tests.support.servers.imap_dialects.programs import PROGRAMS

DIALECTS: tuple[Dialect, ...] = (*HOSTS, *PROGRAMS, *ODDITIES)

__all__ = ["DIALECTS", "Box", "Dialect"]
