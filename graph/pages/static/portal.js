import {
  Refused, ask, at, busy, focusOn, follow, isLost, later, made, newKey, onSubmit, problemsOf, show,
} from "./api.js";
import { emailRow, resume } from "./emails.js";
import { fileRow } from "./files.js";
import { Pages } from "./pages.js";
import { Tabs } from "./tabs.js";
import { dated, words } from "./words.js";

const SECTIONS = ["signing-in", "forgetting", "picking", "working"];
const asked = new URLSearchParams(location.search);
const way = { account: asked.get("account"), path: asked.get("to") }; // a notice's, which leads on from its account
let portal = null;
let now = new AbortController(); // of what the page does now, which ends where something else begins
const tabs = new Tabs(["emails", "documents"], (name) => within((signal) => renderDocuments(signal, name)));
const emails = new Pages({
  ...{ list: "emails", none: "no-emails", more: "more" },
  read: (after, signal) => pageOf("PortalEmails", "emails", after, signal),
  made: (email) => emailRow(email, (then) => node("PortalEmail", email.id, then), askFile),
});
const documents = new Pages({
  ...{ list: "documents", none: "no-documents", more: "more-documents" },
  read: (after, signal) => pageOf("PortalDocuments", "documents", after, signal),
  made: (file) => fileRow(file, askFile(file.id), dated(file.createdAt)),
});

at("dismiss").setAttribute("aria-label", words.close);
document.title = words.signIn;

/** `work` instead of what the page did until now, which asks and hears nothing more, and takes no further step. */
function instead(work) {
  now.abort();
  now = new AbortController();
  return within(work);
}

/** `work` beside what the page does now, with the signal that ends both. What is refused is told, and all read anew. */
async function within(work) {
  const { signal } = now;
  try {
    await work(signal);
  } catch (refused) {
    if (signal.aborted) return;
    if (!(refused instanceof Refused)) throw refused;
    if (refused.code === "UNAUTHENTICATED") return signedOut(words.ended);
    if (refused.code === "ACCOUNT_SWITCHED") return begin();
    at("told").textContent = refused.message;
    later(5000, begin, signal);
  }
}

/** Reads who is signed in and where, and shows it. `told`: what to say on top. */
function begin(told = "") {
  return instead(async (signal) => {
    const { viewer } = await ask("Who", {}, signal);
    if (viewer?.__typename !== "PortalUser") return signedOut(portal ? words.ended : "");
    const home = await ask("PortalHome", {}, signal);
    const lost = portal?.account && !home.portal.account;
    at("told").textContent = told || (lost ? words.lost : "");
    at("firm").textContent = document.title = home.firm.name;
    at("who").textContent = home.viewer.address.address;
    at("bar").hidden = false;
    await goTo(asked.get("account"), home.portal, signal);
  });
}

/** A link may name an account: that one, once. */
async function goTo(account, found, signal) {
  asked.delete("account");
  if (account && found.account?.id !== account && found.accounts.some((each) => each.id === account)) {
    return pick(account);
  }
  await render(found, signal);
}

function signedOut(told = "") {
  now.abort();
  portal = null;
  clear();
  at("told").textContent = told;
  at("bar").hidden = at("notice").hidden = true;
  at("slug").value ||= asked.get("firm") ?? "";
  at("which-firm").open ||= Boolean(at("slug").value);
  show("signing-in", ...SECTIONS);
  at("email").focus();
  if (asked.has("forgot")) forget();
  asked.delete("forgot");
}

async function render(found, signal) {
  if (found.account?.id !== portal?.account?.id) clear();
  portal = found;
  const several = portal.accounts.length > 1;
  at("notice").hidden = !portal.showAccountNotice;
  at("in-use").textContent = portal.account?.name ?? "";
  if (!portal.account) return renderPicker();
  at("account").textContent = portal.account.name;
  at("other").hidden = !several || portal.showAccountNotice;
  show("working", ...SECTIONS);
  await renderWay(signal);
  await renderTabs(signal);
}

function renderPicker() {
  at("accounts").replaceChildren(
    ...portal.accounts.map((account) => {
      const button = made("button", "", made("span", "", account.name));
      const waiting = account.waiting.reduce((sum, each) => sum + each.count, account.waitingEmails);
      if (waiting) button.append(made("span", "badge", words.waiting(waiting)));
      if (account.id === portal.account?.id) button.setAttribute("aria-current", "true");
      button.addEventListener("click", () => busy(button, () => pick(account.id)));
      return made("li", "", button);
    }),
  );
  at("notice").hidden = true;
  show("picking", ...SECTIONS);
  at("accounts").querySelector("button")?.focus();
}

