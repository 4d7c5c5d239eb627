// What a browser makes of the answers: the checks of the Fetch standard, https://fetch.spec.whatwg.org/

import { show } from "./header-map.js";
import { unsent } from "./unsent.js";

/** Fetch, "CORS-safelisted method": no preflight is needed for them, and no permission. */
const SAFELISTED_METHODS = ["GET", "HEAD", "POST"];

/** Fetch, "forbidden method". */
const FORBIDDEN_METHODS = ["CONNECT", "TRACE", "TRACK"];

/** Fetch, "normalize a method": these and no others are put in upper case. */
const NORMALISED_METHODS = ["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"];

/** What a page may read without being told (Fetch, "CORS-safelisted response-header name"). */
const READABLE = [
  "cache-control",
  "content-language",
  "content-length",
  "content-type",
  "expires",
  "last-modified",
  "pragma",
];

export const normalisedMethod = (method) =>
  NORMALISED_METHODS.includes(method.toUpperCase()) ? method.toUpperCase() : method;

export const needsPreflight = (method, names) => !SAFELISTED_METHODS.includes(method) || names.length > 0;

/** Fetch, "get": several lines are one value, and a byte is a character. */
function value(headers, name) {
  const lines = [...headers].filter(([line]) => line === name).map(([, bytes]) => show(bytes));
  return lines.length > 0 ? lines.join(", ") : undefined;
}

/** Fetch, "extract header list values": undefined where there are none, null where what stands there is no list. */
function names(headers, name) {
  const text = value(headers, name);
  if (text === undefined) return undefined;
  const found = text.split(",").map((part) => part.trim()).filter(Boolean);
  return found.every((part) => /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(part)) ? found : null;
}

/** Fetch, "CORS check". Undefined where it succeeds, otherwise why not. */
function corsCheck(headers, origin, withCredentials) {
  const allowed = value(headers, "access-control-allow-origin");
  if (allowed === undefined) return "it has no Access-Control-Allow-Origin";
  if (allowed === "*" && !withCredentials) return undefined;
  if (allowed === "*") return "Access-Control-Allow-Origin is *, which does not do for a request with credentials";
  if (allowed !== origin) return `Access-Control-Allow-Origin is ${allowed}, which is not the page's origin`;
  if (!withCredentials || value(headers, "access-control-allow-credentials") === "true") return undefined;
  return "Access-Control-Allow-Credentials is not true, and the request has credentials";
}

/** Fetch, "CORS-preflight fetch", from its step 7 on. */
function preflightCheck({ status, headers }, page) {
  const failure = corsCheck(headers, page.origin, page.withCredentials);
  if (failure) return `the preflight fails the CORS check: ${failure}`;
  if (status < 200 || status > 299) return `the status of the preflight is ${status}, not one from 200 to 299`;
  const methods = names(headers, "access-control-allow-methods");
  const allowed = names(headers, "access-control-allow-headers");
  if (methods === null) return "Access-Control-Allow-Methods is no list of methods";
  if (allowed === null) return "Access-Control-Allow-Headers is no list of header names";
  const has = (list, wanted) => list?.includes(wanted) ?? false;
  const isAny = (list) => !page.withCredentials && has(list, "*");
  if (!has(methods, page.method) && !SAFELISTED_METHODS.includes(page.method) && !isAny(methods)) {
    return `the preflight's answer does not allow the method ${page.method}`;
  }
  const lower = allowed?.map((name) => name.toLowerCase());
  // A star does not cover Authorization (Fetch, "CORS non-wildcard request-header name").
  const missing = page.names
    .map((name) => name.toLowerCase())
    .find((name) => !has(lower, name) && (name === "authorization" || !isAny(lower)));
  if (!missing) return undefined;
  const star = isAny(lower) ? ", which a star does not cover (Chromium lets it pass all the same)" : "";
  return `the preflight's answer does not allow the header ${missing}${star}`;
}

/** Fetch: 5 seconds where the answer says nothing; no browser keeps one for more than Firefox's day. */
function keptFor(headers) {
  const text = value(headers, "access-control-max-age");
  const seconds = /^\d+$/.test(text ?? "") ? Number(text) : 5;
  return seconds > 7200
    ? `${seconds} s, of which Chromium keeps 7200 and Firefox 86400`
    : `${seconds} s`;
}

/** What the page can read besides what it always can. */
function exposed(headers, withCredentials) {
  const list = names(headers, "access-control-expose-headers") ?? [];
  if (list.includes("*") && !withCredentials) return "every header";
  const more = list.filter((name) => !READABLE.includes(name.toLowerCase()));
  return more.length > 0 ? more.join(", ") : undefined;
}

/** Whether the page can read a header; one that ends with a star: any that begins so. */
export function exposes(headers, name) {
  const list = (names(headers, "access-control-expose-headers") ?? []).map((listed) => listed.toLowerCase());
  const wanted = name.toLowerCase();
  const matches = (listed) => (wanted.endsWith("*") ? listed.startsWith(wanted.slice(0, -1)) : listed === wanted);
  return list.some((listed) => listed === "*" || matches(listed));
}

/** Why a browser does not even send what a page asks for; undefined where it does. */
export function obstacleOf(page) {
  const blocked = unsent(page.origin, page.url);
  if (blocked) return `It sends nothing: ${blocked}.`;
  const isForbidden = FORBIDDEN_METHODS.includes(page.method.toUpperCase());
  return isForbidden ? `It lets no script send ${page.method}.` : undefined;
}

/**
 * `page` is what a script asks for: `{ origin, url, method, names, withCredentials }`, with the names of headers that
 * need permission, and `isAsked` where it listens to its upload. `preflight` and `actual` are the answers it gets.
 * `{ outcome, text }`.
 */
export function judge(page, preflight, actual) {
  if (!page.origin) {
    return { outcome: "none", text: "Without an Origin this is no cross-origin request: CORS has no part in it." };
  }
  const obstacle = obstacleOf(page);
  if (obstacle) return { outcome: "refused", text: obstacle };
  const isAsked = page.isAsked || needsPreflight(page.method, page.names);
  if (isAsked) {
    const failure = preflightCheck(preflight, page);
    if (failure) return { outcome: "refused", text: `It never sends the ${page.method}: ${failure}.` };
  }
  const asked = isAsked ? `It sends the ${page.method} (and asks again after ${keptFor(preflight.headers)})` : "";
  const failure = corsCheck(actual.headers, page.origin, page.withCredentials);
  if (failure) {
    const sent = asked || "It sends the request";
    return {
      outcome: "refused",
      text: `${sent}, but the page cannot read the response, which fails the CORS check: ${failure}.`,
    };
  }
  const more = exposed(actual.headers, page.withCredentials);
  const readable = more ? `, ${more} included` : ", but of its headers only the few that every page may";
  return {
    outcome: "allowed",
    text: `${asked || "It sends the request without asking first"}, and the page can read the response${readable}.`,
  };
}
