// What came out, in a sentence.

const REASONS = {
  "no-rules": "The bucket has no rules.",
  "no-origin": "The request has no Origin.",
  "malformed-origin": "The Origin is none that a browser can send.",
  origin: "No rule lists the origin.",
  method: "No rule that lists the origin lists the method.",
  "malformed-header": "A requested header name is none, or there are too many.",
  header: "No rule that lists origin and method lists every requested header.",
  "no-request-method": "Access-Control-Request-Method is missing.",
  "unlisted-bucket": "The bucket is not listed.",
  unanswered: "The answer could not be given.",
};

export const reasonOf = (reason) => REASONS[reason] ?? reason;

/** A rule's number and its ID. */
export const nameOf = (index, rule) => `rule ${index}${rule?.id ? ` (${rule.id})` : ""}`;

/** `{ tone, title, text }`. */
export function verdictOf(reply) {
  if (reply.failure) return { tone: "bad", title: "This page failed", text: reply.failure };
  if (reply.trap) return { tone: "bad", title: "The module stopped", text: reply.trap };
  if (!reply.isLoaded) {
    const text = reply.hasStandIn
      ? "An Envoy that runs keeps the last good rules; one that starts serves objects without CORS until good rules come."
      : "An Envoy that runs keeps the rules it has; one that starts exits.";
    return { tone: "bad", title: "These rules are refused", text };
  }
  const { impossible } = reply.wrong;
  if (impossible.length > 0) return { tone: "none", title: "No such exchange", text: `${impossible.join(". ")}.` };
  const [answer] = reply.answers;
  const verdict = reply.verdicts?.[0];
  const at = `${answer.status}, answered by ${answer.by === "edge" ? "the edge" : "the store"}.`;
  const bucket = reply.bucket ? `Bucket ${reply.bucket.name}: ` : "";
  const isPreflight = answer.head.method === "OPTIONS" && answer.head.headers.length > 1;
  if (!verdict) {
    return {
      tone: "none",
      title: "No rules for this request",
      text: `Its bucket is not listed: the filter changes nothing. ${at}`,
    };
  }
  const shadow = verdict.isShadow ? "Decided, but not enforced (shadow). " : "";
  if (verdict.rule !== undefined) {
    const what = isPreflight ? "Preflight allowed" : "Allowed";
    return {
      tone: verdict.isShadow ? "warn" : "good",
      title: `${what} by ${nameOf(verdict.rule, reply.rules[verdict.rule])}`,
      text: `${shadow}${bucket}${at}`,
    };
  }
  const titles = { 400: "Bad preflight", 403: "Preflight refused" };
  const title = answer.by === "edge" ? (titles[answer.status] ?? "Refused") : "No rule applies";
  // An actual request without an Origin is nobody's mistake.
  const tone = verdict.reason === "no-origin" && answer.by === "store" ? "none" : verdict.isShadow ? "warn" : "bad";
  return { tone, title: `${title}: ${verdict.reason}`, text: `${shadow}${reasonOf(verdict.reason)} ${bucket}${at}` };
}
