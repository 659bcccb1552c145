// Prints one line for each audit: its id, its outcome, its name.
import { auditServer } from "graphql-http";

const results = await auditServer({ url: process.argv[2], fetchFn: fetch });
for (const result of results) console.log(`${result.id}\t${result.status}\t${result.name}\t${result.reason ?? ""}`);
