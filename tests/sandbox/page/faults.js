// What goes wrong on purpose, and what the customer sees of it.

import { attempt, get, post } from "./calls.js";
import { $, button, element, put } from "./element.js";

const PATH = "sandbox/faults";

const AI = [
  ["ok", "works", ""],
  ["slow", "takes five seconds longer", "the answer five seconds later; what they write meanwhile is answered with it."],
  ["down", "cannot be reached", "after some seconds that a colleague answers; the desk has the conversation."],
  ["nonsense", "answers nonsense", "the same as when it cannot be reached: what is no answer never goes out."],
];

const status = (code, more = {}) => ({ answer: { status: { code, ...more } } });
const SENDS = [
  ["429", "Braze answers 429: too many", "the answer once Braze takes calls again, three seconds later.", status(429, { reset: { in_seconds: 3 } })],
  ["500", "Braze answers 500", "the answer some seconds later.", status(500)],
  ["502", "A proxy answers 502 with a page", "the answer a second later; nothing with --on-unknown flag, since Braze may have sent it.", status(502, { body: "html" })],
  ["lost", "Braze accepts it, its answer is lost", "the answer twice; once with --on-unknown flag.", { answer: "cut", processed: true }],
  ["cut_in_body", "Braze accepts it, its answer breaks off", "the answer once: a 2xx is enough.", { answer: "cut_in_body", processed: true }],
  ["silence", "Braze never answers", "the answer after the time-out; nothing with --on-unknown flag.", { answer: "silence" }],
];
const TRACKS = [["track", "/users/track answers 500", "the answer; the facts reach the profile when it is tried again.", status(500)]];
const CRASHES = [
  ["before_send", "The responder dies before it sends", "the answer a minute later, when the queue delivers again."],
  ["after_send", "The responder dies after it sent", "the answer, and a minute later once more; only once with --on-unknown flag."],
];
const SWITCHES = [
  ["webhook_copies", "Braze sends each webhook twice", "one answer.", "braze", 1],
  ["duplicate_deliveries", "The queue delivers everything twice", "one answer.", null, 1],
  ["queue_down", "The queue is down", "nothing yet: the door says 503, and Braze tries again a few times.", null, true],
  ["desk_down", "The desk is down", "that nobody can be reached now; the hand-off is kept and told later.", null, true],
  ["delay_ms", "Braze answers after two seconds", "the answer in time: it is on the phone before Braze says so.", "braze", 2_000],
  ["re_eligibility_off", "Braze’s campaigns are not re-eligible", "one answer, and then never again.", "braze", true],
];

const counts = new Map();
let inForce = {};

/** Shows the faults in force, as the sandbox says them. */
export function show(faults) {
  inForce = faults;
  const form = $("faults");
  form.elements.ai.value = faults.ai;
  let count = faults.ai === "ok" ? 0 : 1;
  for (const [name, , , within] of SWITCHES) {
    const box = form.elements[name];
    box.checked = Number((within ? faults[within] : faults)[name]) > 0;
    count += box.checked;
  }
  for (const [key, node] of counts) {
    const times = timesOf(key);
    put(node, times ? `next ${times > 1 ? `${times} times` : "time"}` : "");
    count += times;
  }
  put($("fault-count"), count ? ` (${count})` : "");
  $("mend").disabled = !count;
}

function timesOf(key) {
  if (CRASHES.some(([crash]) => crash === key)) return Number(inForce.crash === key);
  const due = [...inForce.braze.sends.map((fault) => [fault, ""]), ...inForce.braze.tracks.map((fault) => [fault, "track"])];
  return due.filter(([fault, kind]) => (kind || kindOf(fault)) === key).reduce((sum, [{ times }]) => sum + times, 0);
}

function kindOf({ answer }) {
  if (answer.status) return String(answer.status.code);
  return answer === "cut" ? "lost" : answer;
}

let changed = Promise.resolve();

/** Changes some of simulated Braze's faults; the others stay as they are at this moment. One change after the other. */
function breakBraze(change) {
  const broken = async () => {
    const { braze } = await get(PATH);
    await post(PATH, { braze: { ...braze, ...change(braze) } });
  };
  changed = changed.then(() => attempt(broken));
  return changed;
}

const set = (faults) => attempt(() => post(PATH, faults));

function flip(name, within, value, on) {
  const to = on ? value : typeof value === "number" ? 0 : false;
  return within ? breakBraze(() => ({ [name]: to })) : set({ [name]: to });
}

const sees = (text) => element("small", { textContent: text && `The customer sees: ${text}` });

function option(type, name, value, label, seen, action) {
  const input = element("input", { type, name, value });
  input.addEventListener("change", action);
  return element("label", {}, input, element("span", {}, label, sees(seen)));
}

function once(key, label, seen, action) {
  const due = element("span", { className: "due" });
  counts.set(key, due);
  const node = button(label, action);
  node.dataset.fault = key;
  return element("div", { className: "once" }, node, due, sees(seen));
}

function group(title, ...children) {
  return element("fieldset", {}, element("legend", { textContent: title }), ...children);
}

$("faults").append(
  group("The AI", ...AI.map(([value, label, seen]) => option("radio", "ai", value, label, seen, () => set({ ai: value })))),
  group(
    "The next call to Braze",
    ...SENDS.map(([key, label, seen, fault]) => once(key, label, seen, () => breakBraze(({ sends }) => ({ sends: [...sends, fault] })))),
    ...TRACKS.map(([key, label, seen, fault]) => once(key, label, seen, () => breakBraze(({ tracks }) => ({ tracks: [...tracks, fault] })))),
  ),
  group("The next reply", ...CRASHES.map(([key, label, seen]) => once(key, label, seen, () => set({ crash: key })))),
  group(
    "From now on",
    ...SWITCHES.map(([name, label, seen, within, value]) =>
      option("checkbox", name, "on", label, seen, ({ target }) => flip(name, within, value, target.checked)),
    ),
  ),
);
$("faults").addEventListener("submit", (event) => event.preventDefault());
$("mend").addEventListener("click", () =>
  set({ ai: "ok", braze: {}, duplicate_deliveries: 0, crash: "never", desk_down: false, queue_down: false }),
);
