// The way of the message: every step the sandbox took, the newest at the bottom, and how long each stretch took.

import { $, put } from "./element.js";
import { explained } from "./finding.js";
import { Stretches } from "./stretches.js";

const KINDS = {
  webhook: "Webhook",
  queue: "Queue",
  store: "Store",
  ai: "AI",
  braze: "Braze",
  desk: "Desk",
  fault: "Fault",
  trap: "Trap",
  erased: "Erased",
};
const MOST_SHOWN = 1000;
/** A webhook after so many milliseconds of silence begins a new way. */
const SILENCE = 300;
/** So many begin one even if the last way never came to a reply. */
const LONG_SILENCE = 15_000;

const list = $("steps");
const [stepTemplate, wayTemplate] = [$("step"), $("begin")];
let newest = 0;
let run = "";
let way = { start: 0, latest: 0, answered: true };
let only = [];

/** Whose steps alone are shown, by all their names; everybody's with nobody named. */
export function showOnly(names) {
  if (String(names) === String(only)) return;
  only = names;
  for (const item of list.children) hide(item);
}

/** Begins anew if the sandbox did, and says so: its steps are numbered from one again. */
export function of(currentRun) {
  const isAnother = Boolean(run) && run !== currentRun;
  if (isAnother) {
    clear();
    newest = 0;
  }
  run = currentRun;
  return isAnother;
}

/** Adds what is new in `steps`, and gives it. */
export function show(steps) {
  const atBottom = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  const fresh = steps.filter(({ seq }) => seq > newest);
  for (const step of fresh) {
    newest = step.seq;
    if (step.kind === "erased") forget(step.conversation);
    if (beginsWay(step)) begin(step);
    list.append(line(step));
    way.stretches?.add(step);
    way.answered ||= step.kind === "braze";
    if (step.kind !== "fault") way.latest = step.at;
  }
  while (list.children.length > MOST_SHOWN) list.firstChild.remove();
  if (fresh.length && atBottom) follow();
  return fresh;
}

/** Goes to the newest step and stays with it. */
export function follow() {
  list.scrollTop = list.scrollHeight;
}

/** Takes everything off the list; what comes later appears. */
export function clear() {
  list.replaceChildren();
  way.answered = true;
}

/** Takes off what is shown of somebody who was forgotten, and headings that nothing stands under. */
function forget(conversation) {
  for (const item of [...list.children]) if (item.dataset.whose === conversation) item.remove();
  for (const item of [...list.querySelectorAll(".begin")]) {
    if (!item.nextElementSibling || item.nextElementSibling.matches(".begin")) item.remove();
  }
}

function beginsWay(step) {
  if (!list.children.length) return true;
  return step.kind === "webhook" && step.at - way.latest > (way.answered ? SILENCE : LONG_SILENCE);
}

function begin(step) {
  const heading = wayTemplate.content.cloneNode(true).firstElementChild;
  put(heading.querySelector("time"), new Date(step.at).toLocaleTimeString("en-GB"));
  way = { start: step.at, latest: step.at, answered: false, stretches: new Stretches(heading) };
  list.append(heading);
}

function line(step) {
  const item = stepTemplate.content.cloneNode(true).firstElementChild;
  const set = (name, text) => put(item.querySelector("." + name), text);
  item.classList.add(step.kind);
  item.dataset.whose = step.conversation ?? "";
  set("offset", offset(step.at - way.start));
  set("kind", KINDS[step.kind] ?? step.kind);
  set("event", step.title);
  set("who", (step.conversation ?? "").replace(/^user:|^alias:phone:/, ""));
  if (step.kind === "trap") explain(item, step.body);
  else item.firstElementChild.addEventListener("toggle", () => {
    put(item.querySelector("pre"), exact(step.body));
    item.scrollIntoView({ block: "nearest" });
  });
  hide(item);
  return item;
}

/** A trap is read without opening it, and in words. */
function explain(item, finding) {
  item.firstElementChild.open = true;
  item.querySelector(".code").replaceWith(explained(finding, true));
}

function hide(item) {
  const { whose } = item.dataset;
  item.hidden = Boolean(only.length && whose && !only.includes(whose));
}

function offset(milliseconds) {
  if (milliseconds < 1_000) return `+${milliseconds} ms`;
  const seconds = milliseconds / 1_000;
  return seconds < 100 ? `+${seconds.toFixed(1)} s` : `+${Math.round(seconds / 60)} min`;
}

/** JSON set out over lines; a text, such as a webhook's body, byte for byte. */
function exact(body) {
  return typeof body === "string" ? body : JSON.stringify(body, null, 2);
}
