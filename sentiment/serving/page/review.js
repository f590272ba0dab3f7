// The review in the text field: asks for its answer whenever it changes.

import { showAnswer, showNothing, speak } from "./answer.js";
import { el, later, make, on, show } from "./dom.js";
import { EXAMPLES } from "./examples.js";
import { showReasons } from "./reasons.js";
import { explain } from "./service.js";
import { Sheet } from "./sheet.js";
import { moved, pairOf, unitsOf, worthMarking } from "./words.js";

const PAUSE = 120; // milliseconds after a key
const IMPATIENT = 400; // while keys keep coming
const SETTLED = 900; // before the answer is announced
const MOST_ASKED = 4; // at once; then the oldest request is aborted

/** Start; returns the review. */
export function startReview() {
  const review = new Review();
  on(review.field, "input", () => review.changed());
  on(el("card"), "submit", () => review.ask());
  on(el("again"), "click", () => review.ask());
  addEventListener("online", () => !el("trouble").hidden && review.ask());
  for (const [title, text] of EXAMPLES) {
    const button = make("button", { type: "button", className: "example" }, title);
    on(button, "click", () => review.put(text));
    el("examples-title").parentElement.append(button);
  }
  if (review.field.value) review.changed(); // restored by the browser
  return review;
}

class Review {
  field = el("review");
  #sheet = new Sheet(this.field, el("mirror"));
  #words = []; // with positions in `#seen`
  #phrases = [];
  #seen = ""; // the text of words and phrases
  #decision = { threshold: 0.5, band: null, labels: ["negative", "positive"] };
  #facts = null;
  #shown = 0; // the number of the request whose answer is shown
  #asked = 0;
  #running = new Map(); // number of a request → how to abort it
  #lastAsked = 0;
  #pause = later(PAUSE, () => this.ask());
  #spoken = later(SETTLED, () => this.#isCurrent() && speak(this.#facts, this.#decision));

  /** Set the decision of the model, and ask again if it is another one. */
  decideAt(decision, another = false) {
    this.#decision = decision;
    if (another) {
      this.#clear(++this.#asked);
      this.ask();
    } else if (this.#facts) showAnswer(this.#facts, this.#decision);
    else showNothing(this.#decision);
  }

  /** Replace the text; on desktops so that it can be undone. */
  put(text) {
    const before = document.activeElement;
    if (matchMedia("(pointer: fine)").matches) {
      this.field.focus({ preventScroll: true });
      this.field.select();
      if (!document.execCommand("insertText", false, text)) this.field.value = text;
      before.focus({ preventScroll: true });
    } else {
      this.field.value = text;
    }
    this.changed();
  }

  /** Handle a change of the text: move the marks at once, ask soon. */
  changed() {
    const text = this.field.value;
    this.#words = moved(this.#words, this.#seen, text);
    this.#phrases = this.#phrases
      .map((phrase) => ({ ...phrase, places: moved(phrase.places, this.#seen, text) }))
      .filter(({ places }) => places.length > 0);
    this.#seen = text;
    this.#sheet.show(text, this.#words, this.#phrases);
    el("answer").ariaBusy = "true";
    if (Date.now() - this.#lastAsked > IMPATIENT && this.#running.size === 0) this.ask();
    else this.#pause.start();
  }

  /** Request the answer to the current text. */
  async ask() {
    this.#pause.stop();
    this.#lastAsked = Date.now();
    const text = this.field.value;
    const number = ++this.#asked;
    if (text.trim() === "") return this.#clear(number);
    const abort = new AbortController();
    this.#running.set(number, abort);
    if (this.#running.size > MOST_ASKED) this.#drop([...this.#running.keys()][0]);
    try {
      const facts = await explain(text, abort.signal);
      if (number > this.#shown) this.#take(number, text, facts);
    } catch (trouble) {
      if (!abort.signal.aborted && number > this.#shown) this.#fail(number, trouble);
    } finally {
      this.#running.delete(number);
    }
  }

  #isCurrent() {
    return this.#facts !== null && this.#facts.text === this.field.value;
  }

  /** Show an answer, and abort older requests. */
  #take(number, text, facts) {
    this.#settle(number);
    this.#facts = { ...facts, text };
    const unit = unitsOf(text);
    const placed = (each) => ({ ...each, start: unit(each.start), end: unit(each.end) });
    const words = facts.words.map(placed);
    const phrases = facts.phrases.map((phrase) => ({
      ...phrase,
      places: phrase.places.map(([start, end]) => placed({ start, end })),
    }));
    const now = this.field.value;
    this.#sheet.compare(pairOf(facts, this.#decision.labels));
    this.#words = moved(worthMarking(words), text, now);
    this.#phrases = phrases.map((phrase) => ({ ...phrase, places: moved(phrase.places, text, now) }));
    this.#seen = now;
    this.#sheet.show(now, this.#words, this.#phrases);
    showAnswer(this.#facts, this.#decision);
    const without = facts.without && { ...facts.without, words: facts.without.words.map(placed) };
    showReasons({ ...this.#facts, words, phrases, without }, this.#decision, this.#sheet, (other) => this.put(other));
    this.#spoken.start();
  }

  #clear(number) {
    this.#settle(number);
    this.#facts = null;
    this.#words = this.#phrases = [];
    this.#sheet.show(this.field.value, [], []);
    showNothing(this.#decision);
    showReasons(null, this.#decision, this.#sheet);
  }

  #fail(number, { message, again = true, wait = 0 }) {
    this.#settle(number);
    if (wait > 0) setTimeout(() => number === this.#asked && this.ask(), wait); // the service was busy
    el("trouble-line").textContent = message;
    show(el("again"), again);
    show(el("trouble"), true);
    el("answer").classList.add("stale"); // it belongs to another text
  }

  #settle(number) {
    this.#shown = number;
    el("answer").ariaBusy = String(number < this.#asked || this.#pause.waits);
    show(el("trouble"), false);
    el("answer").classList.remove("stale");
    for (const older of [...this.#running.keys()].filter((each) => each < number)) this.#drop(older);
  }

  #drop(number) {
    this.#running.get(number).abort();
    this.#running.delete(number);
  }
}
