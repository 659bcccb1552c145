// The npm package graphql-ws: everything over one WebSocket.
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { dataOf, signedIn, story, wsUrl } from './story.mjs';

const client = createClient({ url: wsUrl, webSocketImpl: WebSocket, connectionParams: await signedIn() });

async function* follow(query, variables) {
  for await (const answer of client.iterate({ query, variables })) yield dataOf(answer);
}

async function ask(query, variables) {
  for await (const data of follow(query, variables)) return data;
}

await story('graphql-ws', { ask, follow });
await client.dispose();
