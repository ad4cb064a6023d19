// The agent's desk: who waits for a person or is with one, and what an agent does, by the routes that any desk would call.

import { attempt, post } from "./calls.js";
import { $, element, put } from "./element.js";
import { nameOf } from "./people.js";

const REASONS = {
  keyword: "They asked for a person",
  assistant: "The assistant asked for a person",
  failure: "Nothing could answer",
  route: "Their route leads to people",
  agent: "A person took over",
  flow: "A flow ended with a person",
};
const STATES = { waiting: "Waits for a person", attended: "With a person" };
const SPEAKERS = { user: nameOf, bot: () => "Bot", agent: () => "Agent" };
const UNSENT = {
  window_closed:
    "Not sent: they have not written for a day, or never, and no template is set up: closed_window in [replies] of assistant.toml.",
  refused: "Not sent: Braze refused it for good.",
  too_late: "Not sent: it could not be sent for a day.",
  uncertain: "Nobody knows whether it was sent. It is not sent again.",
};
const SURE_FOR = 4_000;

const drafts = new Map();
let threads = [];
let chosen = null;
let drawn = "";
let token = "";
let phone = "";
let isNew = true;
let owned = () => false;
let showPhone = () => {};

/** Begins: `choosePhone` shows the phone of a conversation beside the desk. */
export function begin(choosePhone) {
  showPhone = choosePhone;
  $("desk-list").addEventListener("change", ({ target }) => choose(target.value));
  $("reply").addEventListener("submit", write);
  $("reply-text").addEventListener("input", ({ target }) => drafts.set(chosen, target.value));
  $("reply-text").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) write(event);
  });
  $("take-over").addEventListener("click", () => act("takeover", chosen, "Taken over."));
  $("release").addEventListener("click", () => act("release", chosen, "Given back to the bot."));
  $("erase").addEventListener("click", erase);
  $("take-phone").addEventListener("click", takePhone);
  setInterval(showAges, 10_000);
}

/** The token of agents' calls, as the sandbox says it, and who owns what. */
export function know(agentToken, isWithPerson) {
  token = agentToken;
  owned = isWithPerson;
  showTakePhone();
}

/** Which phone stands beside the desk. */
export function beside(conversation) {
  phone = conversation;
  const thread = threads.find((thread) => thread.phone === conversation);
  if (thread) choose(thread.conversation, false);
  showTakePhone();
}

/** Shows who waits, and the conversation that was chosen: by itself whoever has just asked for a person. */
export function show(current) {
  const asked = isNew ? undefined : justAsked(current);
  isNew = false;
  threads = current;
  if (asked && !isTyping()) chosen = asked;
  const waiting = threads.filter(({ state }) => state === "waiting").length;
  put($("desk-count"), waiting ? ` (${waiting})` : "");
  if (!threads.some(({ conversation }) => conversation === chosen)) chosen = threads[0]?.conversation ?? null;
  showList();
  showThread();
  showTakePhone();
}

/** Who waits now and did not before; of several the one who asked last. */
function justAsked(current) {
  const waited = ({ conversation, since }) =>
    threads.some((old) => old.conversation === conversation && old.since === since);
  const fresh = current.filter((thread) => thread.state === "waiting" && !waited(thread));
  return fresh.sort((a, b) => b.since - a.since)[0]?.conversation;
}

/** Nobody's words may go to another than they were begun for. */
const isTyping = () => Boolean(drafts.get(chosen)?.trim()) || document.activeElement === $("reply-text");

function showList() {
  const entries = threads.map(({ conversation, state, since }) => [conversation, state, since]);
  const key = JSON.stringify([entries, chosen]);
  if (key !== drawn) {
    const focused = $("desk-list").contains(document.activeElement);
    $("desk-list").replaceChildren(...threads.map(entry));
    if (focused) $("desk-list").querySelector(":checked")?.focus();
    drawn = key;
  }
  $("desk-empty").hidden = threads.length > 0;
  $("desk-thread").hidden = !threads.length;
  showAges();
}

function entry({ conversation, phone, state, since }) {
  const input = element("input", { type: "radio", name: "thread", value: conversation, checked: conversation === chosen });
  const age = element("span", { className: "age" });
  age.dataset.since = since ?? "";
  const name = element("b", { textContent: nameOf(phone) });
  return element("label", { className: state, title: conversation }, input, name, element("span", { textContent: STATES[state] }), age);
}

function showAges() {
  for (const node of document.querySelectorAll("#panel-desk .age")) put(node, age(node.dataset.since));
}

