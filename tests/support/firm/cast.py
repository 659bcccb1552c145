"""Who comes back in every story, by address: the firm's mailbox and owner, its two clients, who else writes."""

STUDIO = "studio@firm.test"
CHIARA = "chiara@firm.test"
ANNA, MARTA = "anna@client.test", "marta@client.test"
BRUNO = "bruno@client.test"
STRANGER = "nobody@elsewhere.test"
