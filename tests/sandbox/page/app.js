// The page of the sandbox: asks the sandbox what happened, shows it, and says what the user does.

import * as phone from "./markup.js";
import * as timeline from "./timeline.js";

const EVERY = 400;
const EVERY_HIDDEN = 5_000;
const MOST_PEOPLE = 50;
const NAMES = ["chloé", "dario", "elif", "farid", "greta", "hiro", "ines", "jonas", "kofi", "lena"];
const SUGGESTIONS = [
  ["When are you open?"],
  ["hi", "a question", "can I pay with PayPal?"],
  ['A friend said "delivery is free" \\o/ Is it?'],
  ['How can I pay?", "user_id": "bruno'],
  ["Can I *really* pay\n- by card\n- by _PayPal_?"],
];

const $ = (id) => document.getElementById(id);
let person = "user:ada";
let state = null;

// Asking

const phoneOf = (conversation) => `sandbox/phones/${encodeURIComponent(conversation)}`;

async function ask(path, options) {
  const answer = await fetch(path, { cache: "no-store", ...options }).catch(() => {
    throw new Error("The sandbox does not answer. Start it again with: cargo run");
  });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
  return answer;
}

const get = async (path) => (await ask(path)).json();

const post = (path, body) =>
  ask(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

async function look() {
  const whose = person;
  const [current, faults, steps, messages, undelivered] = await Promise.all([
    get("sandbox/state"),
    get("sandbox/faults"),
    get(`sandbox/steps?after=${timeline.after()}`),
    get(phoneOf(whose)),
    get("sandbox/braze/undelivered"),
  ]);
  state = current;
  showState(state);
  showFaults(faults);
  timeline.show(steps);
  state.conversations.slice(0, MOST_PEOPLE).forEach(({ conversation }) => addPerson(conversation));
  if (whose !== person) return;
  phone.show(messages, undelivered.filter(({ conversation }) => conversation === whose));
  showUnderWay();
}

let timer;
let isLooking = false;

/** Looks now and from then on regularly. */
async function lookRegularly() {
  if (isLooking) return;
  isLooking = true;
  clearTimeout(timer);
  warn("trouble", await look().then(() => "", ({ message }) => message));
  timer = setTimeout(lookRegularly, document.hidden ? EVERY_HIDDEN : EVERY);
  isLooking = false;
}

/** Does what the user asked for, and says in words what failed; whether it was done. */
async function attempt(action) {
  const failure = await action().then(() => "", ({ message }) => message);
  warn("refusal", failure && `Not done. ${failure}`);
  lookRegularly();
  return !failure;
}

const tell = (path, body) => attempt(() => post(path, body));

function warn(id, text) {
  put(id, text);
  $(id).hidden = !text;
}

// The state

function showState({ queue, dead_letters, quarantined, ai, braze }) {
  put("queue", `${queue.waiting} waiting, ${queue.in_flight} in flight`);
  put("dead-letters", dead_letters);
  put("quarantined", quarantined);
  put("ai", ai);
  put("braze", braze);
  $("dead-letters").classList.toggle("bad", dead_letters > 0);
  $("quarantined").classList.toggle("bad", quarantined > 0);
}

function put(id, value) {
  const text = String(value);
  if ($(id).textContent !== text) $(id).textContent = text;
}

// People

const nameOf = (conversation) => conversation.replace(/^(user|braze|alias:[^:]*):/, "").replace(/^\p{Ll}/u, (c) => c.toUpperCase());
const radio = (conversation) => [...$("people").elements].find(({ value }) => value === conversation);

function addPerson(conversation) {
  if (radio(conversation)) return;
  const label = document.createElement("label");
  const input = Object.assign(document.createElement("input"), { type: "radio", name: "person", value: conversation });
  label.title = conversation;
  label.append(input, nameOf(conversation));
  $("people").append(label);
}

function choose(conversation) {
  person = conversation;
  addPerson(person);
  radio(person).checked = true;
  radio(person).parentElement.scrollIntoView({ block: "nearest", inline: "nearest" });
  put("phone-title", `${nameOf(person)}’s phone`);
  phone.clear();
  showUnderWay();
  lookRegularly();
}

function newcomer() {
  const isFree = (name) => !radio(`user:${name}`);
  choose("user:" + (NAMES.find(isFree) ?? `guest-${Date.now() % 100_000}`));
  $("text").focus();
}

// Writing

/** Three dots only where the bot has something to answer and the queue holds what makes it do so. */
function showUnderWay() {
  const { queue, conversations } = state ?? { queue: {}, conversations: [] };
  const { owner = "bot", pending = 0, attempts = 0 } = conversations.find((c) => c.conversation === person) ?? {};
  const facts = [person, owner === "bot" ? "the bot answers" : "a person has taken over"];
  if (pending) facts.push(`${pending} unanswered`);
  if (attempts > 1) facts.push(`attempt ${attempts}`);
  put("about", facts.join(" · "));
  $("typing").hidden = owner !== "bot" || !pending || !(queue.waiting + queue.in_flight);
}

async function say(texts) {
  const whose = person;
  timeline.follow();
  for (const [at, text] of texts.entries()) {
    if (at) await new Promise((done) => setTimeout(done, 700));
    if (!(await tell(`${phoneOf(whose)}/messages`, { text }))) return false;
  }
  return true;
}

async function write(event) {
  event.preventDefault();
  const text = $("text").value;
  if (!text.trim()) return;
  $("text").value = "";
  if (!(await say([text]))) $("text").value ||= text;
}

function suggestion(texts) {
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: texts.join(" ⏎ ") });
  button.addEventListener("click", () => say(texts));
  return button;
}

