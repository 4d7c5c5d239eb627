// What the filter says of rules and of a request. Every answer is the module's: the full answer with the configuration
// as it is typed, and the reasons with variants of it that have `explain` on.

import { Level, Trap, Vm } from "./host.js";
import { HeaderMap, bytesOf, show } from "./header-map.js";

const EXPLANATION = "x-bucket-cors";
const PREFIX = "bucket-cors: ";

/** A new VM for each configuration: what another one left behind in it cannot matter. */
function load(module, configuration) {
  const vm = new Vm(module);
  return { vm, isLoaded: vm.configure(configuration) };
}

/** A line of the log as `Finding` in the filter writes it: the place, the sentence and the code. */
function finding({ level, text }) {
  const message = text.startsWith(PREFIX) ? text.slice(PREFIX.length) : text;
  const [, place, sentence, code] = /^(\(document\)|\/.*?): (.*) \[([a-z0-9-]+)\]$/s.exec(message) ?? [];
  const severity = level >= Level.Error ? "error" : "warning";
  return { severity, text: message, pointer: place === "(document)" ? "" : place, sentence: sentence ?? message, code };
}

/** The value of `x-bucket-cors` taken apart. */
function reading(headers) {
  const value = headers.get(EXPLANATION);
  if (!value) return undefined;
  const text = show(value);
  const [, shadow, rule, reason] = /^(shadow; )?(?:match; rule=(\d+).*|no-match; reason=(.*))$/s.exec(text) ?? [];
  return { text, isShadow: Boolean(shadow), rule: rule === undefined ? undefined : Number(rule), reason };
}

/**
 * `configuration` is a text. `exchanges` are requests, each with the store's answer to it; the reasons are those of the
 * first one.
 */
export function explain(module, { configuration, exchanges }) {
  const result = { findings: [], isLoaded: false, summary: "", answers: [], rules: [] };
  try {
    const { vm, isLoaded } = load(module, configuration);
    const said = vm.log.map(finding);
    const isRefused = said.some(({ text }) => text.startsWith("configuration refused, "));
    result.isLoaded = isLoaded && !isRefused;
    // In a proxy that runs, the last good rules: not those that stand here.
    result.hasStandIn = isLoaded && isRefused;
    const isSummary = ({ text }) => /^configuration (loaded|refused), /.test(text);
    result.findings = said.filter((line) => !isSummary(line));
    result.summary = said.find(isSummary)?.text ?? "";
    if (!result.isLoaded) return result;
    result.answers = exchanges.map(({ request, store }) => vm.exchange(request.clone(), () => copy(store)));
  } catch (error) {
    if (!(error instanceof Trap)) throw error;
    return { ...result, isLoaded: false, trap: error.message };
  }
  const document = parsed(configuration);
  if (!document || exchanges.length === 0) return result;
  const { vm, isLoaded } = load(module, JSON.stringify({ ...document, explain: true }));
  if (!isLoaded) return result;
  result.verdicts = exchanges.map(({ request, store }) =>
    reading(vm.exchange(request.clone(), () => unexplained(store)).headers),
  );
  const index = bucketOf(module, document, exchanges[0].request);
  const bucket = document.buckets[index];
  if (bucket) {
    result.bucket = { name: bucket.name, index };
    result.rules = rulesOf(bucket.cors).map((rule, at) => ({
      id: typeof rule?.ID === "string" ? rule.ID : undefined,
      origins: list(rule, "AllowedOrigin"),
      methods: list(rule, "AllowedMethod"),
      headers: list(rule, "AllowedHeader"),
      alone: alone(module, document, bucket, at, exchanges[0]),
    }));
  }
  return result;
}

const copy = ({ status, headers, body }) => ({ status, headers: headers.clone(), body });

/** The same without a reason of the store's own, which would be read as the filter's. */
const unexplained = (store) => {
  const answer = copy(store);
  answer.headers.remove(EXPLANATION);
  return answer;
};

function parsed(text) {
  try {
    // The filter reads past a byte order mark.
    return JSON.parse(text.replace(/^\ufeff/, ""));
  } catch {
    return undefined;
  }
}

/**
 * Which bucket a request is for; undefined for one that is not listed. How a bucket is found is the module's to know,
 * so it is asked with rules that allow everything and have the bucket's number for a name.
 */
function bucketOf(module, document, request) {
  const buckets = document.buckets.map(({ name, hosts }, index) => ({
    name,
    hosts,
    cors: [{ ID: String(index), AllowedOrigins: ["*"], AllowedMethods: ["GET"] }],
  }));
  const { vm, isLoaded } = load(module, JSON.stringify({ endpoints: document.endpoints, explain: true, metrics: "off", buckets }));
  if (!isLoaded) return undefined;
  const probe = new HeaderMap([
    [":authority", request.get(":authority")],
    [":path", request.get(":path")],
    [":method", "GET"],
    ["origin", "https://probe.example"],
  ]);
  const store = () => ({ status: 200, headers: new HeaderMap(), body: bytesOf("") });
  const said = reading(vm.exchange(probe, store).headers);
  const [, index] = /; id="(\d+)"/.exec(said?.text ?? "") ?? [];
  return index === undefined ? undefined : Number(index);
}

/** What the module says of the request where the bucket has this one rule, and nothing else is listed. */
function alone(module, document, bucket, at, { request, store }) {
  const only = { ...bucket, cors: withOnly(bucket.cors, at) };
  const { vm, isLoaded } = load(
    module,
    JSON.stringify({ ...document, explain: true, metrics: "off", buckets: [only] }),
  );
  return isLoaded ? reading(vm.exchange(request.clone(), () => unexplained(store)).headers) : undefined;
}

/**
 * A CORS document is a list of rules, or an object with one, or that in a wrapper; and one rule may stand for a list.
 */
const ruleField = (cors) => (cors.CORSRules === undefined ? "CORSRule" : "CORSRules");

function rulesOf(cors) {
  if (!cors) return [];
  if (Array.isArray(cors)) return cors;
  if (cors.CORSConfiguration !== undefined) return rulesOf(cors.CORSConfiguration);
  return [cors[ruleField(cors)] ?? []].flat();
}

function withOnly(cors, at) {
  if (Array.isArray(cors)) return [cors[at]];
  if (cors.CORSConfiguration !== undefined) return { CORSConfiguration: withOnly(cors.CORSConfiguration, at) };
  return { ...cors, [ruleField(cors)]: [rulesOf(cors)[at]] };
}

/** A field of a rule in either of its spellings, with one value or with several. */
const list = (rule, name) => [rule?.[`${name}s`] ?? rule?.[name] ?? []].flat().map(String);
