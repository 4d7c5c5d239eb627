// Where in a text JSON pointers lead to. The text need not be JSON: nothing here fails.

export class Places {
  #text;
  /** The members of each object and list that was looked into, as far as that was needed. */
  #members = new Map();
  #lines;

  constructor(text) {
    this.#text = text;
  }

  /**
   * `{ start, end, line }` of the value that an RFC 6901 pointer names, or of the nearest one around it that is there.
   */
  of(pointer) {
    let at = blanks(this.#text, 0);
    for (const step of pointer.split("/").slice(1)) {
      const next = this.#member(at, step.replaceAll("~1", "/").replaceAll("~0", "~"));
      // What is missing has no place of its own: the object that lacks it does.
      if (next === undefined) break;
      at = next;
    }
    return this.#place(at, endOfValue(this.#text, at, LONGEST));
  }

  /** The place of a line and a column, both from 1 on, as serde_json counts them. */
  at(line, column) {
    const start = Math.min(this.#text.length, (this.#starts[line - 1] ?? 0) + Math.max(0, column - 1));
    return this.#place(start, start + 1);
  }

  #place(start, end) {
    let [low, high] = [0, this.#starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#starts[middle] <= start) low = middle;
      else high = middle;
    }
    return { start, end: Math.min(end, this.#text.length), line: low + 1 };
  }

  get #starts() {
    if (!this.#lines) {
      this.#lines = [0];
      for (let at = this.#text.indexOf("\n"); at >= 0; at = this.#text.indexOf("\n", at + 1)) this.#lines.push(at + 1);
    }
    return this.#lines;
  }

  /**
   * Where a member's value starts. Each member is read once, whoever asks: there can be a hundred thousand before it.
   */
  #member(open, step) {
    const text = this.#text;
    const isList = text[open] === "[";
    if (!isList && text[open] !== "{") return undefined;
    let known = this.#members.get(open);
    if (!known) {
      known = { starts: new Map(), next: blanks(text, open + 1) };
      this.#members.set(open, known);
    }
    while (!known.starts.has(step) && known.next < text.length && !"]}".includes(text[known.next])) {
      let [key, at] = [String(known.starts.size), known.next];
      if (!isList) {
        const end = endOfValue(text, at, text.length);
        key = nameIn(text.slice(at, end));
        at = blanks(text, end);
        if (text[at] === ":") at = blanks(text, at + 1);
      }
      known.starts.set(key, at);
      const next = blanks(text, endOfValue(text, at, text.length));
      known.next = text[next] === "," ? blanks(text, next + 1) : next;
    }
    return known.starts.get(step);
  }
}

/** How much of a value is marked at most. */
const LONGEST = 10_000;

function blanks(text, at) {
  while (" \t\r\n\ufeff".includes(text[at] ?? "x")) at += 1;
  return at;
}

/** The end of the value that starts here, if it is not farther than that. Always behind the start. */
function endOfValue(text, start, most) {
  if (text[start] === '"') return endOfString(text, start);
  const end = Math.min(text.length, start + most);
  if (!"[{".includes(text[start] ?? "x")) {
    let at = start + 1;
    while (at < end && !" \t\r\n,]}".includes(text[at])) at += 1;
    return at;
  }
  // Without recursion: nesting is as deep as somebody likes.
  let depth = 0;
  for (let at = start; at < end; at += 1) {
    if (text[at] === '"') at = endOfString(text, at) - 1;
    else if (text[at] === "[" || text[at] === "{") depth += 1;
    else if (text[at] === "]" || text[at] === "}") {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return end;
}

function endOfString(text, start) {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === '"') return at + 1;
  }
  return text.length;
}

function nameIn(literal) {
  try {
    return JSON.parse(literal);
  } catch {
    return undefined;
  }
}
