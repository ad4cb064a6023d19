// What stands on the phone: bubbles, what can be tapped, media by their names, and what became of each message.

import { button, element } from "./element.js";
import { rendered } from "./markup.js";

const WRITERS = { user: "You", brand: "The brand", nobody: "Not delivered" };
const FATES = {
  null: ["✓", "Braze has it; whether its webhook was received is not known"],
  on_its_way: ["✓", "Braze has it; its webhook has not been received yet"],
  received: ["✓✓", "Dragoman has received it"],
  lost: ["⚠", "Lost: every webhook for it was refused"],
};

const chat = document.getElementById("chat");
const template = document.getElementById("bubble");
let shown = [];
let tap = () => {};

new ResizeObserver(toBottom).observe(chat);

/** What happens when the user taps a quick reply or a row: its words are theirs. */
export function onTap(say) {
  tap = say;
}

/** Shows a phone's messages, and among them why something reached nobody. Only what is new or different is drawn anew. */
export function show(messages, undelivered) {
  const lines = [...messages, ...undelivered.map(note)].sort((a, b) => a.at - b.at);
  const keys = lines.map((line) => JSON.stringify(line));
  const changed = keys.findIndex((key, at) => key !== shown[at]);
  const kept = changed < 0 ? keys.length : changed;
  const isOnlyFate = keys.length === shown.length;
  while (chat.children.length > kept) chat.lastChild.remove();
  chat.append(...lines.slice(kept).map(bubble));
  if (kept < keys.length && !isOnlyFate) toBottom();
  shown = keys;
  chat.ariaLive = "polite";
}

/** Takes another phone: what stands on it is no news to be read out. */
export function clear() {
  chat.ariaLive = "off";
  chat.replaceChildren();
  shown = [];
}

function toBottom() {
  chat.scrollTop = chat.scrollHeight;
}

function note({ at, campaign, explanation }) {
  return { at, from: "nobody", text: `Not delivered by the campaign “${campaign}”: ${explanation}.` };
}

function bubble({ from, text, beside, at, fate }) {
  const item = template.content.cloneNode(true).firstElementChild;
  const [time, when] = [item.querySelector("time"), new Date(at)];
  item.className = from;
  item.querySelector("p").textContent = `${WRITERS[from]}:`;
  item.querySelector(".text").append(from === "nobody" ? text : rendered(text));
  time.dateTime = when.toISOString();
  time.textContent = when.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  if (from === "user") item.querySelector(".foot").append(tick(fate ?? null));
  if (beside?.image) item.querySelector(".text").before(media(beside.image));
  if (beside?.buttons) item.append(element("div", { className: "choices" }, ...beside.buttons.map(choice)));
  if (beside?.list) item.append(rows(beside.list));
  return item;
}

function tick(fate) {
  const [sign, meaning] = FATES[fate];
  const node = element("span", { className: `tick ${fate ?? "unknown"}`, textContent: sign, title: meaning });
  node.role = "img";
  node.ariaLabel = meaning;
  return node;
}

/** A picture by its name and address. It is never loaded: the page asks nobody outside. */
function media(address) {
  const name = address.split(/[?#]/)[0].split("/").filter(Boolean).at(-1) ?? address;
  const figure = element("figure", {}, element("b", { textContent: name.slice(0, 80) }));
  figure.append(element("figcaption", { textContent: address }));
  return figure;
}

const choice = (text) => button(text, () => tap(text));

function rows({ button: title, rows }) {
  const list = element("details", { className: "choices" }, element("summary", { textContent: title }));
  for (const [row, description] of rows) {
    const node = choice(row);
    if (description) node.append(element("small", { textContent: description }));
    list.append(node);
  }
  return list;
}
