// Apollo Client with automatic persisted queries: subscriptions over multipart HTTP, then over a WebSocket.
import { createHash } from 'node:crypto';
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from '@apollo/client/core';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { OperationTypeNode } from 'graphql';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { called, dataOf, signedIn, story, url, wsUrl } from './story.mjs';

const headers = await signedIn();
const persisted = new PersistedQueryLink({ sha256: (text) => createHash('sha256').update(text).digest('hex') });
const http = new HttpLink({ uri: url, headers });
const socket = createClient({ url: wsUrl, webSocketImpl: WebSocket, connectionParams: headers });
const socketLink = new GraphQLWsLink(socket);
const subscribes = (operation) => operation.operationType === OperationTypeNode.SUBSCRIPTION;

async function with_(transport, link) {
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  await story(transport, {
    ask: async (text, variables) => {
      const document = gql(text);
      const mutates = document.definitions[0].operation === 'mutation';
      return dataOf(
        await (mutates
          ? client.mutate({ mutation: document, variables })
          : client.query({ query: document, variables, fetchPolicy: 'no-cache' })),
      );
    },
    follow: async function* (text, variables) {
      const events = client.subscribe({ query: gql(text), variables });
      const answers = called((observer) => {
        const subscription = events.subscribe(observer);
        return () => subscription.unsubscribe();
      });
      for await (const answer of answers) yield dataOf(answer);
    },
  });
  client.stop();
}

await with_('apollo multipart', persisted.concat(http));
await with_('apollo websocket', ApolloLink.split(subscribes, socketLink, persisted.concat(http)));
await socket.dispose();
