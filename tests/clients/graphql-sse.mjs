// The npm package graphql-sse, distinct connections mode: everything over server-sent events.
import { createClient } from 'graphql-sse';
import { dataOf, signedIn, story, url } from './story.mjs';

const client = createClient({ url, headers: await signedIn() });

async function* follow(query, variables) {
  for await (const answer of client.iterate({ query, variables })) yield dataOf(answer);
}

async function ask(query, variables) {
  for await (const data of follow(query, variables)) return data;
}

await story('graphql-sse', { ask, follow });
client.dispose();
