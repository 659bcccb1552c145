"""
How people reach the firm: a file for each noun, put together in `schema`.

One circle of imports is here, because GraphQL itself has it: an account shows its contacts, toggles and e-mails, and
each of these its accounts. Whoever imports against the order account, contact, toggles (an e-mail: after the account)
does so lazily. tests/test_house.py names the four files of the circle, and lets no fifth in.
"""