function pick(accountId) {
  return instead(async (signal) => {
    const { selectAccount } = await ask("PickAccount", { accountId }, signal);
    if (selectAccount.errors.length) return begin(words.lost);
    at("told").textContent = "";
    await render(selectAccount.portal, signal);
  });
}

/** Nothing of one account is seen in another, or after signing out. */
function clear() {
  emails.clear();
  documents.clear();
  tabs.show("emails");
  at("way").hidden = true;
}

/** Anybody may have written this page's address: what its path leads to, if anything, the server says. */
async function renderWay(signal) {
  if (!way.path || way.account !== portal.account.id) return;
  const { softwareLink } = (await ask("WayOn", { accountId: way.account, path: way.path }, signal)).portal;
  at("way").hidden = !softwareLink;
  if (softwareLink) at("go-on").href = softwareLink;
}

/** The tabs are there while Email sync is on for this address (R19): then the list of each, and what comes. */
async function renderTabs(signal) {
  showTabs(portal.emailSync);
  if (!portal.emailSync) return listen(null, signal);
  const { feedCursor } = await emails.refresh(signal);
  for (const open of at("emails").querySelectorAll("details[open]")) resume(open);
  await renderDocuments(signal, tabs.shown);
  await listen(feedCursor, signal);
}

function showTabs(on) {
  const focused = at("working").contains(document.activeElement);
  if (!on) for (const pages of [emails, documents]) pages.clear();
  at("tabs").hidden = !on;
  at("sync-off").hidden = on;
  tabs.show(on ? tabs.shown : null);
  if (focused && isLost(document.activeElement)) focusOn(at("account"));
}

/** What is not looked at is not asked for. */
async function renderDocuments(signal, shown) {
  if (shown === "documents") await documents.refresh(signal);
}

async function pageOf(name, list, after, signal) {
  return (await ask(name, { accountId: portal.account.id, after }, signal)).portal[list];
}

/** Calls `then` with what has this id; null: it is gone, or not for this client any more. */
function node(name, id, then) {
  return within(async (signal) => then((await ask(name, { accountId: portal.account.id, id }, signal)).node));
}

const askFile = (id) => (then) => node("PortalFile", id, (file) => then(file?.url));

/** New mail appears by itself; where the session or the account is lost, that is seen at once. */
async function listen(after, signal) {
  let heard = false, soon = null;
  await follow("PortalEmailsLive", { accountId: portal.account.id, after }, {
    each: (event) => {
      heard = true;
      if (event.__typename === "FeedReady") return;
      clearTimeout(soon);
      soon = later(300, begin, signal);
    },
    ended: () => later(heard ? 0 : 5000, begin, signal), // one that did not even begin would end again
  }, signal);
}

onSubmit(
  at("sign-in"),
  async () => {
    const input = { email: at("email").value, password: at("password").value, as: "PORTAL_USER" };
    if (at("slug").value.trim()) input.firm = at("slug").value.trim();
    if (asked.get("account")) input.accountId = asked.get("account");
    return (await ask("PortalSignIn", { input })).signIn;
  },
  () => {
    at("password").value = "";
    return begin();
  },
);

let key = newKey();
onSubmit(
  at("forget"),
  async () => {
    const input = { email: at("forgotten").value, as: "PORTAL_USER", idempotencyKey: key };
    if (at("slug").value.trim()) input.firm = at("slug").value.trim();
    return (await ask("ForgotPassword", { input })).requestPasswordReset;
  },
  () => {
    key = newKey();
    at("told").textContent = words.mailed;
    show("signing-in", ...SECTIONS);
  },
);
function forget() {
  at("forgotten").value = at("email").value;
  show("forgetting", ...SECTIONS);
  at("forgotten").focus();
}
at("forgot").addEventListener("click", forget);
at("back").addEventListener("click", () => {
  show("signing-in", ...SECTIONS);
  at("forgot").focus();
});
at("switch").addEventListener("click", () => instead(renderPicker));
at("other").addEventListener("click", () => instead(renderPicker));
for (const pages of [emails, documents]) {
  pages.more.addEventListener("click", ({ target }) => within((signal) => busy(target, () => pages.goOn(signal))));
}
at("dismiss").addEventListener("click", () =>
  instead(async (signal) => {
    await ask("CloseNotice", { accountId: portal.account.id }, signal);
    await begin();
  }),
);
at("sign-out").addEventListener("click", ({ target }) =>
  busy(target, () =>
    instead(async (signal) => {
      for (const each of ["notice", ...SECTIONS]) at(each).hidden = true; // nothing begins meanwhile that would end this
      const [problem] = await problemsOf(async () => (await ask("SignOut", {}, signal)).signOut);
      return problem ? begin(problem) : signedOut();
    }),
  ),
);

begin();
