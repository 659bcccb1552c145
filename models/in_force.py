"""What is so at this moment, as SQL for statements of any noun: who holds an address, and which invitation is good."""

from models.ground import store

IS_HELD = """EXISTS (
  SELECT 1 FROM contact_email h JOIN account_contact l ON l.firm_id = h.firm_id AND l.contact_id = h.contact_id
  WHERE h.firm_id = t.firm_id AND h.address_id = t.address_id AND l.account_id = t.account_id)"""
"""Whether a contact linked to the account of toggles `t` has the address in one of its fields (R41)."""
IS_HELD_AMONG_MANY = f"""EXISTS (
  SELECT 1 FROM (
    SELECT h.contact_id FROM contact_email h WHERE h.firm_id = {store.FIRM} AND h.address_id = t.address_id OFFSET 0) h,
  LATERAL (
    SELECT 1 FROM account_contact l
    WHERE l.firm_id = {store.FIRM} AND l.account_id = t.account_id AND l.contact_id = h.contact_id LIMIT 1) l)"""
"""The same, asked of thousands: looked up one by one, whatever PostgreSQL takes the tables to be; `$1`: the firm."""

IS_LIVE = "i.ended_at IS NULL AND i.bounced_at IS NULL AND i.expires_at > {now}"
"""Whether the link of invitation `i` opens, and its letter was not refused for good. `{now}`: the argument of time."""
