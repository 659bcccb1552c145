"""
How people reach the firm: a file for each noun, put together in `schema`.

One circle of imports is here, because GraphQL itself has it: an account shows its contacts, toggles, e-mails and
notices, and each of these its accounts (a notice: its contacts). Whoever imports against the order account, notice,
contact, toggles (an e-mail: after the account) does so lazily. tests/test_house.py names the five files of the circle,
and lets no sixth in.
"""
