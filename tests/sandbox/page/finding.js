// What is wrong with a template, in the doctor's words: what, what comes of it, and what to do.

import { element } from "./element.js";

const line = (label, text) => element("p", {}, element("b", { textContent: `${label}: ` }), text);

/** A finding as it is read; without its first sentence where that stands above already. */
export function explained({ severity, what, why, click }, isTitled = false) {
  const lines = [line("What comes of it", why), line("What to do", click)];
  if (!isTitled) lines.unshift(element("p", { className: "found", textContent: what }));
  const node = element("div", { className: "finding" }, ...lines);
  node.dataset.severity = severity;
  return node;
}
