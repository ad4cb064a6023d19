// The panels beside the phone: one is shown at a time, and on a wide screen the way of the message always.

const list = document.getElementById("tabs");
const tabs = [...list.querySelectorAll("[role=tab]")];
const wide = matchMedia("(min-width: 84rem)");

const panelOf = (tab) => document.getElementById(tab.getAttribute("aria-controls"));
const offered = () => tabs.filter((tab) => !(wide.matches && tab.id === "tab-way"));

function select(chosen, focus = false) {
  const stays = wide.matches ? document.getElementById("tab-way") : null;
  for (const tab of tabs) {
    tab.ariaSelected = String(tab === chosen);
    tab.tabIndex = tab === chosen ? 0 : -1;
    tab.hidden = tab === stays;
    panelOf(tab).role = tab === stays ? "region" : "tabpanel";
    panelOf(tab).hidden = tab !== chosen && tab !== stays;
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
fit();
