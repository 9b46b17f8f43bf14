import { type Labels, compareLabels, labelsKey, renderLabels } from "../../../src/core/labels";
import {
  type MatrixSeries,
  type QueryResult,
  type VectorSample,
  QueryError,
  evalInstant,
  evalRange,
  formatFloat,
  parseExpr,
} from "../../../src/promql/index";
import { RE2JS } from "re2js";
import { MemoryQueryable } from "./memory-queryable";
import { type EvalCommand, type MessageMatch, parseScript } from "./script";
import { mutated } from "./mutate";
import { type Got, matchesPoint, nearly, sameSample, showPoint, showSample } from "./points";

export interface EvalOutcome {
  readonly line: number;
  readonly query: string;
  /** Absent where the eval passed. */
  readonly failure?: { readonly expected: string; readonly got: string };
}

/** Runs a script against the engine's own entry points, eval by eval. */
export async function runScript(
  text: string,
  options: { readonly mutate?: boolean } = {},
): Promise<EvalOutcome[]> {
  const store = new MemoryQueryable();
  const outcomes: EvalOutcome[] = [];
  for (const c of parseScript(text)) {
    if (c.kind === "clear") store.clear();
    else if (c.kind === "load") store.load(c.stepMs, c.series);
    else {
      const command = options.mutate === true ? mutated(c) : c;
      const failure = await runEval(command, store);
      outcomes.push({
        line: c.line,
        query: c.query,
        ...(failure === undefined ? {} : { failure }),
      });
    }
  }
  return outcomes;
}

type Failure = EvalOutcome["failure"];
type Answer =
  | { readonly ok: true; readonly result: QueryResult }
  | { readonly ok: false; readonly message: string };

async function runEval(c: EvalCommand, store: MemoryQueryable): Promise<Failure> {
  const answer = await ask(c.query, c.at, c.instant, store);
  const { expect } = c;
  if (expect.fails.length > 0) {
    if (answer.ok) return { expected: "an error", got: show(answer.result) };
    const { message } = answer;
    const missed = expect.fails.find((m) => !matches(m, message));
    return missed === undefined
      ? undefined
      : { expected: `error ${describe(missed)}`, got: message };
  }
  if (!answer.ok) return { expected: "a result", got: `error: ${answer.message}` };
  const { result } = answer;
  const failure =
    annotations("warning", expect.warns, expect.noWarn, result.warnings) ??
    annotations("info", expect.infos, expect.noInfo, result.infos) ??
    (c.instant ? instantResult(c, result) : matrixResult(c.expect.series, c.at, result));
  if (failure !== undefined) return failure;
  // What holds at one time must hold at that time of a range, as Prometheus' own runner checks.
  if (c.instant && result.type === "vector" && !expect.ordered)
    return sameInRange(c, result, store);
  return undefined;
}

async function ask(
  query: string,
  at: EvalCommand["at"],
  instant: boolean,
  store: MemoryQueryable,
): Promise<Answer> {
  const parsed = parseExpr(query);
  if (!parsed.ok) return { ok: false, message: parsed.error.message };
  try {
    const result = instant
      ? await evalInstant(parsed.value, { queryable: store, atMs: at.startMs })
      : await evalRange(parsed.value, { queryable: store, ...at });
    return { ok: true, result };
  } catch (e) {
    if (e instanceof QueryError) return { ok: false, message: e.message };
    throw e;
  }
}

function matches(m: MessageMatch, message: string): boolean {
  switch (m.kind) {
    case "any":
      return true;
    case "msg":
      return m.text === message;
    case "regex":
      return RE2JS.compile(m.pattern).matcher(message).find();
  }
}

function describe(m: MessageMatch): string {
  return m.kind === "any" ? "(any)" : m.kind === "msg" ? JSON.stringify(m.text) : `/${m.pattern}/`;
}

function annotations(
  what: string,
  wanted: readonly MessageMatch[],
  none: boolean,
  got: readonly string[],
): Failure {
  const shown = got.length === 0 ? `no ${what}` : got.join("; ");
  if (none && got.length > 0) return { expected: `no ${what}`, got: shown };
  if (wanted.length === 0) return undefined;
  const missed = wanted.find((m) => !got.some((g) => matches(m, g)));
  if (missed !== undefined) return { expected: `${what} ${describe(missed)}`, got: shown };
  const extra = got.find((g) => !wanted.some((m) => matches(m, g)));
  return extra === undefined
    ? undefined
    : { expected: wanted.map(describe).join(", "), got: extra };
}

