// The two Liquid templates: edited here, rendered by simulated Braze with each message, judged by the doctor.

import { attempt, post } from "./calls.js";
import { $, button, element, put } from "./element.js";
import { explained } from "./finding.js";

const PATH = "sandbox/liquid";
const MOST_HIT = 4;
const PRESETS = [
  ["recommended", "Recommended"],
  ["documented", "As Braze documents it"],
];

/** One template: its name in the sandbox, and its parts on the page. */
const editor = (name) => ({ name, area: $(`${name}-template`), presets: $(`${name}-presets`), found: $(`${name}-findings`), applied: "" });
const editors = [editor("body"), editor("message")];
let current = null;
let hit = [];

/** Shows the templates in force, as the sandbox says them. A draft that nobody applied stays. */
export function show(templates) {
  current = templates;
  let count = 0;
  for (const one of editors) {
    const { text, findings } = templates[one.name];
    if (!isDraft(one)) one.area.value = text;
    one.applied = text.replaceAll("\r\n", "\n");
    list(one.found, findings);
    count += findings.length;
  }
  put($("liquid-count"), count ? ` (${count})` : "");
  showDrafts();
}

/** Hears of new steps: the traps that messages hit since the templates are what they are. */
export function hear(steps) {
  let traps = null;
  for (const { kind, title, body } of steps) {
    if (title === "templates changed by hand") traps = [];
    if (kind === "trap") traps = [...(traps ?? hit), body];
  }
  if (!traps) return;
  hit = traps.slice(-MOST_HIT);
  showHit();
}
/** Begins anew if the sandbox did. */
export function anew() {
  hit = [];
  showHit();
}

function showHit() {
  list($("liquid-hit"), hit);
  $("liquid-traps").hidden = !hit.length;
}

/** Whether replies are rendered by simulated Braze too, or by a real one. */
export function isSimulated(simulated) {
  $("liquid-real").hidden = simulated;
}

const isDraft = ({ area, applied }) => area.value !== applied;

/** Draws findings, if they are others than those that stand there. */
function list(node, findings) {
  const key = JSON.stringify(findings);
  if (node.dataset.shown === key) return;
  node.dataset.shown = key;
  node.replaceChildren(...findings.map((finding) => element("li", {}, explained(finding))));
}

function showDrafts() {
  for (const one of editors) {
    for (const node of one.presets.children) node.ariaPressed = String(one.area.value === current?.[one.name][node.dataset.preset]);
  }
  const drafts = editors.filter(isDraft).length;
  $("liquid-apply").disabled = !drafts;
  $("liquid-reset").disabled = !drafts && editors.every(({ name, applied }) => applied === current?.[name].recommended);
  put($("liquid-said"), drafts ? "Not applied yet." : "In force from the next message on.");
}

async function apply(event) {
  event.preventDefault();
  const drafts = editors.filter(isDraft).map(({ name, area }) => [name, area.value]);
  if (drafts.length) await change(Object.fromEntries(drafts));
}

function reset() {
  for (const { name, area } of editors) area.value = current[name].recommended;
  return change(Object.fromEntries(editors.map(({ name, area }) => [name, area.value])));
}

const change = (templates) => attempt(async () => show(await post(PATH, templates)));

function preset(one, [key, label]) {
  const take = () => {
    if (current) one.area.value = current[one.name][key];
    showDrafts();
  };
  const node = button(label, take);
  node.dataset.preset = key;
  return node;
}

for (const one of editors) {
  one.presets.append(...PRESETS.map((entry) => preset(one, entry)));
  one.area.addEventListener("input", showDrafts);
}
$("liquid").addEventListener("submit", apply);
$("liquid-reset").addEventListener("click", reset);
