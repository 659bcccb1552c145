// urql: subscriptions over server-sent events (fetchSubscriptions), then over a WebSocket.
import { Client, fetchExchange, subscriptionExchange } from '@urql/core';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { called, dataOf, signedIn, story, url, wsUrl } from './story.mjs';

const headers = await signedIn();
const socket = createClient({ url: wsUrl, webSocketImpl: WebSocket, connectionParams: headers });
const overSocket = subscriptionExchange({
  forwardSubscription: (request) => ({
    subscribe: (sink) => ({ unsubscribe: socket.subscribe({ ...request, query: request.query ?? '' }, sink) }),
  }),
});

async function with_(transport, options) {
  const client = new Client({ url, preferGetMethod: false, fetchOptions: { headers }, ...options });
  await story(transport, {
    ask: async (text, variables) =>
      dataOf(await (text.startsWith('mutation') ? client.mutation(text, variables) : client.query(text, variables)).toPromise()),
    follow: async function* (text, variables) {
      const answers = called(({ next }) => client.subscription(text, variables).subscribe(next).unsubscribe);
      for await (const answer of answers) yield dataOf(answer);
    },
  });
}

await with_('urql sse', { fetchSubscriptions: true, exchanges: [fetchExchange] });
await with_('urql websocket', { exchanges: [overSocket, fetchExchange] });
await socket.dispose();
