// Does a first row name the columns, and which of them holds the texts? Guessed as `sentiment predict` does.

// Names of one rank stand together; a title is the last resort.
const TEXTS = [
  ["text", "review", "review text", "review body", "sentence", "comment", "tweet", "content", "body", "message",
    "feedback", "document"],
  ["title", "summary", "headline"],
];
const LABELS = ["label", "sentiment", "polarity", "target", "class", "y", "rating", "stars", "star rating", "overall", "score"];
const KNOWN = new Set([...TEXTS.flat(), ...LABELS]);
const LABEL_WORDS = new Set(["pos", "positive", "good", "true", "yes", "neg", "negative", "bad", "false", "no", "neutral"]);
// What stands for a value: no column is called so.
const VALUES = new Set([
  "#n/a", "<na>", "n/a", "na", "nan", "none", "null",
  "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
]);
const FEW_COLUMNS = 3;
const MANY_WORDS = 6;

/**
 * Tell whether a first row names the columns.
 * @param {string[]} row
 * @param {string[][]} below some rows that follow it
 */
export function isHeader(row, below) {
  const names = row.map(plain).filter((name) => name !== "");
  if (names.length === 0 || names.some(isNumber)) return false;
  if (row.length === 1) return TEXTS.flat().includes(normal(row[0]));
  const known = row.some((name) => KNOWN.has(normal(name)))
    && !(row.length <= FEW_COLUMNS && names.some(isLabelWord));
  const sentence = names.some(isSentence);
  if (known && !sentence) return true;
  if (!known && (sentence || new Set(names).size < names.length)) return false;
  return row.some((name, column) => isOther(plain(name), below.map((cells) => plain(cells[column] ?? ""))));
}

/**
 * Guess which column holds the texts: by its name, else the one with the most in it.
 * @param {string[]} columns
 * @param {(column: number) => number} lengthOf how many characters there are in a column
 */
export function guessColumn(columns, lengthOf) {
  for (const names of TEXTS) {
    for (const form of [normal, (name) => normal(name).split(" ").at(-1)]) {
      const found = columns.findIndex((name) => names.includes(form(name)));
      if (found >= 0) return found;
    }
  }
  const lengths = columns.map((_, column) => lengthOf(column));
  return Math.max(0, lengths.indexOf(Math.max(...lengths)));
}

/** Tell whether a name is none of the values below it, which are all numbers or all labels. */
function isOther(name, below) {
  const values = below.filter((value) => value !== "");
  if (values.length === 0 || !/\p{L}/u.test(name) || VALUES.has(name)) return false;
  return values.every(isNumber) || (values.every(isLabelWord) && !isLabelWord(name));
}

const plain = (cell) => cell.trim().toLowerCase();
const isNumber = (cell) => /^[+-]?(\d+(\.\d*)?|\.\d+)$/.test(cell);
const isLabelWord = (cell) => LABEL_WORDS.has(cell);
const isSentence = (cell) => cell.split(/\s+/).length >= MANY_WORDS || /[.!?…]$/.test(cell);

/** Write a name in lower-case words: `Review-Text` and `reviewText` → `review text`. */
const normal = (name) => plain(name.replace(/(?<=[a-z])(?=[A-Z])/g, " ").replace(/[\s_-]+/g, " "));
