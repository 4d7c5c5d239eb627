// A store's own document, taken for the rules of the bucket that the URL is for: as the command-line tool does it.

/** Where the document stands in the configuration. */
export const PLACE = "/buckets/0/cors";

/** How a bucket's host goes on behind its name, at stores that address it so. */
const STORES = ["s3.", "s3-", "oss-", "cos.", "obs.", "tos-", "storage.googleapis.com"];

/** The configuration that a store's own document of JSON stands for; undefined where the text is none. */
export function configurationOf(text, url) {
  const document = parsed(text);
  // A configuration whose rules stand in the wrong place.
  if (document?.buckets !== undefined) return undefined;
  const rules = document?.CORSConfiguration ?? document;
  const isRule = (rule) => ["AllowedOrigins", "AllowedOrigin", "AllowedMethods", "AllowedMethod"].some((name) => rule?.[name]);
  const isOss = rules?.CORSRule !== undefined || rules?.ResponseVary !== undefined;
  const isList = Array.isArray(rules) && rules.length > 0 && rules.every(isRule);
  if (!isOss && !isList && rules?.CORSRules === undefined) return undefined;
  const profile = isOss && !/x-amz-/.test(text) ? "oss" : "s3";
  const head = JSON.stringify({ profile, buckets: [bucketOf(url)] });
  // As it stands: what is wrong with it is for the module to say.
  return `${head.slice(0, -3)},"cors":${text.replace(/^\ufeff/, "")}}]}`;
}

/** The JSON of a store's XML; any other text as it is. Not in a worker, which has no parser. */
export function withoutXml(text) {
  if (!text.trimStart().startsWith("<")) return text;
  const xml = new DOMParser().parseFromString(text, "application/xml");
  const root = xml.documentElement;
  if (xml.querySelector("parsererror") || root.localName !== "CORSConfiguration") return text;
  const rules = [...root.children].filter(({ localName }) => localName === "CORSRule").map(ruleOf);
  const others = [...root.children].filter(({ localName }) => localName !== "CORSRule");
  const fields = others.map(({ localName, textContent }) => [localName, textContent.trim()]);
  return JSON.stringify({ CORSRule: rules, ...Object.fromEntries(fields) });
}

function ruleOf(element) {
  const rule = {};
  for (const { localName, textContent } of element.children) {
    const value = textContent.trim();
    if (["ID", "MaxAgeSeconds", "ResponseVary"].includes(localName)) rule[localName] = value;
    else (rule[localName] ??= []).push(value);
  }
  return rule;
}

function bucketOf(url) {
  const { hostname, pathname } = new URL(url);
  const [label, ...rest] = hostname.split(".");
  const [first, ...more] = pathname.split("/").slice(1);
  const isInHost = STORES.some((store) => rest.join(".").startsWith(store));
  return first && more.length > 0 && !isInHost ? { name: first } : { name: label, hosts: [hostname] };
}

function parsed(text) {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ""));
  } catch {
    return undefined;
  }
}
