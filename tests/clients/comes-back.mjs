// graphql-ws, as an app uses it that must miss nothing: it reconnects by itself, and asks from the last cursor it saw.
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { TOGGLES_CHANGED, dataOf, signedIn, wsUrl } from './story.mjs';

const client = createClient({
  url: wsUrl,
  webSocketImpl: WebSocket,
  connectionParams: await signedIn(),
  retryAttempts: Infinity,
  shouldRetry: () => true, // also where nobody listens there for a moment
});
const variables = { after: process.env.SWITCHBOARD_AFTER };
for await (const answer of client.iterate({ query: TOGGLES_CHANGED, variables })) {
  const { togglesChanged: event } = dataOf(answer);
  variables.after = event.cursor;
  console.log(JSON.stringify(event));
}
