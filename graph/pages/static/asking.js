import { ask, at, newKey, onSubmit, show } from "./api.js";

const key = newKey();

onSubmit(
  at("ask"),
  async () => (await ask("AskByAddress", { email: at("email").value, key })).requestNewInvitation,
  () => show("done", "asking", "done"),
);