function age(since) {
  if (!since) return "";
  const minutes = Math.floor((Date.now() - since) / 60_000);
  if (minutes < 1) return "for less than a minute";
  return minutes < 120 ? `for ${minutes} min` : `for ${Math.floor(minutes / 60)} h`;
}

function choose(conversation, showsPhone = true) {
  chosen = conversation;
  showList();
  showThread();
  if (showsPhone) showPhone(phoneOf(conversation));
}

/** What the phone of a conversation is called: Dragoman may keep the conversation under another name of its user. */
const phoneOf = (conversation) => threads.find((thread) => thread.conversation === conversation)?.phone ?? conversation;

function showThread() {
  const thread = threads.find(({ conversation }) => conversation === chosen);
  if (!thread) return;
  put($("thread-title"), nameOf(thread.phone));
  const facts = [thread.conversation, thread.profile_name && `calls themselves “${thread.profile_name}”`, thread.language];
  put($("thread-who"), facts.filter(Boolean).join(" · "));
  const reason = REASONS[thread.reason] ?? "The desk was told nothing: a person took over, or it could not be reached";
  put($("thread-why"), `${reason}${thread.since ? ` at ${clock(thread.since)}` : ""}.`);
  put($("thread-summary"), thread.summary);
  $("thread-summary").hidden = !thread.summary;
  $("take-over").hidden = thread.state === "attended";
  showLines(thread.lines);
  const draft = drafts.get(chosen) ?? "";
  if ($("reply-text").value !== draft) $("reply-text").value = draft;
}

function showLines(lines) {
  const log = $("thread-lines");
  const key = JSON.stringify([chosen, lines]);
  if (log.dataset.shown === key) return;
  const isSame = log.dataset.whose === chosen;
  log.ariaLive = isSame ? "polite" : "off";
  const kept = isSame && log.children.length <= lines.length ? log.children.length : 0;
  const fresh = lines.slice(kept).map(line);
  if (kept) log.append(...fresh);
  else log.replaceChildren(...fresh);
  // A line of before may have been sorted in late.
  [...log.children].forEach((node, at) => node.dataset.key === JSON.stringify(lines[at]) || node.replaceWith(line(lines[at])));
  Object.assign(log.dataset, { shown: key, whose: chosen });
  log.scrollTop = log.scrollHeight;
}

function line(said) {
  const { from, text, media_urls, not_sent, at } = said;
  const node = element("li", { className: from });
  node.dataset.key = JSON.stringify(said);
  node.append(element("b", { textContent: SPEAKERS[from](phoneOf(chosen)) }), element("time", { textContent: clock(at) }));
  node.append(element("p", { textContent: text || "(no words)" }));
  if (media_urls) node.append(element("p", { className: "address", textContent: media_urls }));
  if (not_sent) node.append(element("p", { className: "unsent", textContent: UNSENT[not_sent] }));
  return node;
}

const clock = (at) => new Date(at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });

// What an agent does

const call = (route, body) => post(`conversations/${route}`, body, { authorization: `Bearer ${token}` });

async function act(route, conversation, done) {
  if (await attempt(() => call(route, { conversation }))) put($("desk-said"), `${nameOf(phoneOf(conversation))}: ${done}`);
}

async function write(event) {
  event.preventDefault();
  const [conversation, text] = [chosen, $("reply-text").value];
  if (!text.trim()) return;
  drafts.delete(conversation);
  $("reply-text").value = "";
  const id = `page-${Date.now()}-${Math.random().toString(36).slice(2)}`;
  if (await attempt(() => call("messages", { conversation, text, id }))) return;
  drafts.set(conversation, text);
  if (chosen === conversation) $("reply-text").value ||= text;
}

/** Asks once more on the button itself, and forgets the question after a while. */
function erase() {
  const node = $("erase");
  if (node.dataset.asked === chosen) {
    calm(node);
    act("erase", chosen, "Forgotten.");
    return;
  }
  node.dataset.asked = chosen;
  put(node, "Really forget them?");
  setTimeout(() => calm(node), SURE_FOR);
}

function calm(node) {
  delete node.dataset.asked;
  put(node, "Forget this user");
}

function takePhone() {
  chosen = phone;
  act("takeover", phone, "Taken over.");
}

function showTakePhone() {
  put($("take-phone"), `Take over ${nameOf(phone)}’s conversation`);
  $("take-phone").hidden = owned(phone) || threads.some((thread) => thread.phone === phone);
}
