// The customer as simulated Braze knows them, changing as it changes.

import { attempt, pathOf, post } from "./calls.js";
import { $, button, element, put } from "./element.js";
import { nameOf } from "./people.js";

const MOST_EVENTS = 30;

let whose = "";
let before = {};

/** Shows the profile of `conversation`, and who owns it: what the sandbox's state says of it, if it does. */
export function show(conversation, profile, head) {
  const isOther = whose !== conversation;
  whose = conversation;
  put($("customer-title"), nameOf(conversation));
  $("customer-empty").hidden = Boolean(profile);
  $("customer-known").hidden = !profile;
  if (!profile) {
    before = {};
    return;
  }
  facts($("customer-facts"), named(profile, head));
  put($("subscription"), profile.subscribed ? "Unsubscribe them from the WhatsApp group" : "Subscribe them to the WhatsApp group");
  $("subscription").dataset.to = String(!profile.subscribed);
  const attributes = Object.entries(profile.attributes).map(([name, value]) => [name, JSON.stringify(value)]);
  facts($("customer-attributes"), attributes, isOther ? null : before);
  before = Object.fromEntries(attributes);
  $("no-attributes").hidden = attributes.length > 0;
  events(profile.events);
}

function named(profile, head) {
  const window = profile.window_until;
  const aliases = profile.aliases.map(({ label, name }) => `${label}: ${name}`).join(", ");
  const rows = [
    ["Answered by", head ? (head.owner === "person" ? "a person" : "the bot") : "the bot"],
    ["WhatsApp group", profile.subscribed ? "subscribed" : "not subscribed: no reply reaches them"],
    ["Reply window", window && (window > Date.now() ? `open until ${day(window)}` : "closed: only templates reach them")],
    ["Opted out", head?.opted_out ? "yes, the bot is silent" : null],
    ["Turns answered", head ? String(head.turns) : null],
    ["External id", profile.external_id],
    ["Aliases", aliases || null],
    ["Number", profile.phone],
    ["Name on WhatsApp", profile.profile_name],
    ["Braze id", profile.braze_id],
  ];
  return rows.filter(([, value]) => value);
}

const day = (at) => new Date(at).toLocaleString("en-GB", { weekday: "short", hour: "2-digit", minute: "2-digit" });

/** Draws names and values; those that differ from `old` are marked. */
function facts(list, rows, old = null) {
  const key = JSON.stringify(rows);
  if (list.dataset.shown === key && list.dataset.whose === whose) return;
  const row = ([name, value]) => {
    const node = element("div", {}, element("dt", { textContent: name }), element("dd", { textContent: value }));
    if (old && old[name] !== value) node.className = "fresh";
    return node;
  };
  list.replaceChildren(...rows.map(row));
  Object.assign(list.dataset, { shown: key, whose });
}

function events(all) {
  const key = JSON.stringify(all);
  const list = $("customer-events");
  $("no-events").hidden = all.length > 0;
  if (list.dataset.shown === key) return;
  list.replaceChildren(...all.slice(-MOST_EVENTS).reverse().map(event));
  list.dataset.shown = key;
}

function event({ name, time, properties }) {
  const node = element("li", {}, element("b", { textContent: name ?? "?" }), element("time", { textContent: time ?? "" }));
  if (properties && Object.keys(properties).length) node.append(element("code", { textContent: JSON.stringify(properties) }));
  return node;
}

const change = (what) => attempt(() => post(pathOf("customers", whose), what));

$("customer-actions").append(
  button("", ({ target }) => change({ subscribed: target.dataset.to === "true" }), { id: "subscription" }),
  button("Let a day pass since they wrote", () => change({ close_window: true }), {
    title: "For Braze and for Dragoman alike: from then on only templates reach them, until they write again",
  }),
);
$("customer-language").addEventListener("change", ({ target }) => change({ language: target.value }));

/** The language in the selector is the profile's. */
export function showLanguage(language) {
  if (language && $("customer-language").value !== language) $("customer-language").value = language;
}
