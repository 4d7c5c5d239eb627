// What a person typed, as it travels in the link.

/** Everything but the rules, which begin as the sample of this Envoy. */
export const DEFAULTS = {
  kind: "actual",
  method: "GET",
  url: "",
  origin: "https://www.example.com",
  client: "",
  names: "",
  credentials: false,
  extra: "",
  storeStatus: "200",
  // What the sample's stand-in for a store says.
  storeHeaders: "access-control-allow-origin: *\ncontent-type: text/plain",
};

/** What a field can be where that is not any text. */
const CHOICES = { kind: ["actual", "preflight"] };

/** Of a link, in characters: longer ones do not survive being sent around. */
const LONGEST = 32_000;

/** What a link may grow to when it is unpacked: it comes from anybody. Nothing larger is packed either. */
const LARGEST = 1_000_000;

async function through(stream, bytes, most) {
  const reader = new Blob([bytes]).stream().pipeThrough(stream).getReader();
  const parts = [];
  let total = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return new Blob(parts).arrayBuffer();
    total += value.length;
    if (total > most) {
      await reader.cancel();
      throw new RangeError("too large");
    }
    parts.push(value);
  }
}

/** The fragment for a state, in which only what differs from the start stands; undefined where it would be too long. */
export async function toFragment(state, initial) {
  const changed = Object.entries(state).filter(([name, value]) => value !== initial[name]);
  if (changed.length === 0) return "";
  if (state.rules.length > LARGEST) return undefined;
  const bytes = new TextEncoder().encode(JSON.stringify(Object.fromEntries(changed)));
  if (bytes.length > LARGEST) return undefined;
  const packed = new Uint8Array(await through(new CompressionStream("deflate-raw"), bytes, Infinity));
  if (packed.length > LONGEST) return undefined;
  const text = btoa(Array.from(packed, (byte) => String.fromCharCode(byte)).join(""));
  return `#s=${text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")}`;
}

/** The state of a fragment. Undefined for one that is none of ours, or was cut on its way. */
export async function fromFragment(fragment, initial) {
  const [, text] = /^#s=([\w-]+)$/.exec(fragment) ?? [];
  if (!text) return undefined;
  try {
    const packed = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (byte) => byte.charCodeAt(0));
    const bytes = await through(new DecompressionStream("deflate-raw"), packed, LARGEST);
    const given = JSON.parse(new TextDecoder().decode(bytes));
    const isKnown = (name) =>
      typeof given?.[name] === typeof initial[name] && (CHOICES[name]?.includes(given[name]) ?? true);
    const known = Object.keys(initial).filter(isKnown);
    return { ...initial, ...Object.fromEntries(known.map((name) => [name, given[name]])) };
  } catch {
    return undefined;
  }
}
