// Where letters about Inbox+ lead, without any front end: what is unread, whether it lies there or is archived.

import { Refused, ask, at, busy, made, onSubmit, problemsOf, show } from "./api.js";
import { dated, words } from "./words.js";

const SECTIONS = ["signing-in", "reading"];
let seen = null; // what came later than this page was read stays unread

/** Reads who is signed in, and shows what is unread. */
async function begin() {
  try {
    const { viewer } = await ask("Who");
    if (viewer?.__typename !== "TeamMember") return signedOut();
    render(await ask("Inbox"));
  } catch (refused) {
    if (!(refused instanceof Refused)) throw refused;
    if (refused.code === "UNAUTHENTICATED") return signedOut(words.ended);
    at("told").textContent = refused.message;
  }
}

function signedOut(told = "") {
  at("entries").replaceChildren();
  at("told").textContent = told;
  at("bar").hidden = true;
  show("signing-in", ...SECTIONS);
  at("email").focus();
}

function render({ viewer, firm, inbox }) {
  seen = inbox.feedCursor;
  at("told").textContent = "";
  at("firm").textContent = firm.name;
  at("who").textContent = viewer.email;
  at("bar").hidden = false;
  at("nothing").hidden = inbox.nodes.length > 0;
  at("read").hidden = inbox.nodes.length === 0;
  at("entries").replaceChildren(...inbox.nodes.map(entryOf));
  show("reading", ...SECTIONS);
}

function entryOf(entry) {
  const when = made("span", "quiet", dated(entry.occurredAt));
  const count = entry.count > 1 ? [made("span", "badge", String(entry.count))] : [];
  const text = made("span", "subject", entry.text);
  text.dir = "auto";
  return made("li", "entry", text, when, ...count);
}

onSubmit(
  at("sign-in"),
  async () => {
    const input = { email: at("email").value, password: at("password").value, as: "TEAM_MEMBER" };
    for (const [name, field] of [["firm", "slug"], ["code", "code"]]) {
      if (at(field).value.trim()) input[name] = at(field).value.trim();
    }
    const { signIn } = await ask("PortalSignIn", { input });
    at("second").open ||= signIn.errors.some((error) => error.code === "CODE_NEEDED");
    return signIn;
  },
  () => {
    at("password").value = at("code").value = "";
    return begin();
  },
);
at("read").addEventListener("click", ({ target }) =>
  busy(target, async () => {
    const [problem] = await problemsOf(async () => (await ask("InboxRead", { upTo: seen })).markNotifications);
    if (problem) at("told").textContent = problem;
    else await begin();
  }),
);
at("sign-out").addEventListener("click", ({ target }) =>
  busy(target, async () => {
    const [problem] = await problemsOf(async () => (await ask("SignOut")).signOut);
    if (problem) at("told").textContent = problem;
    else signedOut();
  }),
);

begin();