// What goes wrong

const SENDS = {
  429: { answer: { status: { code: 429, reset: { in_seconds: 3 } } } },
  500: { answer: { status: { code: 500 } } },
  lost: { answer: "cut", processed: true },
};
const kindOf = ({ answer }) => String(answer.status?.code ?? (answer === "cut" ? "lost" : "other"));

function showFaults({ ai, braze, duplicate_deliveries }) {
  const form = $("faults");
  form.elements.ai.value = ai;
  form.elements.webhook_copies.checked = braze.webhook_copies > 0;
  form.elements.re_eligibility_off.checked = braze.re_eligibility_off;
  form.elements.duplicate_deliveries.checked = duplicate_deliveries > 0;
  let count = form.querySelectorAll("[type=checkbox]:checked").length + (ai !== "ok");
  for (const button of form.querySelectorAll("[data-send]")) {
    const due = braze.sends.filter((fault) => kindOf(fault) === button.dataset.send);
    const times = due.reduce((sum, fault) => sum + fault.times, 0);
    button.querySelector("span").textContent = times ? ` (${times})` : "";
    count += times;
  }
  put("fault-count", count ? ` (${count})` : "");
}

/** Changes some of simulated Braze's faults; the others stay as they are at this moment. */
function breakBraze(change) {
  attempt(async () => {
    const { braze } = await get("sandbox/faults");
    await post("sandbox/faults", { braze: { ...braze, ...change(braze) } });
  });
}

function breakByChoice({ target: { name, value, checked } }) {
  if (name === "ai") tell("sandbox/faults", { ai: value });
  else if (name === "duplicate_deliveries") tell("sandbox/faults", { duplicate_deliveries: Number(checked) });
  else if (name === "webhook_copies") breakBraze(() => ({ webhook_copies: Number(checked) }));
  else breakBraze(() => ({ re_eligibility_off: checked }));
}

function breakOnce({ target }) {
  const { send, crash } = target.closest("button")?.dataset ?? {};
  if (send) breakBraze(({ sends }) => ({ sends: [...sends, SENDS[send]] }));
  if (crash) tell("sandbox/faults", { crash });
}

function mend(event) {
  event.preventDefault();
  tell("sandbox/faults", { ai: "ok", braze: {}, duplicate_deliveries: 0, crash: "never" });
}

// curl

/** Stands for the time of the call, which the shell knows; no user types it. */
const TIME = "\u{F8FF}";

/** A body as Braze would render its template, with the words and the person of the page. */
function filled(template) {
  const [isPhone, id] = [person.startsWith("alias:phone:"), person.replace(/^(user|braze|alias:phone):/, "")];
  const values = { inbound_message_body: $("text").value || "When are you open?", language: "en" };
  values[isPhone ? "phone_number" : person.startsWith("braze:") ? "braze_id" : "user_id"] = id;
  return template.replace(/\{\{(.*?)\}\}(?!\})/g, (_, tag) => {
    if (tag.includes("dispatch_id")) return `curl-${TIME}`;
    if (tag.includes("'now'")) return TIME;
    const value = values[tag.match(/\$\{(\w+)\}/)?.[1]] ?? "";
    return tag.includes("json_escape") ? JSON.stringify(value).slice(1, -1) : value;
  });
}

/** Quoted for a shell, with the time of the call where the body wants it. */
const quoted = (text) => `'${text.replaceAll("'", `'\\''`).replaceAll(TIME, `'$(date +%s)'`)}'`;

function showCurl() {
  const { url, webhook_token, documented_body, recommended_body } = state ?? {};
  if (!url) return;
  const command = (body) =>
    `curl ${url}/inbound \\\n  -H ${quoted(`Authorization: Bearer ${webhook_token}`)} \\\n` +
    `  -H 'Content-Type: application/json' \\\n  --data-raw ${quoted(filled(body))}`;
  put("curl-person", nameOf(person));
  put("curl-documented", command(documented_body));
  put("curl-recommended", command(recommended_body));
}

async function copy({ target }) {
  const button = target.closest("[data-copy]");
  if (!button) return;
  const text = button.previousElementSibling;
  getSelection().selectAllChildren(text);
  const copied = await navigator.clipboard?.writeText(text.textContent).then(() => true, () => false);
  button.textContent = copied ? "Copied" : "Press Ctrl+C";
  setTimeout(() => (button.textContent = "Copy"), 1_500);
}

// The beginning

$("write").addEventListener("submit", write);
$("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) write(event);
});
$("people").addEventListener("change", ({ target }) => choose(target.value));
$("newcomer").addEventListener("click", newcomer);
$("clear").addEventListener("click", timeline.clear);
$("faults").addEventListener("change", breakByChoice);
$("faults").addEventListener("click", breakOnce);
$("faults").addEventListener("reset", mend);
$("curl").addEventListener("beforetoggle", showCurl);
document.addEventListener("click", copy);
document.addEventListener("visibilitychange", lookRegularly);

$("suggestions").append(...SUGGESTIONS.map(suggestion));
["user:ada", "user:bruno", "alias:phone:+4915112345678"].forEach(addPerson);
choose(person);
