import { ask, at, busy, follow, made, newKey, onSubmit, problemsOf, show } from "./api.js";
import { dated, words } from "./words.js";

const SECTIONS = ["signing-in", "forgetting", "picking", "working"];
const asked = new URLSearchParams(location.search);
let portal = null;
let stop = () => {};
let last = null; // page cursor of the e-mails shown

at("dismiss").setAttribute("aria-label", words.close);
document.title = words.signIn;

/** Reads who is signed in and where, and shows it. `told`: what to say on top. */
async function begin(told = "") {
  stop();
  at("told").textContent = told;
  try {
    const { viewer } = await ask("Who");
    if (viewer?.__typename !== "PortalUser") return signedOut(told && words.ended);
    const home = await ask("PortalHome");
    at("firm").textContent = document.title = home.firm.name;
    at("who").textContent = home.viewer.address.address;
    at("bar").hidden = false;
    await goTo(asked.get("account"), home.portal);
  } catch (refused) {
    if (refused.code === "UNAUTHENTICATED") return signedOut(words.ended);
    at("told").textContent = refused.message;
  }
}

/** A link may name an account: that one, once. */
async function goTo(account, found) {
  asked.delete("account");
  if (account && found.account?.id !== account && found.accounts.some((each) => each.id === account)) {
    return pick(account);
  }
  await render(found);
}

function signedOut(told = "") {
  portal = null;
  at("told").textContent = told;
  at("bar").hidden = at("notice").hidden = true;
  at("slug").value ||= asked.get("firm") ?? "";
  at("which-firm").open ||= Boolean(at("slug").value);
  show("signing-in", ...SECTIONS);
  at("email").focus();
  if (asked.has("forgot")) forget();
  asked.delete("forgot");
}

async function render(found) {
  portal = found;
  const several = portal.accounts.length > 1;
  at("notice").hidden = !portal.showAccountNotice;
  at("in-use").textContent = portal.account?.name ?? "";
  if (!portal.account) return renderPicker();
  at("account").textContent = portal.account.name;
  at("other").hidden = !several || portal.showAccountNotice;
  show("working", ...SECTIONS);
  await renderEmails();
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

async function pick(accountId) {
  stop();
  const [problem] = await problemsOf(async () => {
    const { selectAccount } = await ask("PickAccount", { accountId });
    if (!selectAccount.errors.length) portal = selectAccount.portal;
    return selectAccount;
  });
  if (problem) return begin(words.lost);
  at("told").textContent = "";
  await render(portal);
}

async function renderEmails() {
  const keep = kept();
  at("emails").replaceChildren();
  at("more").hidden = true;
  at("no-emails").hidden = portal.emailSync;
  at("no-emails").textContent = words.syncOff;
  const after = portal.emailSync ? await addEmails(null) : null;
  keep();
  await listen(after);
}

/** What is open and has the focus in the list, to be so again in the list that takes its place. */
function kept() {
  const open = [...at("emails").querySelectorAll("details[open]")].map((each) => each.id);
  const focused = document.activeElement.closest("#emails details")?.id;
  return () => {
    for (const id of open) if (at(id)) at(id).open = true;
    if (focused) (at(focused)?.querySelector("summary") ?? at("account")).focus();
  };
}

async function addEmails(after) {
  const { emails } = (await ask("PortalEmails", { accountId: portal.account.id, after })).portal;
  at("emails").append(...emails.nodes.map(shown));
  at("no-emails").hidden = at("emails").childElementCount > 0;
  at("no-emails").textContent = words.noEmails;
  last = emails.pageInfo.endCursor;
  at("more").hidden = !emails.pageInfo.hasNextPage;
  return emails.feedCursor;
}

function shown(email) {
  const sender = email.from.name || email.from.address;
  const summary = made(
    "summary", "",
    made("span", "", sender),
    made("time", "quiet", dated(email.sentAt)),
    made("span", "subject", email.subject || "—"),
    made("span", "snippet", email.snippet),
  );
  const files = email.attachments.map((each) => {
    const link = made("a", "", each.name);
    link.href = each.url;
    return link;
  });
  const details = made("details", "", summary, made("div", "body", made("p", "text", email.text), ...files));
  details.id = email.id;
  return made("li", "", details);
}

/** New mail appears by itself; where the session or the account is lost, that is seen at once. */
async function listen(after) {
  const account = portal.account.id;
  let soon = null;
  stop = await follow("PortalEmailsLive", { accountId: account, after }, {
    each: (event) => {
      if (event.__typename === "FeedReady") return;
      clearTimeout(soon);
      soon = setTimeout(() => portal?.account?.id === account && refresh(), 300);
    },
    ended: () => gone(account),
  });
}

async function refresh() {
  stop();
  await ask("PortalHome").then((home) => render(home.portal)).catch(() => begin());
}

async function gone(account) {
  if (portal?.account?.id !== account) return;
  try {
    const { portal: found } = await ask("PortalHome");
    if (found?.account?.id === account) return setTimeout(() => portal && listen(null), 5000); // the server restarts
    at("told").textContent = found?.account ? "" : words.lost;
    await render(found);
  } catch (refused) {
    if (refused.code !== "UNAUTHENTICATED") return setTimeout(() => gone(account), 5000);
    signedOut(words.ended);
  }
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
at("switch").addEventListener("click", renderPicker);
at("other").addEventListener("click", renderPicker);
at("more").addEventListener("click", async ({ target }) => {
  const shownBefore = at("emails").childElementCount;
  await busy(target, () => addEmails(last));
  at("emails").children[shownBefore]?.querySelector("summary").focus();
});
at("dismiss").addEventListener("click", async () => {
  await problemsOf(async () => (await ask("CloseNotice", { accountId: portal.account.id })).dismissAccountNotice);
  await refresh();
});
at("sign-out").addEventListener("click", async () => {
  stop();
  await problemsOf(async () => (await ask("SignOut")).signOut);
  signedOut();
});

begin();
