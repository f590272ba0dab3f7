// Files of reviews, read in slices: CSV, JSON lines, plain lines → rows.

import { CsvReader, sniffDelimiter } from "./csv.js";

/**
 * A row of a file.
 * @typedef {{cells: string[], object: object | null, raw: string, damage: string}} Row
 *   cells: of CSV and of lines; object, raw: of JSON lines, parsed and as they stand;
 *   damage: why it cannot be read, empty if it can.
 */

const PIECE = 1 << 17;
const LOOKED_AT = 1 << 16;
const ENCODINGS = [["utf-8", [0xef, 0xbb, 0xbf]], ["utf-16le", [0xff, 0xfe]], ["utf-16be", [0xfe, 0xff]]];
const TEXT_NAMES = ["text", "review", "review_text", "reviews", "content", "body", "comment", "sentence", "message", "tweet", "document"];
const CHANGED = "it has changed or gone since it was chosen; choose it again";
const NOT_READ = "not text: save it as CSV, JSON lines or plain text";
const ARRAY = "one JSON array: write one object a line (JSON lines)";

/** A file, how it is read, and the names of its columns. */
export class Table {
  /**
   * @param {File} file
   * @param {{format: string, encoding: string, delimiter: string, header: boolean, bom: boolean}} how
   */
  constructor(file, how) {
    this.file = file;
    this.how = how;
    this.columns = how.format === "lines" ? ["text"] : [];
  }

  /** Look at how a file begins, and open it as what it seems to be. */
  static async open(file) {
    const start = new Uint8Array(await file.slice(0, LOOKED_AT).arrayBuffer());
    const [encoding, mark] = ENCODINGS.find(([, bytes]) => bytes.every((byte, n) => start[n] === byte)) ?? ["utf-8", []];
    if (encoding === "utf-8" && start.includes(0)) throw new Error(NOT_READ);
    const known = mark.length > 0 || isUtf8(start) ? encoding : "windows-1252";
    const text = new TextDecoder(known).decode(start);
    if (/\.json$/i.test(file.name) && /^\s*\[/.test(text)) throw new Error(ARRAY);
    const format = formatOf(file.name, text);
    const delimiter = /\.tsv$/i.test(file.name) ? "\t" : sniffDelimiter(text);
    return new Table(file, { format, encoding: known, delimiter, header: true, bom: mark.length > 0 });
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
    const { format, delimiter } = this.how;
    const reader = format === "csv" ? new CsvReader(delimiter) : new LineReader();
    const rowsOf = { csv: this.#csvRows(), jsonl: this.#objects(), lines: (lines) => lines.map(plainRow) }[format];
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

  /** Guess which column holds the text: by its name, else the one with the most in it. */
  guessColumn(rows) {
    const named = TEXT_NAMES.map((name) => this.columns.findIndex((column) => column.trim().toLowerCase() === name));
    const found = named.find((place) => place >= 0);
    if (found !== undefined) return found;
    const lengths = this.columns.map((_, place) => rows.reduce((sum, row) => sum + this.textOf(row, place).length, 0));
    return Math.max(0, lengths.indexOf(Math.max(...lengths)));
  }

  /** Give the text of a row in a column. */
  textOf(row, column) {
    return this.how.format === "jsonl" ? cellOf(row.object?.[this.columns[column]]) : row.cells[column] ?? "";
  }

  /** Give all cells of a row, as they go into a table. */
  cellsOf(row) {
    if (this.how.format !== "jsonl") return row.cells;
    return this.columns.map((name) => cellOf(row.object?.[name]));
  }

  #csvRows() {
    let named = false;
    const width = () => this.columns.length;
    return (records) => {
      if (!named && records.length > 0) {
        const at = records.findIndex((record) => !record.blank);
        if (at < 0) return [];
        const [first] = records.slice(at);
        this.columns = this.how.header ? first.fields : first.fields.map((_, n) => String(n + 1));
        named = true;
        records = records.slice(this.how.header ? at + 1 : at);
      }
      return records.filter((record) => !record.blank || width() === 1).map((record) => csvRow(record, width()));
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

/** Lines, whichever of LF, CR LF and CR ends them. */
class LineReader {
  #rest = "";

  push(piece) {
    const lines = (this.#rest + piece).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop();
    return lines;
  }

  finish() {
    const rest = this.#rest.replace(/\r$/, "");
    return this.#rest === "" ? [] : [rest];
  }
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

function isUtf8(bytes) {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true }); // it may end within a character
    return true;
  } catch {
    return false;
  }
}

function formatOf(name, text) {
  if (/\.(csv|tsv)$/i.test(name)) return "csv";
  if (/\.(jsonl|ndjson)$/i.test(name) || /^\s*\{"/.test(text)) return "jsonl";
  return "lines";
}

const plainRow = (line) => ({ cells: [line], object: null, raw: line, damage: "" });

function csvRow({ fields, damage }, width) {
  const cells = fields.length === width ? fields : Array.from({ length: width }, (_, n) => fields[n] ?? "");
  const count = `${fields.length} ${fields.length === 1 ? "field" : "fields"} where ${width} are expected`;
  return { cells, object: null, raw: "", damage: damage || (fields.length === width ? "" : count) };
}

function objectRow(raw) {
  try {
    const object = JSON.parse(raw, exactNumber);
    if (object !== null && typeof object === "object" && !Array.isArray(object)) return { cells: [], object, raw, damage: "" };
    return { cells: [], object: null, raw, damage: "not a JSON object" };
  } catch {
    return { cells: [], object: null, raw, damage: "not JSON" };
  }
}

/** Keep numbers as they are written, where the browser can: long ids would lose their last digits. */
function exactNumber(_, value, context) {
  const differs = typeof value === "number" && context?.source !== undefined && String(value) !== context.source;
  return differs && JSON.rawJSON ? JSON.rawJSON(context.source) : value;
}

/** Write a JSON value into a cell. */
export function cellOf(value) {
  if (typeof value === "string") return value;
  if (value === null || value === undefined) return "";
  return JSON.stringify(value);
}
