"use strict";

// How long a line of the edge's log may take to get here.
const LOG_PATIENCE = 60_000;

const element = (name, { text, ...properties } = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...(text === undefined ? children : [text]));
  return made;
};

const post = async (path, body) => {
  const response = await fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
};

// A frame of another origin, as a function that asks in its name.
async function frame(url, sandbox) {
  const frame = element("iframe", { src: url, hidden: true });
  if (sandbox) frame.sandbox = sandbox;
  const waiting = new Map();
  addEventListener("message", ({ source, data }) => {
    if (source !== frame.contentWindow) return;
    waiting.get(data.id)?.(data.answer);
    waiting.delete(data.id);
  });
  const answered = (id) => new Promise((resolve) => waiting.set(id, resolve));
  const ready = answered("ready");
  document.body.append(frame);
  await ready;
  let count = 0;
  return (request) => {
    count += 1;
    frame.contentWindow.postMessage({ id: count, request }, "*");
    return answered(count);
  };
}

// One attempt of a step: what it looks like, and what becomes of it.
class Attempt {
  static count = 0;
  // Rules are in force for all: one runs after the other.
  static turn = Promise.resolve();

  constructor(description, askers, hosts) {
    this.description = description;
    this.askers = askers;
    this.hosts = hosts;
    this.button = element("button", { type: "button", text: "Run", onclick: () => this.runInTurn() });
    this.verdict = element("span", { className: "verdict" });
    this.verdict.setAttribute("role", "status");
    this.page = element("ol", {});
    this.edge = element("ol", {});
    this.view = element(
      "section",
      { id: description.id, className: "attempt" },
      element("header", {}, this.button, element("h3", { text: description.says }), this.verdict),
      element(
        "div",
        { className: "found" },
        element("div", {}, element("h4", { text: "What the page gets" }), this.page),
        element("div", {}, element("h4", { text: "What the edge does" }), this.edge),
      ),
    );
    this.button.setAttribute("aria-label", `Run: ${description.says}`);
    const rules = description.rules ?? description.stored;
    if (rules) {
      const value = JSON.stringify(rules, null, 2);
      this.rules = element("textarea", { value, spellcheck: false, rows: value.split("\n").length });
      const label = description.stored ? "The rules that are put into the store" : "The rules that are put in force";
      this.rules.setAttribute("aria-label", label);
      this.view.append(element("details", {}, element("summary", { text: "Rules, to look at and to change" }), this.rules));
    }
    this.show("", "");
  }

  show(verdict, text) {
    this.view.dataset.verdict = verdict;
    this.verdict.textContent = text;
  }

  line(list, kind, isExpected, text) {
    const line = element("li", { className: kind, text });
    line.dataset.expected = Boolean(isExpected);
    list.append(line);
    this.isExpected &&= Boolean(isExpected);
    return line;
  }

  runInTurn() {
    this.button.disabled = true;
    this.show("running", "waiting");
    Attempt.turn = Attempt.turn.then(() => this.run());
    return Attempt.turn;
  }

  async run() {
    Attempt.count += 1;
    // What is in each URL of this run, and in no other.
    this.id = `${Date.now().toString(36)}-${String(Attempt.count).padStart(4, "0")}`;
    this.view.dataset.run = this.id;
    this.seen = [];
    this.isExpected = true;
    this.isDone = false;
    this.page.replaceChildren();
    this.edge.replaceChildren();
    this.show("running", "running");
    try {
      if (await this.enforce()) await this.description.act(this);
    } catch (error) {
      if (!(error instanceof Unexpected)) this.line(this.page, "page", false, String(error));
    }
    this.isDone = true;
    this.deadline = performance.now() + LOG_PATIENCE;
    this.judge();
    while (this.view.dataset.verdict === "running") {
      await new Promise((resolve) => setTimeout(resolve, 50));
      this.judge();
    }
    this.button.disabled = false;
  }

  // Puts the rules in force, as they stand in the text field: at the edge, or by way of the store.
  async enforce() {
    if (!this.rules) return true;
    const { version, refused } = await post(this.description.stored ? "/stored" : "/rules", this.rules.value);
    if (version) {
      this.line(this.edge, "rules", true, `rules in force, version ${version}`);
      return true;
    }
    for (const text of refused) this.line(this.edge, "rules", false, `rules refused: ${text}`);
    return false;
  }

