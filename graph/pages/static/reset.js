import { ask, at, onSubmit, show, tokenOfPage } from "./api.js";
import { words } from "./words.js";

document.title = words.newPassword;
onSubmit(
  at("reset"),
  async () =>
    (await ask("NewPassword", { input: { token: tokenOfPage(), password: at("password").value } })).resetPassword,
  () => {
    at("done-title").textContent = words.passwordSet;
    at("done-text").textContent = words.passwordSetText;
    show("done", "setting", "done");
    at("done").focus();
  },
);
at("password").focus();