function instantResult(c: EvalCommand, result: QueryResult): Failure {
  const { expect } = c;
  if (expect.rangeVector !== undefined)
    return matrixResult(expect.series, expect.rangeVector, result);
  switch (result.type) {
    case "string":
      return expect.string === result.value
        ? undefined
        : { expected: JSON.stringify(expect.string), got: JSON.stringify(result.value) };
    case "scalar":
      if (expect.scalar !== undefined && nearly(expect.scalar, result.value)) return undefined;
      return { expected: String(expect.scalar), got: formatFloat(result.value) };
    case "matrix":
      return { expected: "an instant vector", got: show(result) };
    case "vector": {
      if (expect.scalar !== undefined || expect.string !== undefined)
        return { expected: String(expect.scalar ?? expect.string), got: show(result) };
      const wanted = expect.series;
      const expected = wanted
        .map((s) => `${renderLabels(s.labels)} ${s.points.map(showPoint).join(" ")}`)
        .join("\n");
      const got = show(result);
      if (wanted.length !== result.samples.length) return { expected, got };
      const byLabels = new Map(result.samples.map((s, i) => [labelsKey(s.labels), { ...s, i }]));
      for (const [i, w] of wanted.entries()) {
        const s = byLabels.get(labelsKey(w.labels));
        const point = w.points[0];
        if (
          s === undefined ||
          w.points.length !== 1 ||
          point === undefined ||
          !matchesPoint(point, gotOf(s))
        )
          return { expected, got };
        if (expect.ordered && s.i !== i) return { expected: `in order:\n${expected}`, got };
      }
      return undefined;
    }
  }
}

function matrixResult(
  wanted: EvalCommand["expect"]["series"],
  at: EvalCommand["at"],
  result: QueryResult,
): Failure {
  const expected = wanted
    .map((s) => `${renderLabels(s.labels)} ${s.points.map(showPoint).join(" ")}`)
    .join("\n");
  const got = show(result);
  if (result.type !== "matrix") return { expected, got };
  const byLabels = new Map<string, { labels: Labels; left: Map<number, Got> }>();
  for (const s of result.series) {
    byLabels.set(labelsKey(s.labels), {
      labels: s.labels,
      left: new Map(Array.from(s.timestamps, (t, i) => [t, gotAt(s, i)])),
    });
  }
  for (const w of wanted) {
    const s = byLabels.get(labelsKey(w.labels));
    for (const [i, p] of w.points.entries()) {
      if (p.kind === "gap") continue;
      const t = at.startMs + i * at.stepMs;
      const v = s?.left.get(t);
      if (v === undefined || !matchesPoint(p, v)) return { expected, got };
      s?.left.delete(t);
    }
  }
  for (const s of byLabels.values()) if (s.left.size > 0) return { expected, got };
  return undefined;
}

async function sameInRange(
  c: EvalCommand,
  instant: QueryResult & { readonly type: "vector" },
  store: MemoryQueryable,
): Promise<Failure> {
  const atMs = c.at.startMs;
  // Functions of the query's own range answer differently in a longer one.
  if (/\b(?:start|end|range|step)\s*\(/.test(c.query)) return undefined;
  const answer = await ask(
    c.query,
    { startMs: atMs - 60_000, endMs: atMs + 60_000, stepMs: 60_000 },
    false,
    store,
  );
  if (!answer.ok || answer.result.type !== "matrix") {
    // Beside the asked time the query may rightly fail.
    return undefined;
  }
  const inRange = answer.result.series.flatMap((s) => {
    const i = s.timestamps.indexOf(atMs);
    return i < 0 ? [] : [{ labels: s.labels, ...gotAt(s, i) }];
  });
  const byLabels = (a: { labels: Labels }, b: { labels: Labels }): number =>
    compareLabels(a.labels, b.labels);
  const a = instant.samples.toSorted(byLabels);
  const b = inRange.toSorted(byLabels);
  const same =
    a.length === b.length &&
    a.every(
      (s, i) =>
        labelsKey(s.labels) === labelsKey(b[i]?.labels ?? []) && sameSample(gotOf(s), b[i] as Got),
    );
  return same
    ? undefined
    : {
        expected: `in a range, at the same time:\n${show(instant)}`,
        got: b.map((s) => `${renderLabels(s.labels)} ${showSample(s)}`).join("\n"),
      };
}

function gotOf(s: VectorSample): Got {
  return { value: s.value, histogram: s.histogram };
}

function gotAt(s: MatrixSeries, i: number): Got {
  return { value: s.values[i] as number, histogram: s.histograms?.[i] };
}

function show(r: QueryResult): string {
  switch (r.type) {
    case "scalar":
      return formatFloat(r.value);
    case "string":
      return JSON.stringify(r.value);
    case "vector":
      return (
        r.samples.map((s) => `${renderLabels(s.labels)} ${showSample(gotOf(s))}`).join("\n") ||
        "(empty)"
      );
    case "matrix":
      return (
        r.series
          .map(
            (s) =>
              `${renderLabels(s.labels)} ${Array.from(s.timestamps, (t, i) => `${showSample(gotAt(s, i))}@${t}`).join(" ")}`,
          )
          .join("\n") || "(empty)"
      );
  }
}
