// What the sandbox says by itself: one stream of server-sent events, taken up again where it broke.

const EVENTS = ["state", "faults", "liquid", "desk", "customer", "steps"];
const FIRST_WAIT = 500;
const LONGEST_WAIT = 5_000;
const SILENT = "The sandbox does not answer. Start it again with: cargo run";

let source = null;
let timer;
let wait = FIRST_WAIT;
let last = "";
let whose = "";
let hears = {};
let says = () => {};

/** Begins to listen: `handlers` by event, and `trouble` for what to tell the user while nothing comes. */
export function listen(handlers, trouble) {
  hears = handlers;
  says = trouble;
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
}

/** Looks at the phone of `conversation` from now on. */
export function lookAt(conversation) {
  whose = conversation;
  wait = FIRST_WAIT;
  open();
}

function close() {
  clearTimeout(timer);
  source?.close();
  source = null;
}

function open() {
  close();
  if (document.hidden) return;
  const query = new URLSearchParams({ conversation: whose, after: last });
  const opened = new EventSource(`sandbox/live?${query}`);
  source = opened;
  for (const name of EVENTS) {
    opened.addEventListener(name, (event) => {
      if (source !== opened) return;
      wait = FIRST_WAIT;
      says("");
      if (name === "steps") last = event.lastEventId;
      hears[name](JSON.parse(event.data));
    });
  }
  opened.addEventListener("error", () => {
    if (source !== opened) return;
    close();
    says(SILENT);
    timer = setTimeout(open, wait);
    wait = Math.min(2 * wait, LONGEST_WAIT);
  });
}
