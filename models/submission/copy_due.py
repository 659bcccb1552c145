"""When the copy of what was sent is to be looked for in its mailbox's folder of sent mail."""

from datetime import timedelta

FOUND_OUT = timedelta(seconds=20)
"""How long a server may take to keep a copy of its own, where nobody knows whether it does."""
KEPT = timedelta(minutes=10)
"""The same of one that does: after that it does not any more."""
KEEPS = "coalesce(b.keeps_sent, b.found_keeps_sent)"
"""Whether the server of mailbox `b` keeps copies by itself; NULL: nobody knows."""
IS_DUE = f"""
s.copy = 'WANTED' AND s.file IS NOT NULL AND s.state IN ('SENT', 'BOUNCED', 'UNCERTAIN')
AND s.copy_due_at <= now() - make_interval(secs => CASE
  WHEN s.copy_tries > 0 OR {KEEPS} IS false THEN 0
  WHEN {KEEPS} AND s.state <> 'UNCERTAIN' THEN {KEPT.total_seconds()} ELSE {FOUND_OUT.total_seconds()} END)
"""
"""Whether the copy of submission `s`, of mailbox `b`, is to be looked for now."""
