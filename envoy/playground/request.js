// A request as Envoy's filter chain sees it.

import { HeaderMap, bytesOf } from "./header-map.js";

/** Several lines of these reach a filter as one: Envoy's own CORS filter, which is always there, has it keep one. */
const FOLDED = ["origin", "access-control-request-method", "access-control-request-headers"];

// The id that an error body repeats. One for as long as the page is open, so that nothing flickers as one types.
const REQUEST_ID = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte, index) => {
  const dash = [4, 6, 8, 10].includes(index) ? "-" : "";
  return dash + byte.toString(16).padStart(2, "0");
}).join("");

const isBlank = (byte) => byte === 0x20 || byte === 0x09;

/** Without the blanks around it, which are no part of a header's value (RFC 9110 section 5.5). */
function trimmed(value) {
  let [start, end] = [0, value.length];
  while (start < end && isBlank(value[start])) start += 1;
  while (end > start && isBlank(value[end - 1])) end -= 1;
  return value.subarray(start, end);
}

/** `headers` is a list of names and values, which are texts or bytes. */
export function requestMap({ method, authority, path, headers }) {
  // The form that a client sends to a proxy (RFC 9112 section 3.2.2), which Envoy takes apart.
  const absolute = /^https?:\/\/([^/?#]*)(.*)$/is.exec(path);
  if (absolute) [authority, path] = [absolute[1], absolute[2].startsWith("/") ? absolute[2] : `/${absolute[2]}`];
  const map = new HeaderMap([
    [":authority", authority],
    [":path", path],
    [":method", method],
    [":scheme", "http"],
  ]);
  for (const [name, value] of headers) {
    const line = trimmed(bytesOf(value));
    if (FOLDED.includes(name.toLowerCase())) map.fold(name, line);
    else map.add(name, line);
  }
  if (!map.get("x-request-id")) map.add("x-request-id", REQUEST_ID);
  return map;
}

/**
 * What of a URL goes on the wire; `here` is the host of one that is only a path.
 * Kept as typed where a wire can hold it.
 */
export function targetOf(url, here) {
  const [, authority, rest] = /^(?:[a-z][a-z0-9+.-]*:)?\/\/([^/?#]*)([^#]*)/is.exec(url) ?? [, here, url.split("#")[0]];
  const path = rest.startsWith("/") ? rest : `/${rest}`;
  const encoded = path.replace(/[^\x21-\x7e]+/gu, (text) =>
    Array.from(bytesOf(text.toWellFormed?.() ?? text), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""),
  );
  // Who logs in so sends it as another header.
  return { authority: hostOf(authority.slice(authority.lastIndexOf("@") + 1)), path: encoded };
}

/** An internationalised name goes on the wire in punycode. */
function hostOf(authority) {
  if (/^[\x21-\x7e]*$/.test(authority)) return authority;
  try {
    return new URL(`http://${authority}`).host;
  } catch {
    return encodeURIComponent(authority);
  }
}

/** Header lines as one types them: `name: value`, one a line. What is no such line is left out, and said. */
export function parseHeaders(text) {
  const [headers, wrong] = [[], []];
  for (const line of text.split(/\r?\n/)) {
    const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*:(.*)$/.exec(line) ?? [];
    if (name) headers.push([name, value.trim()]);
    else if (line.trim()) wrong.push(line.trim());
  }
  return { headers, wrong };
}
