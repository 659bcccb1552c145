import { ask, at, busy, newKey, onSubmit, problemsOf, show, tokenOfPage } from "./api.js";
import { dated, deadBecause, words } from "./words.js";

const SECTIONS = ["offer", "dead", "done"];
const token = tokenOfPage();
let key = newKey();

function finished(title, text, link) {
  at("done-title").textContent = title;
  at("done-text").textContent = text;
  at("done-link").hidden = !link;
  show("done", ...SECTIONS);
}

function showDead(reason, may) {
  at("reason").textContent = reason;
  at("again").hidden = !may;
  show("dead", ...SECTIONS);
}

async function look() {
  const { invitationOffer: offer } = await ask("InvitationPage", { token });
  at("by-address").hidden = Boolean(offer);
  if (!offer) return showDead(words.noLink, false);
  document.title = offer.firmName;
  const whom = offer.forTeam && offer.dead !== "USED" ? ` ${words.askTeam}` : "";
  if (offer.dead) return showDead(`${offer.firmName}: ${deadBecause(offer.dead)}${whom}`, !offer.forTeam);
  at("firm").textContent = offer.firmName;
  at("what").textContent = offer.accountName ? words.invited(offer.accountName) : words.invitedTeam;
  at("email").value = offer.address;
  at("until").textContent = words.until(dated(offer.expiresAt));
  show("offer", ...SECTIONS);
  at("password").focus();
}

let accepted;
onSubmit(
  at("accept"),
  async () => {
    accepted = (await ask("AcceptInvitation", { input: { token, password: at("password").value } })).acceptInvitation;
    return accepted;
  },
  () => {
    if (accepted.viewer?.__typename === "PortalUser") location.replace("../portal");
    else finished(words.welcome, words.welcomeTeam, false);
  },
);

at("again").addEventListener("click", (event) =>
  busy(event.target, async () => {
    const send = async () => (await ask("AskForNewInvitation", { token, key })).requestNewInvitation;
    const [problem] = await problemsOf(send);
    if (!problem) return finished(words.askedTitle, words.askedAgain, false);
    key = newKey();
    document.querySelector("#dead .wrong").textContent = problem;
  }),
);

look().catch((refused) => showDead(refused.message, false));
