// The model and its card.

import { el, grouped, make } from "./dom.js";
import { info } from "./service.js";
import { visible } from "./words.js";

const PATIENCE = 3000; // milliseconds before another try

/** Load and show facts about the model, retrying until there is an answer; returns them. */
export async function startModel() {
  let facts = null;
  while (facts === null) {
    try {
      facts = await info();
    } catch (trouble) {
      el("model-name").textContent = trouble.message;
      await new Promise((done) => setTimeout(done, PATIENCE));
    }
  }
  el("model-name").textContent = visible(facts.name);
  el("facts").replaceChildren(...lines(facts).flatMap(([title, text]) => [
    make("dt", {}, visible(title)),
    make("dd", {}, ...String(text).split("\n").map((line) => make("p", {}, visible(line)))),
  ]));
  return facts;
}

function* lines(facts) {
  const about = facts.provenance ?? {};
  for (const [title, text] of Object.entries(facts.card)) yield [title, text];
  if (facts.bytes) yield ["size", `${(facts.bytes / 1e6).toFixed(1)} MB`];
  if (facts.vectorizer) yield ["vocabulary", `${grouped(facts.vectorizer.features)} ${facts.vectorizer.unit}: ${facts.vectorizer.kinds}`];
  yield ["decision", decision(facts)];
  if (about.training) {
    const { counts, positive, negative } = about.training;
    const found = Object.entries(counts ?? { positive, negative }).map(([name, count]) => `${grouped(count)} ${name}`);
    yield ["trained on", `${found.slice(0, -1).join(", ")} and ${found.at(-1)} reviews`];
  }
  if (typeof about.accuracy === "number") yield ["validation accuracy", `${(100 * about.accuracy).toFixed(1)}%`];
}

function decision({ threshold, band, labels, minima }) {
  if (threshold === undefined) {
    const least = minima?.map((p, label) => `${labels[label]} from ${short(p)}`);
    return `the most likely of ${labels.join(", ")}${least ? `; ${least.join(", ")}, uncertain below` : ""}`;
  }
  if (!band) return `threshold ${short(threshold)}`;
  const [low, high] = band;
  const [first, second] = (labels ?? ["negative", "positive"]).map(visible);
  const below = low < 0 ? `never ${first}` : `${first} up to ${short(low)}`;
  const above = high > 1 ? `never ${second}` : `${second} from ${short(high)}`;
  return `${below}, ${above}; uncertain in between`;
}

const short = (number) => String(Number(Number(number).toPrecision(3)));
