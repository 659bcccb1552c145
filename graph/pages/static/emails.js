// A client's e-mails: a row says who wrote when about what; opened, it asks for the rest.

import { made } from "./api.js";
import { fileRow } from "./files.js";
import { letterFrame } from "./letter.js";
import { dated, words } from "./words.js";

/**
 * `read` is called with what to do with the whole e-mail (null: it is gone) when it is opened, and again where that was
 * broken off; `askFile(id)` as `fileRow` says.
 */
export function emailRow(email, read, askFile) {
  const body = made("div", "body");
  const details = made("details", "", summaryOf(email), body);
  details.id = email.id;
  details.addEventListener("toggle", () => details.open && resume(details));
  READERS.set(details, () => {
    body.replaceChildren(made("p", "quiet", words.opening));
    read((whole) => {
      body.replaceChildren(...(whole ? said(email, whole, askFile) : [made("p", "quiet", words.emailGone)]));
      if (whole) READERS.delete(details);
    });
  });
  return made("li", "", details);
}

const READERS = new WeakMap(); // of those whose rest has not been read

/** Of one that is open, reads what is missing. */
export const resume = (details) => READERS.get(details)?.();

const nameOf = ({ name, address }) => name || address;

function summaryOf(email) {
  return made(
    "summary", "",
    made("bdi", "", nameOf(email.from)),
    made("time", "quiet", dated(email.sentAt)),
    made("bdi", "subject", email.subject || "—"),
    made("bdi", "snippet", email.snippet),
  );
}

function said(email, whole, askFile) {
  const files = made("ul", "files");
  const list = (shown) => {
    const others = whole.attachments.filter((file) => !(isPicture(file) && shown.has(file.contentId)));
    files.replaceChildren(...others.map((file) => fileRow(file, askFile(file.id))));
  };
  const text = whole.safeHtml ? frameOf(email, whole, list) : made("p", "text", whole.text);
  if (!whole.safeHtml) list(new Set());
  return [...about(whole), text, files];
}

function about({ certifiedBy, blockedImages, to, cc }) {
  const lines = certifiedBy ? [words.certifiedBy(certifiedBy)] : [];
  if (to.length) lines.push(peopleOf(words.to, to));
  if (cc.length) lines.push(peopleOf(words.cc, cc));
  if (blockedImages) lines.push(words.notShown(blockedImages));
  return lines.map((line) => made("p", "quiet", line));
}

const peopleOf = (role, people) => made("bdi", "", `${role}: ${people.map(nameOf).join(", ")}`);

function frameOf(email, { safeHtml: html, text, attachments }, laid) {
  const pictures = new Map(attachments.filter(isPicture).map((file) => [file.contentId, file.url]));
  return letterFrame({ html, text, title: words.letterOf(nameOf(email.from)), pictures, laid });
}

/** That a browser shows, and the server tells to be one. */
const isPicture = ({ contentType }) => ["image/png", "image/jpeg", "image/gif", "image/webp"].includes(contentType);
