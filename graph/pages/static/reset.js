import { ask, at, onSubmit, show, tokenOfPage } from "./api.js";
import { toldOf, words } from "./words.js";

const SECTIONS = ["setting", "dead", "done"];
let outcome = "done";

/** A link that sets no password any more is no fault of what was typed: the page says why, and how to go on. */
async function send() {
  const input = { token: tokenOfPage(), password: at("password").value };
  const { resetPassword: told } = await ask("NewPassword", { input });
  const dead = told.errors.find((each) => each.path[0] === "token");
  if (!dead) return told;
  outcome = "dead";
  at("reason").textContent = toldOf(dead);
  return { errors: [] };
}

document.title = words.newPassword;
onSubmit(at("reset"), send, () => show(outcome, ...SECTIONS));
at("password").focus();
