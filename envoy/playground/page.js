// The page: takes what is typed to the worker, and the answer to the view.

import { withoutXml } from "./bare.js";
import { operations, typed } from "./clients.js";
import { element, find, say } from "./dom.js";
import { REQUESTS, RULES } from "./examples.js";
import { DEFAULTS, fromFragment, toFragment } from "./state.js";
import { render } from "./view.js";

/** How long nobody has typed, in milliseconds. */
const PAUSE = 120;
const LINK_PAUSE = 400;

/** How long an answer may take, and how long where another question waits for it already. */
const PATIENCE = 60_000;
const SHORT_PATIENCE = 2_000;

const FIELDS = ["rules", "method", "url", "origin", "client", "names", "credentials", "extra", "storeStatus", "storeHeaders"];
const field = (name) => find(name);
const kinds = () => document.querySelectorAll('input[name="kind"]');

const sample = await (await fetch("cors.json")).text();
const initial = { ...DEFAULTS, rules: sample, url: `${location.origin}/oss-cors-test/test.txt` };

function read() {
  const state = Object.fromEntries(
    FIELDS.map((name) => [name, field(name).type === "checkbox" ? field(name).checked : field(name).value]),
  );
  state.kind = [...kinds()].find((kind) => kind.checked).value;
  return state;
}

function write(state) {
  for (const name of FIELDS) {
    if (field(name).type === "checkbox") field(name).checked = state[name];
    // The same text again would take the cursor away.
    else if (field(name).value !== state[name]) field(name).value = state[name];
  }
  for (const kind of kinds()) kind.checked = kind.value === state.kind;
}

// One question at a time, and of those that come meanwhile the last.

let worker;
let asked;
let waiting;
let count = 0;
let patience;

function start() {
  worker = new Worker("worker.js", { type: "module" });
  worker.onmessage = ({ data }) => {
    if (data.number === asked?.number) answered(data);
  };
  worker.onerror = () => answered({ failure: "It needs a browser with modules, workers and WebAssembly." });
}

function ask(state) {
  if (asked) {
    waiting = state;
    clearTimeout(patience);
    patience = setTimeout(giveUp, SHORT_PATIENCE);
    return;
  }
  asked = { number: (count += 1), state };
  find("answer").setAttribute("aria-busy", "true");
  worker.postMessage({ number: count, state: { ...state, rules: withoutXml(state.rules) }, here: location.host });
  patience = setTimeout(giveUp, PATIENCE);
}

function answered(reply) {
  clearTimeout(patience);
  const { state } = asked ?? { state: read() };
  asked = undefined;
  if (waiting) {
    const next = waiting;
    waiting = undefined;
    return ask(next);
  }
  render(reply, state);
  find("answer").removeAttribute("aria-busy");
  find("main").dataset.answered = String(count);
}

function giveUp() {
  worker.terminate();
  start();
  answered({ failure: "These rules take too long to load." });
}

// As one types.

let pause;
let linkPause;

function changed({ now = false } = {}) {
  clearTimeout(pause);
  clearTimeout(linkPause);
  pause = setTimeout(() => ask(read()), now ? 0 : PAUSE);
  linkPause = setTimeout(putLink, LINK_PAUSE);
}

async function putLink() {
  const fragment = await toFragment(read(), initial);
  if (fragment === undefined) return false;
  if (fragment !== location.hash) history.replaceState(null, "", fragment || location.pathname);
  return true;
}

/** Puts an example in place. Back brings back what was there. */
async function apply(change) {
  await putLink();
  history.pushState(null, "", location.href);
  write({ ...read(), ...change });
  await putLink();
  changed({ now: true });
}

async function follow() {
  write((await fromFragment(location.hash, initial)) ?? initial);
  changed({ now: true });
}

async function share() {
  const isPut = await putLink();
  let said = "Too long for a link";
  if (isPut) {
    said = await navigator.clipboard.writeText(location.href).then(
      () => "Copied",
      () => "It is in the address bar",
    );
  }
  say(find("shared"), said);
  setTimeout(() => say(find("shared"), ""), 3_000);
}

for (const button of document.querySelectorAll("[data-rules]")) {
  button.addEventListener("click", () => apply({ rules: RULES[button.dataset.rules](sample) }));
}
for (const button of document.querySelectorAll("[data-request]")) {
  const { kind, method, url, origin, names, credentials } = initial;
  const example = { kind, method, url, origin, names, credentials, ...REQUESTS[button.dataset.request] };
  button.addEventListener("click", () => apply(example));
}
// A client's operation: its first request goes into the fields, and the rest beside the answer.
const known = await operations();
for (const [client, its] of Map.groupBy(known, ({ client: of }) => of)) {
  const options = its.map(({ operation, choice }) => element("option", { value: choice }, `${client.name}, ${operation.name}`));
  find("client").append(element("optgroup", { label: client.title }, ...options));
}
find("client").addEventListener("change", ({ target }) => {
  const chosen = known.find(({ choice }) => choice === target.value);
  apply({ client: target.value, ...(chosen ? typed(chosen.operation.requests[0]) : {}) });
});
find("operation").addEventListener("show", ({ detail }) => apply(typed(detail)));
find("request").addEventListener("submit", (event) => event.preventDefault());
find("share").addEventListener("click", share);
for (const target of [find("rules"), find("request")]) target.addEventListener("input", () => changed());
for (const event of ["popstate", "hashchange"]) addEventListener(event, follow);

start();
await follow();
