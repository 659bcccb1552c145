"""What an invitation is worth now, as one SQL expression: for lists, filters and reports alike (R7)."""

STATE = """CASE
  WHEN i.end_reason = 'USED' THEN 'ACCEPTED'
  WHEN i.end_reason = 'EXPIRED' OR (i.ended_at IS NULL AND i.expires_at <= {now}) THEN 'EXPIRED'
  WHEN i.ended_at IS NOT NULL THEN 'REVOKED'
  WHEN i.bounced_at IS NOT NULL THEN 'BOUNCED'
  WHEN i.sent_at IS NULL THEN 'NOT_SENT' ELSE 'SENT' END"""
"""Of an invitation `i`; `{now}` is the argument that holds the time. Whatever killed its link but time is REVOKED."""

LAST = """LEFT JOIN LATERAL (
  SELECT v.*, c.left_at FROM invitation_account c
  JOIN invitation v ON v.firm_id = c.firm_id AND v.id = c.invitation_id
  WHERE c.firm_id = t.firm_id AND c.account_id = t.account_id AND v.address_id = t.address_id
  ORDER BY v.id DESC LIMIT 1
) i ON i.left_at IS NULL OR i.left_at = i.ended_at"""
"""
The last invitation `i` of toggles `t`. One that their account left while it went on for others is none of theirs any
more; one that ended with their leaving is.
"""

ON_TOGGLES = f"""CASE
  WHEN t.login AND p.id IS NOT NULL THEN 'ACCEPTED'
  WHEN i.id IS NOT NULL THEN {STATE}
  WHEN t.login THEN 'NOT_SENT' END"""
"""
Of toggles `t`, with LAST and the portal identity `p` of their address, if any. NULL: Login is off, and nobody was ever
invited there.
"""

ROW_ID = """CASE WHEN i.id IS NULL OR (t.login AND p.id IS NOT NULL AND i.end_reason IS DISTINCT FROM 'USED')
  THEN t.id ELSE i.id END"""
"""Under which id: where no invitation tells the state, the toggles' own stands for it."""
