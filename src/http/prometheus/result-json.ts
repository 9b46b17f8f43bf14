import { type Labels } from "../../core/labels";
import type { MatrixSeries, QueryResult } from "../../promql";
import { type Notes, renderNotes } from "./respond";

const BATCH_CHARS = 128 * 1024;

/** A query's answer as JSON, written in pieces so that a large matrix is never one string. */
export function queryResponse(result: QueryResult, notes: Notes, stats: unknown): Response {
  const pieces = resultPieces(result);
  const tail = `${stats === undefined ? "" : `,"stats":${JSON.stringify(stats)}`}}${renderNotes(notes)}}`;
  const encoder = new TextEncoder();
  let done = false;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      let text = "";
      while (text.length < BATCH_CHARS && !done) {
        const piece = pieces.next();
        if (piece.done === true) {
          done = true;
          text += tail;
        } else text += piece.value;
      }
      controller.enqueue(encoder.encode(text));
      if (done) controller.close();
    },
  });
  return new Response(body, { headers: { "content-type": "application/json" } });
}

/** The text from `{"status"` up to the end of `result`, piece by piece. */
export function* resultPieces(r: QueryResult): Generator<string, void> {
  const head = `{"status":"success","data":{"resultType":"${r.type}","result":`;
  switch (r.type) {
    case "scalar":
      yield `${head}[${seconds(r.timestampMs)},"${formatValue(r.value)}"]`;
      return;
    case "string":
      yield `${head}[${seconds(r.timestampMs)},${JSON.stringify(r.value)}]`;
      return;
    case "vector": {
      yield `${head}[`;
      let first = true;
      for (const s of r.samples) {
        yield `${first ? "" : ","}{"metric":${renderMetric(s.labels)},"value":[${seconds(s.timestampMs)},"${formatValue(s.value)}"]}`;
        first = false;
      }
      yield "]";
      return;
    }
    case "matrix": {
      yield `${head}[`;
      const writer = new MatrixWriter();
      let first = true;
      for (const s of r.series) {
        yield `${first ? "" : ","}{"metric":${renderMetric(s.labels)},"values":[${writer.points(s)}]}`;
        first = false;
      }
      yield "]";
    }
  }
}

/** Writes points; the times of one series are mostly those of the one before, so their text is kept. */
class MatrixWriter {
  private times: Float64Array = new Float64Array(0);
  private texts: string[] = [];

  points(s: MatrixSeries): string {
    const { timestamps, values } = s;
    const { times, texts } = this;
    const fresh: string[] = [];
    let out = "";
    for (let i = 0; i < values.length; i++) {
      const t = timestamps[i] as number;
      const open = times[i] === t ? (texts[i] as string) : `[${seconds(t)},"`;
      fresh.push(open);
      out += i === 0 ? open : `,${open}`;
      out += formatValue(values[i] as number);
      out += '"]';
    }
    this.times = timestamps;
    this.texts = fresh;
    return out;
  }
}

export function renderMetric(labels: Labels): string {
  let out = "{";
  for (let i = 0; i < labels.length; i += 2) {
    out += `${i === 0 ? "" : ","}${JSON.stringify(labels[i])}:${JSON.stringify(labels[i + 1])}`;
  }
  return `${out}}`;
}

/** Milliseconds as seconds, with all three decimals where there are any. */
export function seconds(ms: number): string {
  if (ms % 1000 === 0) return String(ms / 1000);
  const negative = ms < 0 ? "-" : "";
  const abs = Math.abs(ms);
  return `${negative}${Math.floor(abs / 1000)}.${String(abs % 1000).padStart(3, "0")}`;
}

/** A value as Prometheus' JSON has it: the shortest form that reads back the same, with Go's exponent (`1e-07`). */
export function formatValue(v: number): string {
  if (Number.isInteger(v) && v < 1e15 && v > -1e15) return v === 0 && 1 / v < 0 ? "-0" : String(v);
  if (v !== v) return "NaN";
  if (v === Infinity) return "+Inf";
  if (v === -Infinity) return "-Inf";
  const s = String(v);
  const e = s.indexOf("e");
  if (e < 0 || s.length - e > 3) return s;
  return `${s.slice(0, e + 2)}0${s.slice(e + 2)}`;
}
