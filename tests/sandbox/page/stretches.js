// How long each stretch of a way took, on one line: at the door, waiting, at the AI, at Braze.

import { element, put } from "./element.js";

/** What begins and ends a stretch; a title that ends nothing that was begun counts for nothing. */
const STRETCHES = {
  door: { name: "door", kind: "webhook", begins: /^POST /, ends: /^answered / },
  waiting: { name: "waiting", kind: "", begins: /^(message queued|an agent acts)$/, ends: /claimed/ },
  ai: { name: "AI", kind: "ai", begins: /is asked$/, ends: /^it / },
  braze: { name: "Braze", kind: "braze", begins: /^POST /, ends: /^(Braze answers|no answer)/ },
};

/** The stretches of one way, and the line and the bar that show them. */
export class Stretches {
  #node;
  #begun = new Map();
  #took = { door: 0, waiting: 0, ai: 0, braze: 0 };
  #first = null;
  #last = null;

  constructor(heading) {
    this.#node = heading;
  }

  /** Takes a step in, and shows what is known now. */
  add({ at, kind, title, conversation }) {
    for (const [key, stretch] of Object.entries(STRETCHES)) {
      if (stretch.kind && stretch.kind !== kind) continue;
      const whose = `${key} ${conversation}`;
      if (stretch.begins.test(title) && !this.#begun.has(whose)) {
        this.#first ??= at;
        this.#begun.set(whose, at);
      } else if (stretch.ends.test(title) && this.#begun.has(whose)) this.#end(key, whose, at);
    }
  }

  #end(key, whose, at) {
    this.#took[key] += at - this.#begun.get(whose);
    this.#begun.delete(whose);
    this.#last = at;
    this.#show();
  }

  #show() {
    const parts = Object.entries(this.#took).filter(([key]) => this.#took[key] > 0 || key === "door");
    const words = parts.map(([key, took]) => `${STRETCHES[key].name} ${length(took)}`);
    put(this.#node.querySelector(".took"), `${words.join(" · ")} · in all ${length(this.#last - this.#first)}`);
    const bar = this.#node.querySelector(".bar");
    bar.replaceChildren(...parts.map(([key, took]) => segment(key, took)));
  }
}

function segment(key, took) {
  const node = element("i", { className: key });
  node.style.flexGrow = String(Math.max(took, 1));
  return node;
}

const length = (milliseconds) => (milliseconds < 1_000 ? `${milliseconds} ms` : `${(milliseconds / 1_000).toFixed(1)} s`);
