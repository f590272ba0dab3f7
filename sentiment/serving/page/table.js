// Files of reviews, read in slices: CSV, TSV, JSON lines, plain lines → rows.

import { CsvReader } from "./csv.js";
import { guess } from "./guess.js";
import { LineReader, TsvReader } from "./lines.js";

/**
 * A row of a file.
 * @typedef {{cells: string[], object: object | null, raw: string, damage: string}} Row
 *   cells: of all but JSON lines; object, raw: of these, parsed and as they stand (a string as the text
 *   of an object);
 *   damage: why it cannot be read, empty if it can.
 */

const PIECE = 1 << 17;
const LOOKED_AT = 1 << 16;
const CHANGED = "it has changed or gone since it was chosen; choose it again";
const NOT_READ = "it cannot be read: is it a folder, or gone?";

/** A file, how it is read, and the names of its columns. */
export class Table {
  /**
   * @param {File} file
   * @param {import("./guess.js").How} how
   */
  constructor(file, how) {
    this.file = file;
    this.how = how;
    this.columns = how.format === "lines" ? ["text"] : [];
  }

  /** Look at how a file begins, and open it as what it seems to be. */
  static async open(file) {
    const start = await file.slice(0, LOOKED_AT).arrayBuffer().catch(() => Promise.reject(new Error(NOT_READ)));
    return new Table(file, guess(file.name, new Uint8Array(start), file.size <= LOOKED_AT));
  }

  /** Read the same file otherwise. */
  as(changes) {
    return new Table(this.file, { ...this.how, ...changes });
  }

  /**
   * Give the rows, a slice at a time; the names of columns are known from the first slice on, those of
   * JSON lines as they come.
   * @returns {AsyncGenerator<{rows: Row[], read: number}>} read: bytes so far
   */
  async *slices() {
    const reader = readerOf(this.how);
    const rowsOf = { jsonl: this.#objects(), lines: (lines) => lines.map(plainRow) }[this.how.format] ?? this.#records();
    for await (const { text, read } of textOf(this.file, this.how.encoding)) {
      const found = text === null ? reader.finish() : reader.push(text);
      if (found.length > 0) yield { rows: rowsOf(found), read };
    }
  }

  /** Give the first rows. */
  async first(count) {
    const rows = [];
    for await (const slice of this.slices()) {
      rows.push(...slice.rows.slice(0, count - rows.length));
      if (rows.length >= count) break;
    }
    return rows;
  }

  /** Give the text of a row in a column. */
  textOf(row, column) {
    return this.how.format === "jsonl" ? cellUnder(row.object, this.columns[column]) : row.cells[column] ?? "";
  }

  /** Give all cells of a row, as they go into a table. */
  cellsOf(row) {
    if (this.how.format !== "jsonl") return row.cells;
    return this.columns.map((name) => cellUnder(row.object, name));
  }

  #records() {
    let named = false;
    let before = []; // blank ones before the first row
    const width = () => this.columns.length;
    return (found) => {
      let records = [...before, ...found];
      if (!named) {
        const at = records.findIndex((record) => !record.blank);
        before = at < 0 ? records : [];
        if (at < 0) return [];
        const { fields } = records[at];
        this.columns = this.how.header ? fields : fields.map((_, n) => String(n + 1));
        named = true;
        if (this.how.header) records = records.slice(at + 1);
      }
      return records.filter((record) => !record.blank || width() === 1).map((record) => recordRow(record, width()));
    };
  }

  #objects() {
    const known = new Set(this.columns);
    return (lines) =>
      lines.filter((line) => line.trim() !== "").map((line) => {
        const row = objectRow(line);
        for (const name of Object.keys(row.object ?? {})) {
          if (known.has(name)) continue;
          known.add(name);
          this.columns.push(name);
        }
        return row;
      });
  }
}

function readerOf({ format, delimiter }) {
  if (format === "csv") return new CsvReader(delimiter);
  return format === "tsv" ? new TsvReader() : new LineReader();
}

async function* textOf(file, encoding) {
  const decoder = new TextDecoder(encoding);
  const reader = file.stream().getReader();
  let read = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read().catch(() => Promise.reject(new Error(CHANGED)));
      if (done) break;
      for (let at = 0; at < value.length; at += PIECE) {
        const part = value.subarray(at, at + PIECE);
        read += part.length;
        yield { text: decoder.decode(part, { stream: true }), read };
        await breath();
      }
    }
    yield { text: decoder.decode(), read };
    yield { text: null, read };
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** Let the page draw and listen. */
export const breath = () => new Promise((done) => setTimeout(done));

const plainRow = (line) => ({ cells: [line], object: null, raw: line, damage: "" });

function recordRow({ fields, damage }, width) {
  const cells = fields.length === width ? fields : Array.from({ length: width }, (_, n) => fields[n] ?? "");
  const count = `${fields.length} ${fields.length === 1 ? "field" : "fields"} where ${width} are expected`;
  return { cells, object: null, raw: "", damage: damage || (fields.length === width ? "" : count) };
}

function objectRow(raw) {
  try {
    const value = JSON.parse(raw, exactNumber);
    if (typeof value === "string") return { cells: [], object: { text: value }, raw: `{"text":${raw.trim()}}`, damage: "" };
    const isObject = value !== null && typeof value === "object" && !Array.isArray(value) && !JSON.isRawJSON?.(value);
    return { cells: [], object: isObject ? value : null, raw, damage: isObject ? "" : "not a JSON object" };
  } catch {
    return { cells: [], object: null, raw, damage: "not JSON" };
  }
}

/** Keep numbers as they are written, where the browser can: long ids would lose their last digits. */
function exactNumber(_, value, context) {
  const differs = typeof value === "number" && context?.source !== undefined && String(value) !== context.source;
  return differs && JSON.rawJSON ? JSON.rawJSON(context.source) : value;
}

/** Write what an object has under a name into a cell; what every object inherits, such as `constructor`, is none. */
function cellUnder(object, name) {
  const value = object !== null && Object.hasOwn(object, name) ? object[name] : null;
  if (typeof value === "string") return value;
  return value === null ? "" : JSON.stringify(value);
}
