import { ask, at, show, tokenOfPage } from "./api.js";
import { dated, words } from "./words.js";

const SECTIONS = ["open", "dead"];

function showDead(reason) {
  at("reason").textContent = reason;
  show("dead", ...SECTIONS);
}

/** Only what a browser opens as a page: never a script. */
const isPage = (link) => URL.canParse(link) && ["http:", "https:"].includes(new URL(link).protocol);

async function look() {
  const { portalAction: may } = await ask("ActionPage", { token: tokenOfPage() });
  if (!may || !isPage(may.link)) return showDead(words.actionDead);
  document.title = may.accountName;
  at("account").textContent = may.accountName;
  at("what").textContent = words.actionFor;
  at("go").textContent = words.actions[may.action];
  at("go").href = may.link;
  at("until").textContent = words.linkUntil(dated(may.expiresAt));
  show("open", ...SECTIONS);
}

look().catch((refused) => showDead(refused.message));
