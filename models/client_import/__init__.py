"""The import of clients: a file of a few thousand rows, and every row is there afterwards, or comes back (R40)."""
