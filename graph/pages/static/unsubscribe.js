import { ask, at, busy, problemsOf, show, tokenOfPage } from "./api.js";
import { words } from "./words.js";

const SECTIONS = ["offer", "dead"];
const token = tokenOfPage();
let offer;

function showDead(reason) {
  at("reason").textContent = reason;
  show("dead", ...SECTIONS);
}

function showOffer(told) {
  if (!told) return showDead(words.unsubscribeDead);
  offer = told;
  const about = words.about(words.categories[offer.category], offer.accountName);
  document.title = offer.firmName;
  at("firm").textContent = offer.firmName;
  at("state").textContent = offer.on ? words.told(about) : words.notTold(about);
  at("change").textContent = offer.on ? words.unsubscribe : words.takeBack;
  show("offer", ...SECTIONS);
}

at("change").addEventListener("click", (event) =>
  busy(event.target, async () => {
    const wrong = document.querySelector("#offer .wrong");
    wrong.textContent = "";
    let payload;
    const send = async () => (payload = (await ask("Unsubscribe", { input: { token, on: !offer.on } })).unsubscribe);
    const [problem] = await problemsOf(send);
    if (problem) wrong.textContent = problem;
    else showOffer(payload.offer);
  }),
);

ask("UnsubscribePage", { token }).then(
  (data) => showOffer(data.unsubscribeOffer),
  (refused) => showDead(refused.message),
);
