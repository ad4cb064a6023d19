// Whose phone is shown: the people that were met, and new ones.

import { $, element } from "./element.js";

const MOST = 50;
const NAMES = ["chloé", "dario", "elif", "farid", "greta", "hiro", "ines", "jonas", "kofi", "lena"];

/** What to call a conversation. */
export const nameOf = (conversation) =>
  conversation.replace(/^(user|braze|alias:[^:]*):/, "").replace(/^\p{Ll}/u, (letter) => letter.toUpperCase());

const radio = (conversation) => [...$("people").elements].find(({ value }) => value === conversation);

/** Offers the phones of these conversations. */
export function offer(conversations) {
  for (const conversation of conversations.slice(0, MOST)) {
    if (radio(conversation)) continue;
    const input = element("input", { type: "radio", name: "person", value: conversation });
    $("people").append(element("label", { title: conversation }, input, nameOf(conversation)));
  }
}

/** Marks the phone that is shown. */
export function mark(conversation) {
  offer([conversation]);
  const input = radio(conversation);
  input.checked = true;
  input.parentElement.scrollIntoView({ block: "nearest", inline: "nearest" });
}

/** A customer of the brand that nobody has met. */
export function newCustomer() {
  const name = NAMES.find((name) => !radio(`user:${name}`));
  return `user:${name ?? `guest-${Date.now() % 100_000}`}`;
}

/** A number that Braze does not know: it makes an anonymous profile with the number as its alias. */
export function newNumber() {
  const digits = String(Math.floor(Math.random() * 1e8)).padStart(8, "0");
  return `alias:phone:+49151${digits}`;
}
