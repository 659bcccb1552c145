// Tabs as WAI-ARIA knows them: one is shown, and the arrow keys lead from one to the next.

import { at } from "./api.js";

export class Tabs {
  /** Of these names are the tabs (`tab-emails`) and what they show (`panel-emails`). `picked`: by a person. */
  constructor(names, picked) {
    this.names = names;
    for (const name of names) {
      at(`tab-${name}`).addEventListener("click", () => this.#pick(name, picked));
      at(`tab-${name}`).addEventListener("keydown", (event) => {
        const next = this.#led(event.key);
        if (!next) return;
        event.preventDefault();
        this.#pick(next, picked);
        at(`tab-${next}`).focus();
      });
    }
    this.show(names[0]);
  }

  /** Nobody's, where `name` is null. */
  show(name) {
    this.shown = name ?? this.names[0];
    for (const each of this.names) {
      const tab = at(`tab-${each}`);
      tab.setAttribute("aria-selected", String(each === this.shown));
      tab.tabIndex = each === this.shown ? 0 : -1;
      at(`panel-${each}`).hidden = each !== name;
    }
  }

  #pick(name, picked) {
    this.show(name);
    picked(name);
  }

  #led(key) {
    const last = this.names.length - 1, here = this.names.indexOf(this.shown);
    const places = { Home: 0, End: last, ArrowRight: here === last ? 0 : here + 1, ArrowLeft: here ? here - 1 : last };
    return this.names[places[key]];
  }
}
