// A list that is read page by page, and read again when something new is there.

import { at, focusOn, isLost } from "./api.js";

export class Pages {
  #last = null; // cursor of the last row that is shown

  /**
   * `list`, `none` and `more`: ids of the list, of what is said where it is empty, of the button for more. `read`
   * answers a connection (after this cursor, until that signal); `made` a row, whose id is its node's.
   */
  constructor({ list, none, more, read, made }) {
    Object.assign(this, { list: at(list), none: at(none), more: at(more), read, made });
  }

  /** The first page anew; the list stays as it was until it is there. Answers the connection. */
  async refresh(signal) {
    const page = await this.read(null, signal);
    const focused = this.list.contains(document.activeElement);
    this.#arrange(page.nodes);
    this.#tell(page);
    if (focused && isLost(document.activeElement)) focusOn(document.querySelector("main section:not([hidden]) h1"));
    return page;
  }

  /** The next page, after which the first of its rows has the focus. */
  async goOn(signal) {
    const after = this.#last, before = this.list.childElementCount;
    const page = await this.read(after, signal);
    if (this.#last !== after) return; // they do not follow on those that new ones have put in their place
    this.list.append(...page.nodes.filter((node) => !this.#rowOf(node)).map(this.#row));
    this.#tell(page);
    this.list.children[before]?.querySelector("summary, a").focus();
  }

  clear() {
    this.list.replaceChildren();
    this.none.hidden = this.more.hidden = true;
    this.#last = null;
  }

  /** Rows that stay are not touched: what is open in them stays open, and a letter's frame would load anew. */
  #arrange(nodes) {
    const ids = new Set(nodes.map((node) => node.id));
    for (const row of [...this.list.children]) if (!ids.has(row.dataset.id)) row.remove();
    let next = this.list.firstElementChild;
    for (const node of nodes) {
      const row = this.#rowOf(node) ?? this.#row(node);
      if (row === next) next = next.nextElementSibling;
      else this.list.insertBefore(row, next);
    }
  }

  #rowOf = (node) => [...this.list.children].find((row) => row.dataset.id === node.id);

  #row = (node) => {
    const row = this.made(node);
    row.dataset.id = node.id;
    return row;
  };

  #tell({ pageInfo }) {
    this.#last = pageInfo.endCursor;
    this.none.hidden = this.list.childElementCount > 0;
    this.more.hidden = !pageInfo.hasNextPage;
  }
}
