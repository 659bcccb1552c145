// relay-runtime: its network, store and three verbs. What relay-compiler would write for these documents is made here.
import { parse } from 'graphql';
import { createClient } from 'graphql-sse';
import relay from 'relay-runtime';
import { called, signedIn, story, url } from './story.mjs';

const { Environment, Network, Observable, RecordSource, Store, commitMutation, fetchQuery, requestSubscription } = relay;
const headers = await signedIn();
const streams = createClient({ url, headers });

const environment = new Environment({
  store: new Store(new RecordSource()),
  network: Network.create(
    async ({ text }, variables) => {
      const response = await fetch(url, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json', accept: 'application/graphql-response+json' },
        body: JSON.stringify({ query: text, variables }),
      });
      return response.json();
    },
    ({ text }, variables) => Observable.create((sink) => streams.subscribe({ query: text, variables }, sink)),
  ),
});

const PLURAL = new Set(['nodes', 'toggles', 'errors']);

function selections(node, top = '') {
  return node.selectionSet.selections.map((one) => {
    if (one.kind === 'InlineFragment') {
      return { kind: 'InlineFragment', type: one.typeCondition.name.value, abstractKey: null, selections: selections(one) };
    }
    const name = one.name.value;
    const args = one.arguments.map(({ name, value }) => (
      { kind: 'Variable', name: name.value, variableName: value.name.value }
    ));
    const field = { alias: null, args: args.length ? args : null, name, storageKey: null };
    if (!one.selectionSet) return { kind: 'ScalarField', ...field };
    const plural = PLURAL.has(name);
    return { kind: 'LinkedField', ...field, concreteType: null, plural, selections: selections(one) };
  });
}

function compiled(text) {
  const [node] = parse(text).definitions;
  const name = node.name.value;
  const argumentDefinitions = node.variableDefinitions.map(({ variable }) => (
    { kind: 'LocalArgument', defaultValue: null, name: variable.name.value }
  ));
  const type = { query: 'Query', mutation: 'Mutation', subscription: 'Subscription' }[node.operation];
  const inside = selections(node);
  return {
    kind: 'Request',
    fragment: { kind: 'Fragment', name, type, abstractKey: null, metadata: null, argumentDefinitions, selections: inside },
    operation: { kind: 'Operation', name, argumentDefinitions, selections: inside },
    params: { id: null, cacheID: name, name, operationKind: node.operation, text, metadata: {} },
  };
}

await story('relay', {
  ask: (text, variables) =>
    text.startsWith('query')
      ? fetchQuery(environment, compiled(text), variables).toPromise()
      : new Promise((onCompleted, onError) => {
          const mutation = compiled(text);
          commitMutation(environment, { mutation, variables, onCompleted, onError });
        }),
  follow: (text, variables) =>
    called(({ next, error, complete }) => {
      const subscription = compiled(text);
      const config = { subscription, variables, onNext: next, onError: error, onCompleted: complete };
      return requestSubscription(environment, config).dispose;
    }),
});
streams.dispose();
