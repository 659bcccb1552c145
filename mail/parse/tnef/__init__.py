"""
winmail.dat: what Outlook makes of a letter for other Outlooks (TNEF, [MS-OXTNEF]). Whoever sent it sees the letter and
its files in it; so does whoever reads it here.
"""

from mail.parse.tnef.opened import Tnef, TnefFile, is_tnef, opened

__all__ = ["Tnef", "TnefFile", "is_tnef", "opened"]
