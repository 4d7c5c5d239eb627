// From what a person typed to requests: the one that was chosen, and the other half of what a browser would send.

import { needsPreflight, normalisedMethod } from "./browser.js";
import { HeaderMap, bytesOf } from "./header-map.js";
import { parseHeaders, requestMap, targetOf } from "./request.js";

/** What the sample's stand-in for a store answers. */
const BODY = "just for test";

const NO_BODY = [204, 304];

/** The header names that a page sets, as a browser lists them: in lower case, sorted, without blanks. */
export const namesIn = (text) =>
  [...new Set(text.split(/[\s,]+/).filter(Boolean).map((name) => name.toLowerCase()))].sort();

/** What nobody can send or answer, in sentences. */
function impossible({ url, method, storeStatus }, authority) {
  const said = [];
  // RFC 9110 section 9.1: a method is a token.
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]*$/.test(method.trim())) said.push(`No method: ${method.trim()}`);
  if (!authority || !URL.canParse(`http://${authority}/`)) said.push(`No URL that has a host: ${url.trim()}`);
  if (!/^([2-5]\d\d)?$/.test(storeStatus.trim())) said.push(`No status from 200 to 599: ${storeStatus.trim()}`);
  return said;
}

/** The URL that was typed, with a scheme and a host where it has none. */
export function urlOf(state, here) {
  const typed = state.url.trim();
  const { authority, path } = targetOf(typed || "/", here);
  const [scheme] = /^https:/i.exec(typed) ?? ["http:"];
  const url = `${scheme}//${authority}${path}`;
  return URL.canParse(url) ? url : `http://${here}/`;
}

/** `{ page, preflight, actual, isAsked, wrong }`; each of the two is `{ head, request, store }`. */
export function exchangesOf(state, here) {
  const { authority, path } = targetOf(state.url.trim() || `/`, here);
  const origin = state.origin.trim();
  const isPreflight = state.kind === "preflight";
  const extra = parseHeaders(state.extra);
  const store = parseHeaders(state.storeHeaders);
  const names = namesIn(state.names);
  const common = origin ? [["Origin", origin]] : [];
  const method = state.method.trim() || "GET";
  const page = { origin, url: urlOf(state, here), method: normalisedMethod(method), names, withCredentials: state.credentials };

  const asked = [["Access-Control-Request-Method", isPreflight ? method : page.method]];
  // As typed where it is the request in question: what is not a list of names is of interest too.
  const requested = isPreflight ? state.names.trim() : names.join(",");
  if (requested) asked.push(["Access-Control-Request-Headers", requested]);

  const status = Number(state.storeStatus) || 200;
  const exchange = (verb, headers) => {
    const head = { method: verb, authority, path, headers };
    const body = verb === "HEAD" || NO_BODY.includes(status) ? "" : BODY;
    return {
      head,
      request: requestMap(head),
      store: { status, headers: new HeaderMap(store.headers), body: bytesOf(body) },
    };
  };
  return {
    page,
    isAsked: Boolean(origin) && needsPreflight(page.method, names),
    preflight: exchange("OPTIONS", [...common, ...asked, ...(isPreflight ? extra.headers : [])]),
    actual: exchange(isPreflight ? page.method : method, [...common, ...(isPreflight ? [] : extra.headers)]),
    wrong: { extra: extra.wrong, storeHeaders: store.wrong, impossible: impossible(state, authority) },
  };
}

/** The same request for a terminal. */
export function curlOf({ method, authority, path, headers }) {
  const quote = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
  const verb = { GET: [], HEAD: ["-I"] }[method] ?? ["-X", quote(method)];
  // An empty value would make curl leave the header out.
  const lines = headers.map(([name, value]) => `-H ${quote(value === "" ? `${name};` : `${name}: ${value}`)}`);
  return ["curl", "-si", "--path-as-is", ...verb, quote(`http://${authority}${path}`), ...lines].join(" ");
}
