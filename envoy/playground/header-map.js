// A header map as Envoy holds it: an ordered list of lower-case names with their values, which are bytes. A value need
// not be text, so nothing here decodes one.

const encoder = new TextEncoder();

/** The bytes of a text, or bytes as they are. */
export const bytesOf = (value) => (typeof value === "string" ? encoder.encode(value) : value);

/** Bytes for people: UTF-8 where they are, and any other byte as `\xNN`. */
export function show(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return Array.from(bytes, (byte) =>
      byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`,
    ).join("");
  }
}

/** One character for each byte: names are compared, and bytes above 0x7f must not become one another. */
const nameOf = (name) =>
  (typeof name === "string" ? name : Array.from(name, (byte) => String.fromCharCode(byte)).join("")).replace(
    /[A-Z]/g,
    (letter) => letter.toLowerCase(),
  );

export class HeaderMap {
  #lines = [];

  constructor(lines = []) {
    for (const [name, value] of lines) this.add(name, value);
  }

  get size() {
    return this.#lines.length;
  }

  [Symbol.iterator]() {
    return this.#lines[Symbol.iterator]();
  }

  clone() {
    return new HeaderMap(this);
  }

  /** The value of the first line; undefined where there is none. */
  get(name) {
    name = nameOf(name);
    return this.#lines.find(([line]) => line === name)?.[1];
  }

  add(name, value) {
    this.#lines.push([nameOf(name), bytesOf(value)]);
  }

  /** Adds to the line that there is, after a comma. */
  fold(name, value) {
    name = nameOf(name);
    const line = this.#lines.find(([present]) => present === name);
    if (line) line[1] = Uint8Array.from([...line[1], 0x2c, ...bytesOf(value)]);
    else this.add(name, value);
  }

  /** Leaves one line of that name. */
  replace(name, value) {
    this.remove(name);
    this.add(name, value);
  }

  remove(name) {
    name = nameOf(name);
    this.#lines = this.#lines.filter(([line]) => line !== name);
  }

  /**
   * The form of the ABI: how many pairs, the lengths of each, then names and values, each with a zero byte after it.
   */
  serialise() {
    const parts = this.#lines.map(([name, value]) => [
      Uint8Array.from(name, (character) => character.charCodeAt(0)),
      value,
    ]);
    const lengths = 4 + 8 * parts.length;
    const total = parts.flat().reduce((sum, part) => sum + part.length + 1, lengths);
    const bytes = new Uint8Array(total);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, parts.length, true);
    let at = lengths;
    parts.forEach((pair, index) =>
      pair.forEach((part, which) => {
        view.setUint32(4 + 8 * index + 4 * which, part.length, true);
        bytes.set(part, at);
        at += part.length + 1;
      }),
    );
    return bytes;
  }

  /** The inverse of `serialise`; undefined for what is not a whole map. */
  static parse(bytes) {
    const map = new HeaderMap();
    // What Envoy takes for an empty map.
    if (bytes.length === 0) return map;
    if (bytes.length < 4) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const count = view.getUint32(0, true);
    let at = 4 + 8 * count;
    if (at > bytes.length) return undefined;
    for (let index = 0; index < count; index += 1) {
      const pair = [0, 4].map((which) => {
        const end = at + view.getUint32(4 + 8 * index + which, true);
        const part = bytes.slice(at, end);
        at = end + 1;
        return part;
      });
      if (at > bytes.length) return undefined;
      map.add(...pair);
    }
    return at === bytes.length ? map : undefined;
  }
}
