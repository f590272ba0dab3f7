// A layer behind the text field with the same words, marked.

import { el, make, on, show } from "./dom.js";
import { favored, pieces, side, signed, strengthOf, toneOf, visible } from "./words.js";

/** Draws the marks, and describes the word under the pointer or cursor. */
export class Sheet {
  #field;
  #mirror;
  #text = "";
  #marks = [];
  #phrases = [];
  #lit = []; // highlighted places
  #pair = { toward: "positive", over: "negative" };

  constructor(field, mirror) {
    this.#field = field;
    this.#mirror = mirror;
    on(field, "pointermove", ({ clientX, clientY }) => this.#pointed(clientX, clientY));
    on(field, "pointerleave", () => this.#tell(null));
    on(document, "selectionchange", () => this.#atCaret());
    on(field, "blur", () => this.#tell(null));
  }

  /** Show a text with its marks and phrases. */
  show(text, marks, phrases) {
    [this.#text, this.#marks, this.#phrases, this.#lit] = [text, marks, phrases, []];
    this.#draw();
    this.#atCaret();
  }

  /** Set the two classes that the marks compare. */
  compare(pair) {
    this.#pair = pair;
    for (const [role, name] of Object.entries(pair)) {
      el(role).textContent = visible(name);
      document.body.dataset[role] = toneOf(name);
    }
  }

  /** Highlight some places: `[[start, end], …]`. */
  light(places) {
    if (this.#lit.length === 0 && places.length === 0) return;
    this.#lit = places;
    this.#draw();
  }

  #draw() {
    const strength = strengthOf(this.#marks);
    const drawn = pieces(this.#text, this.#marks, this.#lit).map(({ text, mark, lit }) => {
      if (mark === null && !lit) return text;
      const piece = make("span", { textContent: text });
      if (mark !== null) {
        piece.className = side(mark.contribution);
        piece.style.setProperty("--strength", strength(mark).toFixed(3));
        piece.dataset.at = mark.start;
      }
      if (lit) piece.classList.add("lit");
      return piece;
    });
    // A final line break makes a new line in a text field, but not elsewhere.
    this.#mirror.classList.toggle("lighting", this.#lit.length > 0);
    this.#mirror.replaceChildren(...drawn, "\u200b");
  }

  #pointed(x, y) {
    const piece = document.elementsFromPoint(x, y).find((each) => each.dataset.at !== undefined);
    this.#tell(piece ? this.#marks.find(({ start }) => start === Number(piece.dataset.at)) : null);
  }

  #atCaret() {
    if (document.activeElement !== this.#field) return;
    const { selectionStart: at, selectionEnd: selectedTo } = this.#field;
    const isWord = ({ start, end }) => /[^\p{P}]/u.test(this.#text.slice(start, end));
    const touched = this.#marks.find((mark) => mark.start <= at && at <= mark.end && isWord(mark));
    this.#tell(at === selectedTo ? touched : null);
  }

  /** Describe a word: its contribution, and its phrases. */
  #tell(mark) {
    show(el("here"), Boolean(mark));
    show(el("legend"), !mark);
    if (!mark) return;
    const within = this.#phrases.filter(({ places }) =>
      places.some(({ start, end }) => start <= mark.start && mark.end <= end),
    );
    const parts = within.slice(0, 2).map(({ text, contribution }) => `“${visible(text)}” ${signed(contribution)}`);
    el("here").replaceChildren(
      make("bdi", {}, visible(this.#text.slice(mark.start, mark.end))),
      make("b", { className: side(mark.contribution) }, ` ${signed(mark.contribution)} `),
      `for ${favored(mark.contribution, this.#pair)}`,
      parts.length > 0 ? `; in ${parts.join(", ")}` : "",
    );
  }
}
