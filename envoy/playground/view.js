// Shows what the worker found.

import { curlOf } from "./exchanges.js";
import { element, find, say } from "./dom.js";
import { show } from "./header-map.js";
import { nameOf, reasonOf, verdictOf } from "./verdict.js";

/** Response phrases, as HTTP/1.1 has them. */
const PHRASES = {
  200: "OK", 201: "Created", 204: "No Content", 206: "Partial Content", 301: "Moved Permanently", 302: "Found",
  304: "Not Modified", 307: "Temporary Redirect", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden",
  404: "Not Found", 416: "Range Not Satisfiable", 429: "Too Many Requests", 500: "Internal Server Error",
  502: "Bad Gateway", 503: "Service Unavailable",
};

export function render(reply, state) {
  const verdict = verdictOf(reply);
  find("verdict").dataset.tone = verdict.tone;
  say(find("verdict-title"), verdict.title);
  say(find("verdict-text"), verdict.text);
  renderFindings(reply);
  renderBrowser(reply);
  renderWrong(reply.wrong);
  renderOperation(reply.operation);
  const answers = reply.answers ?? [];
  find("exchanges").replaceChildren(...answers.map((answer, index) => exchange(answer, index, reply, state)));
  find("each-rule").hidden = !reply.bucket;
  find("terminal").hidden = answers.length === 0;
  const applied = reply.verdicts?.[0]?.rule;
  find("rule-list").replaceChildren(...(reply.rules ?? []).map((rule, index) => ruleItem(rule, index, applied)));
  if (reply.bucket) {
    const none = reply.rules.length === 0 ? ": it has none" : "";
    say(find("each-title"), `Rule by rule, bucket ${reply.bucket.name}${none}`);
  }
  say(find("curl"), answers[0] ? curlOf(answers[0].head) : "");
}

function renderBrowser(reply) {
  const { browser } = reply;
  const target = find("browser");
  const words = {
    allowed: "Allowed by a browser. ", refused: "Refused by a browser. ", none: "No matter for a browser. ", unknown: "Not known. ",
  };
  target.dataset.tone = { allowed: "good", refused: "bad" }[browser?.outcome] ?? "none";
  target.replaceChildren(
    ...(browser ? [element("b", {}, words[browser.outcome]), browser.text] : [reply.wrong?.impossible.length > 0 ? "None: there is no such exchange." : "None: there are no rules in force."]),
  );
}

/** How a client's operation ends. */
function renderOperation(operation) {
  find("operation").hidden = !operation;
  if (!operation) return;
  const { title, remark, requests, fails, recipe } = operation;
  const isLess = requests.some(({ wants }) => wants.length > 0);
  say(find("operation-title"), `${title}: ${fails ? "fails" : isLess ? "works with less" : "works"}`);
  say(find("operation-text"), remark ?? "");
  const lacks = ({ outcome, needs, wants, text }) => {
    const unread = [...needs, ...wants].join(", ");
    return outcome === "allowed" && unread ? `It cannot read ${unread}. ${text}` : text;
  };
  find("operation-requests").replaceChildren(
    ...requests.map((it) => {
      const detail = it.request;
      const show = ({ target }) => target.dispatchEvent(new CustomEvent("show", { detail, bubbles: true }));
      const isBad = it.outcome === "refused" || it.needs.length > 0;
      const button = element("button", { type: "button", onclick: show }, detail.method);
      return element("li", { "data-tone": isBad ? "bad" : "good" }, button, " ", lacks(it));
    }),
  );
  say(find("recipe"), recipe);
}

function renderWrong(wrong) {
  const lines = [...(wrong?.extra ?? []), ...(wrong?.storeHeaders ?? [])];
  const left = lines.length > 0 ? [`No header, so left out: ${lines.join("; ")}`] : [];
  say(find("wrong"), [...(wrong?.impossible ?? []), ...left].join(". "));
}

function renderFindings({ findings, summary = "" }) {
  const { shown = [], more = 0 } = findings ?? {};
  const rest = more > 0 ? `; ${more} more not shown here` : "";
  say(find("summary"), summary ? `${summary[0].toUpperCase()}${summary.slice(1)}${rest}` : "");
  find("findings").replaceChildren(...shown.map(findingItem));
}

function findingItem({ severity, pointer, place, sentence, code }) {
  const isError = severity === "error";
  const shown = pointer || "(document)";
  const button = () => element("button", { type: "button", onclick: () => select(place) }, `${shown}, line ${place.line}`);
  return element(
    "li",
    { "data-tone": isError ? "bad" : "warn" },
    element("b", {}, isError ? "Error" : "Warning"),
    " ",
    place ? button() : undefined,
    element("br"),
    `${sentence} `,
    code ? element("code", {}, code) : undefined,
  );
}

