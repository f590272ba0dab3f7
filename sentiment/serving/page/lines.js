// Lines, read piece by piece, and rows of tab-separated values.

/** Gives the lines of a text that comes in pieces, cut anywhere: LF ends one, with a CR before it or without. */
export class LineReader {
  #rest = "";

  /** Give the lines that a piece completes. */
  push(piece) {
    const lines = (this.#rest + piece).split("\n");
    this.#rest = lines.pop();
    return lines.map(withoutEnd);
  }

  /** Give the one that the end completes. */
  finish() {
    return this.#rest === "" ? [] : [withoutEnd(this.#rest)];
  }
}

const withoutEnd = (line) => (line.endsWith("\r") ? line.slice(0, -1) : line);

/** Gives the records of tab-separated values, as IANA has them: a quote is a plain character. */
export class TsvReader {
  #lines = new LineReader();

  /** Give the records that a piece completes. */
  push(piece) {
    return this.#lines.push(piece).map(recordOf);
  }

  /** Give the one that the end completes. */
  finish() {
    return this.#lines.finish().map(recordOf);
  }
}

const recordOf = (line) => ({ fields: line.split("\t"), blank: line.trim() === "" && !line.includes("\t"), damage: "" });
