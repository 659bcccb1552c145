"""GraphQL over HTTP, WebSocket and streams, for any schema: bounded, quick, resumable. Knows no firm."""
