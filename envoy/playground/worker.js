// Keeps the work off the page's thread: a configuration of megabytes must not stop anybody from typing.

import { judge } from "./browser.js";
import { exchangesOf } from "./exchanges.js";
import { explain } from "./explain.js";
import { forPeople } from "./findings.js";

const compiled = WebAssembly.compileStreaming(fetch("bucket_cors.wasm"));

self.onmessage = async ({ data: { number, state, here } }) => {
  const reply = { number };
  try {
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
    const browser = first && judge(page, isFirst ? first : second, isFirst ? second : first);
    const findings = forPeople(result.findings, state.rules);
    Object.assign(reply, { ...result, findings, answers: plain, browser, page, isAsked, wrong });
  } catch (error) {
    reply.failure = error.message;
  }
  self.postMessage(reply);
};
