import type { Histogram } from "../../core/histogram";
import type { MatrixSeries, QueryResult } from "../../promql";
import { histogramJson } from "./histogram-json";
import { JsonBytes, formatValue, seconds } from "./json-bytes";
import { type Notes, renderNotes } from "./respond";

const PIECE_BYTES = 512 * 1024;

/**
 * A query's answer as JSON, written in pieces so that a large matrix is never held as a whole.
 * `headers` join the content type.
 */
export function queryResponse(
  result: QueryResult,
  notes: Notes,
  stats: unknown,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const out = new JsonBytes(isLarge(result) ? PIECE_BYTES + 65_536 : 4_096);
  const steps = writeResult(result, out);
  const tail = `${stats === undefined ? "" : `,"stats":${JSON.stringify(stats)}`}}${renderNotes(notes)}}`;
  const fill = (): boolean => {
    while (out.length < PIECE_BYTES) {
      if (steps.next().done !== true) continue;
      out.text(tail);
      return true;
    }
    return false;
  };
  const init = { headers: { "content-type": "application/json", ...headers } };
  if (fill()) return new Response(out.take(), init);
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(out.take()),
    pull(controller) {
      const done = fill();
      controller.enqueue(out.take());
      if (done) controller.close();
    },
  });
  return new Response(body, init);
}

/** The text from `{"status"` up to the end of `result`. */
export function resultText(r: QueryResult): string {
  const out = new JsonBytes(65_536);
  const steps = writeResult(r, out);
  while (steps.next().done !== true);
  return new TextDecoder().decode(out.take());
}

function isLarge(r: QueryResult): boolean {
  return (
    (r.type === "matrix" && r.series.length > 8) || (r.type === "vector" && r.samples.length > 32)
  );
}

/** Writes from `{"status"` up to the end of `result`, a series at each step. */
function* writeResult(r: QueryResult, w: JsonBytes): Generator<void, void> {
  const head = `{"status":"success","data":{"resultType":"${r.type}","result":`;
  switch (r.type) {
    case "scalar":
      w.text(`${head}[${seconds(r.timestampMs)},"${formatValue(r.value)}"]`);
      return;
    case "string":
      w.text(`${head}[${seconds(r.timestampMs)},${JSON.stringify(r.value)}]`);
      return;
    case "vector": {
      w.text(`${head}[`);
      let open = '{"metric":';
      for (const s of r.samples) {
        w.text(open);
        w.labels(s.labels);
        const at = seconds(s.timestampMs);
        if (s.histogram === undefined) w.text(`,"value":[${at},"${formatValue(s.value)}"]}`);
        else w.text(`,"histogram":[${at},${histogramJson(s.histogram)}]}`);
        open = ',{"metric":';
        yield;
      }
      w.text("]");
      return;
    }
    case "matrix": {
      w.text(`${head}[`);
      let open = '{"metric":';
      for (const s of r.series) {
        w.text(open);
        w.labels(s.labels);
        if (s.histograms === undefined) {
          w.text(',"values":[');
          w.points(s.timestamps, s.values);
          w.text("]}");
        } else writeMixed(w, s, s.histograms);
        open = ',{"metric":';
        yield;
      }
      w.text("]");
    }
  }
}

/** A series that has histograms: its floats, where it has any, then those. */
function writeMixed(
  w: JsonBytes,
  s: MatrixSeries,
  histograms: readonly (Histogram | undefined)[],
): void {
  const isFloat = (_: number, i: number): boolean => histograms[i] === undefined;
  const floats = s.values.filter(isFloat);
  if (floats.length > 0) {
    w.text(',"values":[');
    w.points(s.timestamps.filter(isFloat), floats);
    w.text("]");
  }
  let open = ',"histograms":[';
  for (const [i, h] of histograms.entries()) {
    if (h === undefined) continue;
    w.text(`${open}[${seconds(s.timestamps[i] as number)},${histogramJson(h)}]`);
    open = ",";
  }
  w.text(open === "," ? "]}" : "}");
}
