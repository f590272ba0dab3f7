// CSV as RFC 4180 has it, read piece by piece, and written.

// A quote that is never closed would swallow the rest of the file: such a record ends with its line.
const LONGEST = 1 << 24;
const NEVER_CLOSED = "a quote is never closed";
const LINE = /[^\r\n]*/y;
const FIELDS = new Map([",", ";", "\t", "|"].map((mark) => [mark, new RegExp(`[^${mark}\\r\\n]*`, "y")]));

/**
 * One record of a text.
 * @typedef {{fields: string[], blank: boolean, damage: string, next: number}} CsvRecord
 *   blank: there is nothing but spaces on its line; damage: what is wrong, empty if nothing is;
 *   next: where the next record begins.
 */

/**
 * Read the record that begins at a place.
 * @param {string} text
 * @param {number} at where it begins; before the end of the text
 * @param {string} delimiter one of `,` `;` tab `|`
 * @param {boolean} last whether no more text will follow
 * @returns {CsvRecord | null} null if more text has to come first
 */
export function readRecord(text, at, delimiter, last) {
  const fields = [];
  let place = at;
  for (;;) {
    if (text[place] === '"') {
      const close = closingQuote(text, place + 1);
      if (close === text.length - 1 && !last) return null; // it may be the first of two quotes
      if (close < 0) return last ? broken(text, at, delimiter, NEVER_CLOSED) : null;
      fields.push(text.slice(place + 1, close).replaceAll('""', '"'));
      place = close + 1;
    } else {
      const field = match(FIELDS.get(delimiter), text, place);
      fields.push(field);
      place += field.length;
    }
    if (place === text.length) {
      return last ? { fields, blank: isBlank(fields, text.slice(at, place)), damage: "", next: place } : null;
    }
    const mark = text[place];
    if (mark === delimiter) {
      place += 1;
    } else if (mark === "\n" || mark === "\r") {
      if (mark === "\r" && place + 1 === text.length && !last) return null;
      const next = place + (mark === "\r" && text[place + 1] === "\n" ? 2 : 1);
      return { fields, blank: isBlank(fields, text.slice(at, place)), damage: "", next };
    } else {
      const damaged = broken(text, at, delimiter, "there is text after a closing quote");
      return damaged.ended || last ? damaged : null;
    }
  }
}

const isBlank = (fields, raw) => fields.length === 1 && raw.trim() === "";

function match(pattern, text, at) {
  pattern.lastIndex = at;
  return pattern.exec(text)[0];
}

function closingQuote(text, from) {
  for (let place = text.indexOf('"', from); place >= 0; place = text.indexOf('"', place + 2)) {
    if (text[place + 1] !== '"') return place;
  }
  return -1;
}

/** Read no further than the line, and the quotes in it as plain characters. */
function broken(text, at, delimiter, damage) {
  const line = match(LINE, text, at);
  const end = at + line.length;
  const next = end + (text.startsWith("\r\n", end) ? 2 : end < text.length ? 1 : 0);
  const ended = end < text.length && !(text[end] === "\r" && end + 1 === text.length);
  return { fields: line.split(delimiter), blank: false, damage, next, ended };
}

/** Gives the records of a text that comes in pieces, cut anywhere. */
export class CsvReader {
  #delimiter;
  #rest = "";

  constructor(delimiter = ",") {
    this.#delimiter = delimiter;
  }

  /** Give the records that a piece completes. */
  push(piece) {
    this.#rest += piece;
    return this.#take(false);
  }

  /** Give those that the end completes. */
  finish() {
    return this.#take(true);
  }

  #take(last) {
    const records = [];
    let at = 0;
    while (at < this.#rest.length) {
      const giveUp = last || this.#rest.length - at > LONGEST;
      let record = readRecord(this.#rest, at, this.#delimiter, last);
      if (record === null && giveUp) record = broken(this.#rest, at, this.#delimiter, NEVER_CLOSED);
      if (record === null) break;
      records.push(record);
      at = record.next;
    }
    this.#rest = this.#rest.slice(at);
    return records;
  }
}

/** Write one record; quotes only where they must be. */
export function csvLine(fields, delimiter = ",") {
  const special = new RegExp(`["\\r\\n${delimiter}]`);
  const cells = fields.map((field) =>
    special.test(field) ? `"${field.replaceAll('"', '""')}"` : field,
  );
  return `${cells.join(delimiter)}\r\n`;
}
