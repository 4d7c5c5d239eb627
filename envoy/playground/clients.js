// What real clients were recorded to send and read: the file that the command-line tool has too.

import { exposes, judge } from "./browser.js";
import { exchangesOf } from "./exchanges.js";
import { explain } from "./explain.js";

const recorded = fetch("clients.json").then((answer) => answer.json());

/** Every operation as `{ client, operation, choice }`; `choice` is how a link names it. */
export async function operations() {
  return (await recorded).flatMap((client) =>
    client.operations.map((operation) => ({ client, operation, choice: `${client.name}: ${operation.name}` })),
  );
}

/** A recorded request as a person would type it. */
export const typed = ({ method, preflight, range }) => ({
  kind: "actual",
  method,
  names: (preflight ?? []).join(", "),
  credentials: false,
  extra: range ? "range: bytes=0-1023" : "",
});

/**
 * How the chosen operation ends with these rules: `{ title, requests, fails, recipe }`; undefined where none is chosen.
 */
export async function play(module, state, here) {
  const chosen = (await operations()).find(({ choice }) => choice === state.client);
  if (!chosen) return undefined;
  const { client, operation } = chosen;
  const sent = operation.requests.map((request) => {
    const origin = request.no_cors ? "" : state.origin;
    return { request, ...exchangesOf({ ...state, ...typed(request), origin }, here) };
  });
  const exchanges = sent.flatMap(({ preflight, actual }) => [preflight, actual]);
  const { answers, isLoaded } = explain(module, { configuration: state.rules, exchanges });
  if (!isLoaded) return undefined;
  const requests = sent.map(({ request, page }, index) => {
    const [preflight, actual] = answers.slice(2 * index);
    const { outcome, text } = judge({ ...page, isAsked: Boolean(request.preflight) }, preflight, actual);
    const unread = (names = []) => names.filter((name) => outcome === "allowed" && !exposes(actual.headers, name));
    return { request, outcome, text, needs: unread(request.needs), wants: unread(request.wants) };
  });
  const fails = requests.some(({ outcome, needs }) => outcome === "refused" || needs.length > 0);
  const title = `${client.title}, ${operation.name}`;
  return { title, remark: operation.remark, requests, fails, recipe: recipe(operation, client.name, state.origin) };
}

/** A rule that lists what the operation sends and reads, and no more. */
function recipe({ requests }, id, origin) {
  const asked = requests.filter(({ no_cors: isNoCors }) => !isNoCors);
  const names = (of) => [...new Set(asked.flatMap(of))].sort();
  // The names of metadata are the page's own. In an exposed header there can be no star.
  const headers = names(({ preflight }) => (preflight ?? []).map((name) => name.replace(/^(x-\w+-meta-).*/, "$1*")));
  const exposed = names(({ needs, wants }) => [...(needs ?? []), ...(wants ?? [])].filter((name) => !name.includes("*")));
  const rule = {
    ID: id,
    AllowedOrigins: [origin],
    AllowedMethods: names(({ method }) => method),
    AllowedHeaders: headers.length > 0 ? headers : undefined,
    ExposeHeaders: exposed.length > 0 ? exposed : undefined,
    MaxAgeSeconds: 600,
  };
  return JSON.stringify({ CORSRules: [rule] }, null, 2);
}
