"""A PostgreSQL that fails in the middle of a statement."""

FAILS = "CREATE FUNCTION fails() RETURNS {returns} LANGUAGE plpgsql AS $$ BEGIN {how}; {end} END $$"