/** Puts the cursor where the trouble is, and that into view. */
function select({ start, end, line }) {
  const rules = find("rules");
  rules.focus();
  rules.setSelectionRange(start, end);
  const height = parseFloat(getComputedStyle(rules).lineHeight);
  rules.scrollTop = Math.max(0, (line - 4) * height);
}

function exchange(answer, index, reply, state) {
  const isPreflight = (state.kind === "preflight") === (index === 0);
  const title = isPreflight ? "Preflight" : "Actual request";
  const id = `exchange-${index}`;
  const heading = (note) => element("h3", { id }, title, element("span", {}, note));
  if (isPreflight && index > 0 && !reply.isAsked) {
    const why = reply.page.origin ? "A browser sends none before this request." : "Without an Origin there is none.";
    return element("section", { class: "exchange", "aria-labelledby": id }, heading("not needed"), element("p", {}, why));
  }
  const by = answer.by === "edge" ? "answered by the edge" : "answered by the store, through the edge";
  const notes = ["what was asked", isPreflight ? "sent before it" : "what follows, once allowed"];
  return element(
    "section",
    { class: "exchange", "aria-labelledby": id, "data-part": isPreflight ? "preflight" : "actual" },
    heading(`${notes[index === 0 ? 0 : 1]}, ${by}`),
    element("pre", { class: "sent" }, ...requestLines(answer.head)),
    element("pre", { class: "received" }, ...responseLines(answer)),
    accessLog(answer),
  );
}

/** What the filter adds to the proxy's access log. */
function accessLog({ details, properties }) {
  const parts = properties.map(([name, value]) => `${name}: ${show(value)}`);
  if (details) parts.unshift(details);
  if (parts.length === 0) return undefined;
  return element("p", { class: "log" }, "Access log: ", element("code", {}, parts.join("; ")));
}

const line = (text) => element("span", { class: "line" }, text);

function requestLines({ method, authority, path, headers }) {
  return [line(`${method} ${path} HTTP/1.1`), line(`Host: ${authority}`), ...headers.map((pair) => line(pair.join(": ")))];
}

/** The response as it leaves, and beside it what the filter made of the store's. */
function responseLines(answer) {
  const texts = answer.headers.map(([name, value]) => [name, show(value)]);
  const sent = answer.by === "store" ? answer.sent.map(([name, value]) => [name, show(value)]) : [];
  const has = (list, [name, value]) => list.some((other) => other[0] === name && other[1] === value);
  const added = (pair) => (answer.by === "store" && !has(sent, pair) ? "+" : undefined);
  const header = ([name, value], mark, note) =>
    element(
      "span",
      { class: "line", "data-mark": mark, "data-tone": mark === "+" ? "good" : undefined },
      note ? element("span", { class: "note" }, note) : undefined,
      element("b", {}, `${name}:`),
      ` ${value}`,
    );
  const body = show(answer.body);
  return [
    element("span", { class: "line status" }, `HTTP/1.1 ${answer.status} ${PHRASES[answer.status] ?? ""}`.trimEnd()),
    ...texts.map((pair) => header(pair, added(pair), added(pair) && "set by the edge, ")),
    ...sent.filter((pair) => !has(texts, pair)).map((pair) => header(pair, "−", "taken off by the edge, ")),
    body ? element("span", { class: "body" }, body.trimEnd()) : undefined,
  ].filter(Boolean);
}

/** Each check of a rule in the order of the filter. What comes after the first that fails was not looked at. */
function ruleItem(rule, index, applied) {
  const checks = [
    ["origin", "Origin", rule.origins],
    ["method", "Method", rule.methods],
    ["header", "Headers", rule.headers],
  ];
  const { rule: matched, reason } = rule.alone ?? {};
  const failed = matched === undefined ? checks.findIndex(([name]) => name === reason) : checks.length;
  const mark = (at) => (failed < 0 || at > failed ? "none" : at === failed ? "bad" : "good");
  const isApplied = index === applied;
  let result = `fails at ${reason}`;
  if (isApplied) result = "applies";
  else if (matched !== undefined) result = `would apply, but rule ${applied} comes first`;
  else if (failed < 0) result = reason ? reasonOf(reason) : "not tried";
  const tone = isApplied ? "good" : matched === undefined && failed >= 0 ? "bad" : "none";
  const name = nameOf(index, rule);
  const says = { good: "holds", bad: "fails", none: "not looked at" };
  return element(
    "li",
    { "data-tone": tone },
    element("h4", {}, `${name[0].toUpperCase()}${name.slice(1)}`, element("span", {}, result)),
    element(
      "dl",
      {},
      ...checks.map(([, title, values], at) =>
        element(
          "div",
          {},
          element("dt", { "data-tone": mark(at) }, title, element("span", { class: "note" }, `, ${says[mark(at)]}`)),
          element("dd", {}, values.join(", ") || "none"),
        ),
      ),
    ),
  );
}
