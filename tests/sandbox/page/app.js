// The page of the sandbox: what the sandbox says goes to the parts of the page, and what the user does to the sandbox.

import { attempt, pathOf, post } from "./calls.js";
import * as curl from "./curl.js";
import * as customer from "./customer.js";
import * as desk from "./desk.js";
import { $, button, put, warn } from "./element.js";
import * as faults from "./faults.js";
import * as liquid from "./liquid.js";
import * as live from "./live.js";
import * as people from "./people.js";
import * as phone from "./phone.js";
import "./tabs.js";
import * as timeline from "./timeline.js";

const SUGGESTIONS = [
  ["When are you open?"],
  ["I want to talk to a human"],
  ["hi", "a question", "can I pay with PayPal?"],
  ['A friend said "delivery is free" \\o/ Is it?'],
  ['How can I pay?", "user_id": "bruno'],
  ["Can I *really* pay\n- by card\n- by _PayPal_?"],
];
const BETWEEN_MESSAGES = 700;

let person = "user:ada";
let state = null;
let known = null;

// What the sandbox says

function showState(current) {
  state = current;
  if (timeline.of(state.run)) liquid.anew();
  const { queue, dead_letters, quarantined, ai, braze } = state;
  put($("queue"), `${queue.waiting} waiting, ${queue.in_flight} in flight`);
  put($("dead-letters"), dead_letters);
  put($("quarantined"), quarantined);
  put($("ai"), ai);
  put($("braze"), braze);
  liquid.isSimulated(braze === "simulated");
  $("dead-letters").classList.toggle("bad", dead_letters > 0);
  $("quarantined").classList.toggle("bad", quarantined > 0);
  people.offer(state.conversations.map(({ phone }) => phone));
  desk.know(state.agent_token, (conversation) => headOf(conversation)?.owner === "person");
  showUnderWay();
  showOnly();
  showCustomer();
}

function takeCustomer(current) {
  if (current.conversation !== person) return;
  known = current;
  phone.show(known.messages, known.undelivered);
  customer.showLanguage(known.profile?.language);
  showCustomer();
}

function showCustomer() {
  if (known) customer.show(known.conversation, known.profile, headOf(known.conversation));
}

/** What is known of who answers a phone: Dragoman may keep its conversation under another name. */
const headOf = (whose) => state?.conversations.find(({ conversation, phone }) => conversation === whose || phone === whose);

/** Three dots only where the bot has something to answer and the queue holds what makes it do so. */
function showUnderWay() {
  const { owner = "bot", pending = 0, attempts = 0 } = headOf(person) ?? {};
  const facts = [person, owner === "bot" ? "the bot answers" : "a person has taken over"];
  if (pending) facts.push(`${pending} unanswered`);
  if (attempts > 1) facts.push(`attempt ${attempts}`);
  put($("about"), facts.join(" · "));
  const { waiting = 0, in_flight = 0 } = state?.queue ?? {};
  $("typing").hidden = owner !== "bot" || !pending || !(waiting + in_flight);
}

const showSteps = (steps) => liquid.hear(timeline.show(steps));

// Whose phone

function choose(conversation) {
  person = conversation;
  known = null;
  people.mark(person);
  put($("phone-title"), `${people.nameOf(person)}’s phone`);
  phone.clear();
  desk.beside(person);
  customer.show(person, null);
  showUnderWay();
  showOnly();
  live.lookAt(person);
}

function meet(conversation) {
  choose(conversation);
  $("text").focus();
}

const showOnly = () => timeline.showOnly($("only").checked ? [person, headOf(person)?.conversation] : []);

// Writing

const send = (conversation, message) => attempt(() => post(`${pathOf("phones", conversation)}/messages`, message));

async function say(texts) {
  const whose = person;
  timeline.follow();
  for (const [at, text] of texts.entries()) {
    if (at) await new Promise((done) => setTimeout(done, BETWEEN_MESSAGES));
    if (!(await send(whose, { text }))) return false;
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

/** Sends a picture with what was typed as its caption. Only its address travels, as from Braze. */
async function sendPicture() {
  const text = $("text").value.trim();
  $("text").value = "";
  await send(person, { text, media_urls: `https://media.example/photo-${Date.now() % 10_000}.jpg` });
}

const suggestion = (texts) => button(texts.join(" ⏎ "), () => say(texts));

// The beginning

$("write").addEventListener("submit", write);
$("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) write(event);
});
$("picture").addEventListener("click", sendPicture);
$("people").addEventListener("change", ({ target }) => choose(target.value));
$("new-customer").addEventListener("click", () => meet(people.newCustomer()));
$("new-number").addEventListener("click", () => meet(people.newNumber()));
$("only").addEventListener("change", showOnly);
$("clear").addEventListener("click", timeline.clear);
$("curl").addEventListener("beforetoggle", () => curl.show(state, person, $("text").value));
phone.onTap((text) => say([text]));
desk.begin(choose);
live.listen(
  { state: showState, faults: faults.show, liquid: liquid.show, desk: desk.show, customer: takeCustomer, steps: showSteps },
  (trouble) => warn("trouble", trouble),
);

$("suggestions").append(...SUGGESTIONS.map(suggestion));
people.offer(["user:ada", "user:bruno", "alias:phone:+4915112345678"]);
choose(person);
