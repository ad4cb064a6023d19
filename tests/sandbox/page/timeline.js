// The way of the message: every step the sandbox took, the newest at the bottom.

const KINDS = { webhook: "Webhook", queue: "Queue", store: "Store", ai: "AI", braze: "Braze", fault: "Fault" };
const MOST_SHOWN = 1000;
/** A webhook after so many milliseconds of silence begins a new way. */
const SILENCE = 300;
/** So many begin one even if the last way never came to a reply. */
const LONG_SILENCE = 15_000;

const list = document.getElementById("steps");
const template = document.getElementById("step");
let last = null;
let way = { start: 0, latest: 0, answered: true };

/** The number to ask the steps after: the last one is asked for again, to notice when the sandbox was started anew. */
export function after() {
  return Math.max(0, (last?.seq ?? 0) - 1);
}

/** Adds what is new in `steps`, an answer to `/sandbox/steps`. */
export function show(steps) {
  if (last && !steps.some((step) => step.seq === last.seq && step.at === last.at)) return forget();
  const atBottom = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  const fresh = steps.filter((step) => step.seq > (last?.seq ?? 0));
  for (const step of fresh) {
    if (beginsWay(step)) begin(step);
    list.append(line(step));
    way.answered ||= step.kind === "braze";
    if (step.kind !== "fault") way.latest = step.at;
    last = step;
  }
  while (list.children.length > MOST_SHOWN) list.firstChild.remove();
  if (fresh.length && atBottom) follow();
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

/** Begins again: the next answer holds everything there is. */
function forget() {
  clear();
  last = null;
}

function beginsWay(step) {
  if (!list.children.length) return true;
  return step.kind === "webhook" && step.at - way.latest > (way.answered ? SILENCE : LONG_SILENCE);
}

function begin(step) {
  way = { start: step.at, latest: step.at, answered: false };
  const heading = document.createElement("li");
  heading.className = "begin";
  heading.textContent = new Date(step.at).toLocaleTimeString("en-GB");
  list.append(heading);
}

function line(step) {
  const item = template.content.cloneNode(true).firstElementChild;
  const put = (name, text) => (item.querySelector("." + name).textContent = text);
  item.classList.add(step.kind);
  put("offset", offset(step.at - way.start));
  put("kind", KINDS[step.kind] ?? step.kind);
  put("event", step.title);
  put("who", (step.conversation ?? "").replace(/^user:|^alias:phone:/, ""));
  item.firstElementChild.addEventListener("toggle", () => {
    item.querySelector("pre").textContent = exact(step.body);
    item.scrollIntoView({ block: "nearest" });
  });
  return item;
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
