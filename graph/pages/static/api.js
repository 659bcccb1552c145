// The API, as any other program asks it; and what the pages share.

import { toldOf, words } from "./words.js";

const base = new URL("../", import.meta.url); // the server may be reached under a path
const api = new URL("graphql", base);
let operations;

/** A refused request: `code` of the first top-level error. */
export class Refused extends Error {
  constructor(error) {
    super(error?.message ?? words.offline);
    this.code = error?.extensions?.code ?? "OFFLINE";
  }
}

/** The words of operations.json, read once; where that failed, once more when they are needed again. */
async function wordsOf(name) {
  operations ??= fetch(new URL("pages/operations.json", base)).then((answer) => answer.json());
  try {
    return (await operations)[name];
  } catch (failed) {
    operations = undefined;
    throw failed;
  }
}

/** The `data` of a query or mutation of operations.json. Throws Refused; an AbortError where `signal` ended it. */
export async function ask(name, variables = {}, signal) {
  let told;
  try {
    const query = await wordsOf(name);
    const answer = await fetch(api, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Switchboard": "1" },
      body: JSON.stringify({ query, variables }),
      signal,
    });
    told = await answer.json();
  } catch {
    throw new Refused();
  } finally {
    signal?.throwIfAborted();
  }
  if (told.errors) throw new Refused(told.errors[0]);
  return told.data;
}

/** Follows a subscription: `each` is called with every event, `ended` where it ends by itself, not by `signal`. */
export async function follow(name, variables, { each, ended }, signal) {
  const query = await wordsOf(name);
  signal.throwIfAborted();
  const socket = new WebSocket(api.href.replace("http", "ws"), "graphql-transport-ws");
  const send = (message) => socket.send(JSON.stringify(message));
  socket.onopen = () => send({ type: "connection_init" });
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    if (message.type === "connection_ack") send({ id: "1", type: "subscribe", payload: { query, variables } });
    else if (message.type === "ping") send({ type: "pong" });
    else if (message.type === "next" && message.payload.data) each(Object.values(message.payload.data)[0]);
    else if (message.type !== "pong") socket.close(1000);
  };
  socket.onclose = () => ended();
  signal.addEventListener("abort", () => {
    socket.onclose = null;
    socket.close(1000);
  });
}

/** Does `work` in so many ms, unless `signal` has ended it by then. Answers the timer. */
export function later(ms, work, signal) {
  const timer = setTimeout(work, ms);
  signal.addEventListener("abort", () => clearTimeout(timer));
  return timer;
}

/** Sends a form by `send`, which answers a payload: says below it what was refused, else calls `then`. */
export function onSubmit(form, send, then) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const wrong = form.querySelector(".wrong");
    wrong.textContent = "";
    await busy(form.querySelector("button"), async () => {
      const [problem] = await problemsOf(send);
      if (!problem) return then();
      wrong.textContent = problem;
      form.querySelector("input:not([readonly])").focus();
    });
  });
}

/** What was refused, in words; empty: done. `send` answers a payload. */
export async function problemsOf(send) {
  try {
    return (await send()).errors.map(toldOf);
  } catch (refused) {
    if (!(refused instanceof Refused)) throw refused;
    return [refused.message];
  }
}

/** Answers what `work` does: then `button` can be pressed again, and has the focus again if nothing took it. */
export async function busy(button, work) {
  const held = document.activeElement === button;
  button.disabled = true;
  try {
    return await work();
  } finally {
    button.disabled = false;
    if (held && isLost(document.activeElement)) button.focus();
  }
}

export const isLost = (element) => !element || element === document.body || element.disabled || !element.checkVisibility();

export const at = (id) => document.getElementById(id);

/** An element of `kind` with this class and these children: texts or elements. */
export function made(kind, className, ...children) {
  const element = document.createElement(kind);
  element.className = className;
  element.append(...children);
  return element;
}

/**
 * Of these sections, shows one. Focus never falls to the whole page: where what had it is gone, or another section comes,
 * its heading has it, so that a screen reader reads on there. Whoever only reads is not moved.
 */
export function show(section, ...sections) {
  const comes = at(section).hidden, focused = document.activeElement;
  for (const each of sections) at(each).hidden = each !== section;
  if (isLost(focused) && (comes || focused !== document.body)) focusOn(at(section).querySelector("h1"));
}

/** Of what is no control, too. */
export function focusOn(element) {
  element.tabIndex = -1;
  element.focus({ preventScroll: true });
}

/** The last part of the page's address, as it is where it was cut in the middle of a character: then it is no link. */
export function tokenOfPage() {
  const token = location.pathname.split("/").pop();
  try {
    return decodeURIComponent(token);
  } catch {
    return token;
  }
}

export const newKey = () => Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(36)).join("");
