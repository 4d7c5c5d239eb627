// What loading said, for people: errors first, and where in the text each is.

import { Places } from "./places.js";

/** More than anybody reads; the module itself keeps a thousand. */
const SHOWN = 100;

/**
 * `{ shown, more }`: findings with their place in the text, which stands at `above` in what was loaded,
 * and how many are left out.
 */
export function forPeople(findings, text, above) {
  const places = new Places(text);
  const isError = ({ severity }) => severity === "error";
  const ordered = [...findings.filter(isError), ...findings.filter((finding) => !isError(finding))];
  const shown = ordered.slice(0, SHOWN).map((finding) => ({ ...finding, place: placeOf(finding, places, above) }));
  return { shown, more: ordered.length - shown.length };
}

function placeOf({ pointer, sentence, code }, places, above) {
  if (pointer === undefined) return undefined;
  const [, line, column] = (code === "not-json" && /at line (\d+) column (\d+)/.exec(sentence)) || [];
  return line ? places.at(Number(line), Number(column)) : places.of(pointer.startsWith(above) ? pointer.slice(above.length) : "");
}