  // Asks in the name of an origin; the outcome is a status that it may read, or "refused".
  async ask(from, request, outcome) {
    const answer = await this.askers[from](request);
    const found = answer.refused ? "refused" : answer.status;
    const { pathname } = new URL(request.url);
    const asked = `${this.hosts[from]}: ${request.method ?? "GET"} ${pathname}`;
    const text = answer.refused
      ? `refused by the browser (${answer.refused})`
      : `${answer.status}, ${answer.body.length > 60 ? `${answer.body.length} bytes` : JSON.stringify(answer.body)}`;
    const line = this.line(this.page, answer.refused ? "refused" : "read", found === outcome, `${asked}: ${text}`);
    line.dataset.outcome = found;
    if (found !== outcome) throw new Unexpected();
    return answer;
  }

  check(text, holds) {
    this.line(this.page, "page", holds, text);
    if (!holds) throw new Unexpected();
  }

  sign(operation, parameters) {
    return post("/sign", JSON.stringify({ operation, parameters }));
  }

  pause(milliseconds) {
    return new Promise((resolve) => setTimeout(resolve, milliseconds));
  }

  // A line of the edge's log, if it is one of this run.
  logged(line) {
    if (!this.id || !line.path.includes(this.id)) return;
    this.seen.push(line.method);
    const isOurs = line.details.startsWith("bucket_cors_");
    const who = isOurs ? `answered here (${line.details})` : "from the store";
    const cors = line.cors ? `, ${line.cors}` : "";
    const cookie = line.cookie ? `, with ${line.cookie}` : "";
    const text = `${line.method} ${line.status} ${who}${cors}${cookie}`;
    this.edge.append(element("li", { className: "request", text }));
    if (this.isDone) this.judge();
  }

  // Again with each line that comes late.
  judge() {
    const seen = this.seen.join(" ");
    const isMissing = seen !== this.description.edge && this.description.edge.startsWith(seen);
    if (!this.isExpected || (seen !== this.description.edge && !isMissing)) {
      this.show("unexpected", "not as expected");
    } else if (!isMissing) {
      this.show("as-expected", "as expected");
    } else if (performance.now() > this.deadline) {
      this.show("unexpected", `not as expected: the edge saw ${seen || "nothing"}`);
    }
  }
}

class Unexpected extends Error {}

async function main() {
  const places = await (await fetch("/places.json")).json();
  const askers = {
    page: ask,
    sibling: await frame(`${places.sibling}/frame.html`),
    stranger: await frame(`${places.stranger}/frame.html`),
    sandbox: await frame("frame.html", "allow-scripts"),
    isolated: await frame(`${places.stranger}/isolated.html`),
  };
  const host = (url) => new URL(url).hostname;
  const hosts = {
    page: host(places.page),
    sibling: host(places.sibling),
    stranger: host(places.stranger),
    sandbox: "null",
    isolated: `${host(places.stranger)}, isolated`,
  };
  // Of the page's site, and so of the edge's as well.
  document.cookie = "visitor=demo; domain=shop.localhost; samesite=lax";

  const attempts = [];
  const list = document.querySelector("#steps");
  for (const step of stepsFor(places)) {
    const made = step.attempts.map((description) => new Attempt(description, askers, hosts));
    attempts.push(...made);
    list.append(
      element("li", {}, element("h2", { text: step.title }), element("p", { text: step.text }), ...made.map((one) => one.view)),
    );
  }
  for (const [name, url] of Object.entries({ ...places, sandbox: "null, of a sandboxed frame" })) {
    document.querySelector(`#place-${name}`).textContent = url;
  }

  const requests = new EventSource("/requests");
  requests.onmessage = ({ data }) => attempts.forEach((attempt) => attempt.logged(JSON.parse(data)));
  await new Promise((resolve) => requests.addEventListener("ready", resolve, { once: true }));

  const all = document.querySelector("#all");
  all.onclick = async () => {
    all.disabled = true;
    for (const attempt of attempts) await attempt.runInTurn();
    all.disabled = false;
  };
  all.disabled = false;
  document.body.dataset.ready = true;
}

main().catch((error) => {
  document.querySelector("#problem").textContent = `This page does not work here: ${error}`;
});
