// What every client does: sign in, read an account, follow its switches, turn one, hear of it. One line of JSON a step.
// SWITCHBOARD_URL is the endpoint; SWITCHBOARD_TOKEN, or SWITCHBOARD_EMAIL and SWITCHBOARD_PASSWORD, say who asks.

export const url = process.env.SWITCHBOARD_URL ?? 'http://127.0.0.1:8000/graphql';
export const wsUrl = url.replace(/^http/, 'ws');

export const ACCOUNTS = `query Accounts($first: Int!) {
  accounts(first: $first) {
    __typename feedCursor
    nodes { __typename id name toggles { __typename id notify address { __typename id } } }
  }
}`;
export const SET_TOGGLES = `mutation SetToggles($input: SetTogglesInput!) {
  setToggles(input: $input) { __typename errors { __typename message } toggles { __typename id notify } }
}`;
export const TOGGLES_CHANGED = `subscription TogglesChanged($after: Cursor) {
  togglesChanged(after: $after) {
    __typename
    ... on FeedEvent { cursor }
    ... on TogglesChanged { cursor toggles { __typename id notify } }
  }
}`;
const SIGN_IN = `mutation ($input: SignInInput!) { signIn(input: $input) { token errors { message } } }`;

export async function signedIn() {
  if (process.env.SWITCHBOARD_TOKEN) return { authorization: `Bearer ${process.env.SWITCHBOARD_TOKEN}` };
  const input = {
    email: process.env.SWITCHBOARD_EMAIL ?? 'owner@demo.test',
    password: process.env.SWITCHBOARD_PASSWORD ?? 'demo password',
    session: 'BEARER',
  };
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: SIGN_IN, variables: { input } }),
  }).then((response) => response.json());
  const token = answer.data?.signIn.token;
  if (!token) throw new Error(JSON.stringify(answer));
  return { authorization: `Bearer ${token}` };
}

// `ask` gives the data of a query or mutation; `follow` an async iterable of the data of each event.
export async function story(transport, { ask, follow }) {
  const tell = (step, what) => console.log(JSON.stringify({ transport, step, ...what }));
  const { accounts } = await ask(ACCOUNTS, { first: 5 });
  const account = accounts.nodes.find((one) => one.toggles.length);
  const { id, notify, address } = account.toggles[0];
  tell('query', { account: account.name, notify });
  for await (const { togglesChanged: event } of follow(TOGGLES_CHANGED, { after: accounts.feedCursor })) {
    tell('event', { type: event.__typename, notify: event.toggles?.find((one) => one.id === id)?.notify });
    if (event.__typename === 'TogglesChanged') return;
    const wish = { accountId: account.id, addressId: address.id, notify: !notify };
    const { setToggles } = await ask(SET_TOGGLES, { input: { toggles: [wish] } });
    if (setToggles.errors.length) throw new Error(JSON.stringify(setToggles.errors));
    tell('mutation', { notify: setToggles.toggles[0].notify });
  }
  throw new Error('the subscription ended early');
}

// Of a client that calls back: `start` gets {next, error, complete} and gives what ends it.
export async function* called(start) {
  const waiting = [];
  let wake = () => {};
  const push = (one) => { waiting.push(one); wake(); };
  const end = start({
    next: (value) => push({ value }),
    error: (error) => push({ error }),
    complete: () => push({ done: true }),
  });
  try {
    for (;;) {
      while (!waiting.length) await new Promise((resolve) => { wake = resolve; });
      const { value, error, done } = waiting.shift();
      if (error) throw error;
      if (done) return;
      yield value;
    }
  } finally {
    end();
  }
}

export function dataOf({ data, error, errors }) {
  if (error || errors?.length) throw error ?? new Error(JSON.stringify(errors));
  return data;
}
