// The model and its card, and the choice of another.

import { el, grouped, make, on, show } from "./dom.js";
import { answerBy, info } from "./service.js";
import { visible } from "./words.js";

const PATIENCE = 3000; // milliseconds before another try

/** Show the model, and each that is chosen; `take` gets the facts, and whether it was chosen. */
export async function startModel(take) {
  const choice = el("choose-model");
  let number = 0; // of the last choice; others are not shown
  const open = async (name) => {
    const mine = ++number;
    const facts = await load(name, () => mine === number);
    if (mine !== number) return null;
    answerBy(name);
    describe(facts);
    take(facts, name !== "");
    return facts;
  };
  on(choice, "change", () => open(choice.value));
  const facts = await open("");
  if (facts === null || facts.models.length === 1) return;
  choice.replaceChildren(...facts.models.map((name) => make("option", { value: name }, visible(name))));
  show(el("models"), true);
}

/** Load facts about a model, retrying until there is an answer or it is no longer wanted. */
async function load(name, wanted) {
  while (wanted()) {
    try {
      return await info(name);
    } catch (trouble) {
      el("model-name").textContent = trouble.message;
      await new Promise((done) => setTimeout(done, PATIENCE));
    }
  }
  return null;
}

function describe(facts) {
  el("model-name").textContent = visible(facts.name);
  el("facts").replaceChildren(...lines(facts).flatMap(([title, text]) => [
    make("dt", {}, visible(title)),
    make("dd", {}, ...String(text).split("\n").map((line) => make("p", {}, visible(line)))),
  ]));
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
