// The HTML of an e-mail, in a frame that runs no scripts and loads nothing but the pictures that came with it.

import { made } from "./api.js";

const TALLEST = 8000; // CSS pixels; what is longer is scrolled within its frame

/**
 * `text` takes its place where the frame cannot be loaded. `pictures`: their addresses by Content-ID. `laid` is called
 * with the Content-IDs of those that the letter shows.
 */
export function letterFrame({ html, text, title, pictures, laid }) {
  const frame = made("iframe", "letter");
  frame.title = title;
  // of our own origin, so that this page can lay the letter into it and measure it; scripts it has none
  frame.setAttribute("sandbox", "allow-same-origin allow-popups allow-popups-to-escape-sandbox");
  frame.addEventListener("load", () => {
    if (isOurs(frame)) return laid(lay(frame, html, pictures));
    frame.replaceWith(made("p", "text", text));
    laid(new Set());
  });
  frame.src = new URL("letter", import.meta.url).href;
  return frame;
}

const isOurs = (frame) => frame.contentDocument?.documentElement.id === "letter";

/** Read by the frame's own parser, under the frame's policy; nothing is fetched before the pictures are known. */
function lay(frame, html, pictures) {
  const page = frame.contentDocument;
  const letter = new frame.contentWindow.DOMParser().parseFromString(html, "text/html");
  const ids = new Set([...letter.images].map((picture) => enclose(picture, pictures)));
  page.body.replaceChildren(...letter.body.childNodes);
  new ResizeObserver(() => fit(frame, page)).observe(page.body);
  return ids;
}

function enclose(picture, pictures) {
  const id = contentIdOf(picture), url = pictures.get(id);
  if (url) picture.src = url;
  else picture.removeAttribute("src"); // its description is read in its place
  return id;
}

function fit(frame, page) {
  const height = Math.min(Math.ceil(page.body.getBoundingClientRect().height), TALLEST);
  frame.style.height = `${height}px`;
}

/** As `cid:` names it (RFC 2392). */
function contentIdOf(picture) {
  const id = (picture.getAttribute("src") ?? "").trim().replace(/^cid:/i, "");
  try {
    return decodeURIComponent(id).trim();
  } catch {
    return id;
  }
}
