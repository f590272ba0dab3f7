// Questions to the service, and what goes wrong with them in words for people.

const PATIENCE = 60_000;

/** What went wrong: one line, and whether it helps to ask again. */
export class Trouble extends Error {
  constructor(message, { again = true, wait = 0 } = {}) {
    super(message);
    this.again = again;
    this.wait = wait;
  }
}

/** Explain the answer to a text: what `sentiment explain --json` prints. */
export const explain = (text, signal) => ask("explain", asJson({ text }), signal, (answer) => answer.json());

/** Tell what there is to know of the model. */
export const info = (signal) => ask("info", {}, signal, (answer) => answer.json());

/**
 * Answer texts: an object with `predicted`, `p_positive` and `reason` for each, in order.
 * They go as JSON lines: a text that is refused gets an `error`, and the others their answers.
 */
export function predict(texts, signal) {
  const body = texts.map((text) => `${JSON.stringify({ text })}\n`).join("");
  const request = { method: "POST", headers: { "Content-Type": "application/x-ndjson" }, body };
  return ask("predict", request, signal, async (answer) => {
    const lines = (await answer.text()).split("\n").slice(0, -1);
    if (lines.length !== texts.length) throw new Trouble("The answer of the service broke off.");
    return lines.map((line) => JSON.parse(line));
  });
}

function asJson(value) {
  return { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) };
}

async function ask(path, request, signal, read) {
  const limits = [AbortSignal.timeout(PATIENCE), ...(signal ? [signal] : [])];
  const how = { signal: AbortSignal.any(limits), cache: "no-store", redirect: "error" };
  try {
    const answer = await fetch(path, { ...request, ...how });
    if (!answer.ok) throw await refusal(answer);
    return await read(answer);
  } catch (error) {
    if (error instanceof Trouble || signal?.aborted) throw error;
    if (error.name === "TimeoutError") throw new Trouble("The service takes too long to answer.");
    if (error instanceof SyntaxError) throw new Trouble("The answer of the service cannot be read.");
    throw new Trouble("The service cannot be reached.");
  }
}

async function refusal(answer) {
  const said = await answer.json().catch(() => null);
  const busy = answer.status === 429 || answer.status === 503;
  const again = busy || answer.status >= 500 || answer.status === 408;
  const wait = busy ? 1000 * (Number(answer.headers.get("Retry-After")) || 1) : 0;
  const line = said?.error ? `The service says: ${said.error}` : `The service refuses (status ${answer.status}).`;
  return new Trouble(line, { again, wait });
}
