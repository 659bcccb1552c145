"""
A table that people made: a CSV file of any kind, or a workbook of Excel (XLSX). Bytes in, rows of text out.

`read` does it in a process of its own, whose memory and time are limited: what a file does to its reader, it does to
that process alone. Nothing here knows the database or a noun, so that the process is small and starts at once.
"""
