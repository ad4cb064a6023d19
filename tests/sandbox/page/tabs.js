// The panels: beside the phone one is shown at a time, and on a wide screen the way of the message always. On a narrow screen, as
// of a phone, the phone is one of them, and the tabs stand below, where a thumb reaches them.

const list = document.getElementById("tabs");
const tabs = [...list.querySelectorAll("[role=tab]")];
const wide = matchMedia("(min-width: 84rem)");
const narrow = matchMedia("(max-width: 52rem)");

const panelOf = (tab) => document.getElementById(tab.getAttribute("aria-controls"));
/** Whether the tab's panel is shown whatever is chosen. */
const stays = ({ id }) => (id === "tab-way" && wide.matches) || (id === "tab-phone" && !narrow.matches);
const offered = () => tabs.filter((tab) => !stays(tab));

function select(chosen, focus = false) {
  for (const tab of tabs) {
    tab.ariaSelected = String(tab === chosen);
    tab.tabIndex = tab === chosen ? 0 : -1;
    tab.hidden = stays(tab);
    panelOf(tab).role = stays(tab) ? "region" : "tabpanel";
    panelOf(tab).hidden = tab !== chosen && !stays(tab);
  }
  if (focus) chosen.focus();
}

/** Shows the panel of this name. */
export function show(name) {
  select(document.getElementById(`tab-${name}`));
}

function fit() {
  const chosen = tabs.find((tab) => tab.ariaSelected === "true");
  select(offered().includes(chosen) ? chosen : offered()[0]);
}

list.addEventListener("click", ({ target }) => {
  const tab = target.closest("[role=tab]");
  if (tab) select(tab);
});
list.addEventListener("keydown", (event) => {
  const within = offered();
  const at = within.indexOf(event.target.closest("[role=tab]"));
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: within.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  select(within[(to + within.length) % within.length], true);
});
wide.addEventListener("change", fit);
narrow.addEventListener("change", fit);
fit();
if (narrow.matches) show("phone");
