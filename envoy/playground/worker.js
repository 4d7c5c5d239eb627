// Keeps the work off the page's thread: a configuration of megabytes must not stop anybody from typing.

import { PLACE, configurationOf } from "./bare.js";
import { judge, obstacleOf } from "./browser.js";
import { play } from "./clients.js";
import { exchangesOf, urlOf } from "./exchanges.js";
import { explain } from "./explain.js";
import { forPeople } from "./findings.js";
import { DEFAULTS } from "./state.js";

/** Of a bucket that is not listed. */
const UNKNOWN = {
  outcome: "unknown",
  text: "The bucket is not listed, so the store's own rules decide. Say what your store answers, below the request.",
};

// Not streaming, which asks for a type that not every server of static files gives it.
const compiled = fetch("bucket_cors.wasm").then(async (answer) => WebAssembly.compile(await answer.arrayBuffer()));

self.onmessage = async ({ data: { number, state: typed, here } }) => {
  const reply = { number };
  try {
    const bare = configurationOf(typed.rules, urlOf(typed, here));
    const state = { ...typed, rules: bare ?? typed.rules };
    const { page, preflight, actual, isAsked, wrong } = exchangesOf(state, here);
    const pair = state.kind === "preflight" ? [preflight, actual] : [actual, preflight];
    // The rules are looked at all the same.
    const both = wrong.impossible.length > 0 ? [] : pair;
    const result = explain(await compiled, { configuration: state.rules, exchanges: both });
    const plain = result.answers.map((answer, index) => ({
      ...answer,
      headers: [...answer.headers],
      head: both[index].head,
      sent: [...both[index].store.headers],
    }));
    const [first, second] = result.answers;
    const isFirst = state.kind === "preflight";
    // What the sample's store would say is nothing that anybody knows of the store in question.
    const isAssumed = state.storeHeaders === DEFAULTS.storeHeaders && !result.verdicts?.[0];
    const isUnknown = first && isAssumed && page.origin && !obstacleOf(page);
    const judged = first && judge(page, isFirst ? first : second, isFirst ? second : first);
    const browser = isUnknown ? UNKNOWN : judged;
    const findings = forPeople(result.findings, typed.rules, bare ? PLACE : "");
    reply.operation = await play(await compiled, state, here);
    Object.assign(reply, { ...result, findings, answers: plain, browser, page, isAsked, wrong });
  } catch (error) {
    reply.failure = error.message;
  }
  self.postMessage(reply);
};
