// Files that a client may download.

import { focusOn, made } from "./api.js";
import { sized, words } from "./words.js";

/**
 * A row with the file's name, its size and `more` about it. Links are good for an hour, and a page may be open for days:
 * `ask` is asked for a new one at every download; null: the file is gone.
 */
export function fileRow(file, ask, ...more) {
  const link = made("a", "", made("bdi", "", file.name));
  const row = made("li", "file", link, " ", made("span", "quiet", [sized(file.size), ...more].join(" · ")));
  link.href = file.url;
  link.download = ""; // under the name that the server says
  link.addEventListener("click", (event) => {
    if (!event.isTrusted && link.dataset.fresh) return delete link.dataset.fresh;
    event.preventDefault();
    ask((url) => (url ? open(link, url) : gone(row)));
  });
  return row;
}

function open(link, url) {
  link.href = url;
  link.dataset.fresh = "1";
  link.click();
}

function gone(row) {
  const told = made("p", "quiet", words.fileGone);
  row.replaceChildren(told);
  focusOn(told);
}
