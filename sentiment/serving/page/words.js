// Words: their positions, contributions, and how to show them.

/**
 * A word or phrase with its position.
 * @typedef {{start: number, end: number, contribution: number, text: string}} Mark
 *   start, end: in UTF-16 units of the text.
 */

// The contribution of a fully dark mark, at least; so that weak texts stay pale.
const STRONG = 1;
// Words below this share of the strongest are not marked, nor more words than can be drawn.
const FAINT = 0.03;
const MOST_MARKS = 3000;

// Control and bidirectional characters, line separators.
const UNSEEN = /[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Spell out invisible characters, so that a text cannot look like another. */
export function visible(text) {
  return text.replace(UNSEEN, (char) => {
    if (char === "\n" || char === "\r" || char === "\t") return { "\n": "\\n", "\r": "\\r", "\t": "\\t" }[char];
    const code = char.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code.padStart(4, "0")}` : `\\x${code.padStart(2, "0")}`;
  });
}

/** Replace query parameters in a message by the labels of the page. */
export function inWords(line) {
  const fields = { format: "Format", encoding: "Encoding", on_bad_bytes: "Bad bytes", sheet: "Sheet", text_column: "Text in column", to: "Result" };
  return line.replace(/\b(format|encoding|on_bad_bytes|sheet|text_column|to)=([\w-]+(?:\.[\w-]+)*|…)/g, (_, name, value) =>
    `“${fields[name]}${value === "…" ? "" : `: ${value}`}”`);
}

/** Format a contribution with its sign. */
export const signed = (number) => `${number < 0 ? "−" : "+"}${Math.abs(number).toFixed(2)}`;

/** Return the class of style for a contribution: for the class compared, or against it. */
export const side = (number) => (number < 0 ? "against" : "for");

/** Return the name of the class that a contribution favors, of the two compared. */
export const favored = (number, { toward, over }) => visible(number < 0 ? over : toward);

/** Return the two classes that an explanation compares. */
export const pairOf = ({ toward, over }, labels) => (toward ? { toward, over } : { toward: labels[1], over: labels[0] });

const TONES = ["positive", "negative", "neutral", "uncertain", "without_text", "unreadable"];

/** Return the style of a class or outcome: its name if it has one of its own. */
export const toneOf = (name) => (TONES.includes(name) ? name : "other");

/** Return the probability to show with an answer: of the second of two classes, else its own. */
export function shownOf(answer, labels) {
  if (labels.length === 2) return answer[`p_${labels[1]}`];
  return answer[`p_${answer.predicted}`] ?? Math.max(...labels.map((name) => answer[`p_${name}`]));
}

/** Format a probability; none is shown as certain. */
export function percent(p) {
  if (p > 0.999) return "> 99.9%";
  if (p < 0.001) return "< 0.1%";
  return `${(100 * p).toFixed(1)}%`;
}

/**
 * Convert positions in characters, as in the service's answers, to UTF-16 units.
 * @param {string} text
 * @returns {(place: number) => number}
 */
export function unitsOf(text) {
  if (!/[\ud800-\udfff]/.test(text)) return (place) => place;
  const starts = [];
  let at = 0;
  for (const char of text) {
    starts.push(at);
    at += char.length;
  }
  starts.push(at);
  return (place) => starts[place];
}

/** Move marks to their positions in an edited text; edited words lose theirs. */
export function moved(marks, before, after) {
  if (before === after) return marks;
  const most = Math.min(before.length, after.length);
  let head = 0;
  while (head < most && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < most - head && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1;
  const by = after.length - before.length;
  const inWord = (place) => /[\p{L}\p{N}]/u.test(after[place] ?? "");
  return marks.flatMap((mark) => {
    if (mark.end < head || (mark.end === head && !inWord(head))) return [mark];
    if (mark.start < before.length - tail) return [];
    const here = { ...mark, start: mark.start + by, end: mark.end + by };
    return here.start > head || !inWord(head - 1) ? [here] : [];
  });
}

/**
 * Split a text at the ends of marks and highlighted places.
 * @param {string} text
 * @param {Mark[]} marks in order, not overlapping
 * @param {[number, number][]} places to highlight
 * @returns {{text: string, mark: Mark | null, lit: boolean}[]}
 */
export function pieces(text, marks, places = []) {
  const cuts = new Set([0, text.length, ...marks.flatMap(({ start, end }) => [start, end]), ...places.flat()]);
  const order = [...cuts].filter((place) => place <= text.length).sort((a, b) => a - b);
  let next = 0;
  return order.slice(1).map((end, number) => {
    const start = order[number];
    while (next < marks.length && marks[next].end <= start) next += 1;
    const mark = marks[next]?.start <= start ? marks[next] : null;
    const lit = places.some(([from, to]) => from <= start && end <= to);
    return { text: text.slice(start, end), mark, lit };
  });
}

/** Return the words worth marking: not too weak, and not too many. */
export function worthMarking(words) {
  const most = words.reduce((found, word) => Math.max(found, Math.abs(word.contribution)), 0);
  const strong = words.filter(({ contribution }) => most > 0 && Math.abs(contribution) >= FAINT * most);
  if (strong.length <= MOST_MARKS) return strong;
  const least = strong.map(({ contribution }) => Math.abs(contribution)).sort((a, b) => b - a)[MOST_MARKS];
  return strong.filter(({ contribution }) => Math.abs(contribution) > least);
}

/** Return a function from a word to the strength of its color, 0 to 1. */
export function strengthOf(marks) {
  const most = marks.reduce((found, { contribution }) => Math.max(found, Math.abs(contribution)), STRONG);
  return ({ contribution }) => Math.abs(contribution) / most;
}

/** Sum up each word over all its occurrences, ignoring case; in order of appearance. */
export function byWord(words) {
  const alike = new Map();
  for (const word of words) {
    const name = word.text.toLowerCase();
    const sum = alike.get(name);
    if (sum === undefined) {
      alike.set(name, { text: word.text, contribution: word.contribution, places: [[word.start, word.end]] });
    } else {
      sum.text = name;
      sum.contribution += word.contribution;
      sum.places.push([word.start, word.end]);
    }
  }
  return [...alike.values()];
}
