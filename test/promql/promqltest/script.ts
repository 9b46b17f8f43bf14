import { durationMs } from "../../../src/promql/durations";
import { unquote } from "../../../src/promql/quoting";
import { nativeFromClassic } from "./classic-to-native";
import {
  type SeriesDescription,
  parseNumber,
  parseSeriesDescription,
} from "../../../src/promql/series-description";

/** A script of Prometheus' promqltest language, parsed. Any line that cannot be read throws {@link ScriptError}. */
export type Command =
  | { readonly kind: "clear" }
  | {
      readonly kind: "load";
      readonly stepMs: number;
      readonly series: readonly SeriesDescription[];
    }
  | EvalCommand;

export interface EvalCommand {
  readonly kind: "eval";
  readonly line: number;
  readonly query: string;
  readonly at: { readonly startMs: number; readonly endMs: number; readonly stepMs: number };
  readonly instant: boolean;
  readonly expect: Expectations;
}

export interface Expectations {
  readonly fails: readonly MessageMatch[];
  readonly warns: readonly MessageMatch[];
  readonly infos: readonly MessageMatch[];
  readonly noWarn: boolean;
  readonly noInfo: boolean;
  readonly ordered: boolean;
  readonly string: string | undefined;
  readonly scalar: number | undefined;
  readonly rangeVector:
    | { readonly startMs: number; readonly endMs: number; readonly stepMs: number }
    | undefined;
  readonly series: readonly SeriesDescription[];
}

/** Any message (`undefined`), one text exactly, or a pattern. */
export type MessageMatch =
  | { readonly kind: "any" }
  | { readonly kind: "msg"; readonly text: string }
  | { readonly kind: "regex"; readonly pattern: string };

export class ScriptError extends Error {
  override readonly name = "ScriptError";
}

const INSTANT = /^eval(?:_(fail|warn|ordered|info))?\s+instant\s+at\s+(\S+)\s+(.+)$/;
const RANGE =
  /^eval(?:_(fail|warn|info))?\s+range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)\s+(.+)$/;
const EXPECT = /^expect\s+(ordered|fail|warn|no_warn|info|no_info)(?:\s+(regex|msg):\s*(.+))?$/;

export function parseScript(text: string): Command[] {
  const lines = text.split("\n").map((l) => {
    const trimmed = l.trim();
    return trimmed.startsWith("#") ? "" : trimmed;
  });
  const commands: Command[] = [];
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] as string;
    if (line === "") continue;
    const body: { text: string; line: number }[] = [];
    const head = i;
    const isBlock = line.startsWith("load") || line.startsWith("eval");
    while (isBlock && i + 1 < lines.length && lines[i + 1] !== "")
      body.push({ text: lines[++i] as string, line: i + 1 });
    commands.push(parseCommand(line, head + 1, body));
  }
  return commands;
}

interface BodyLine {
  readonly text: string;
  readonly line: number;
}

function fail(line: number, message: string): never {
  throw new ScriptError(`line ${line}: ${message}`);
}

function parseCommand(head: string, line: number, body: readonly BodyLine[]): Command {
  if (head === "clear") return { kind: "clear" };
  const load = /^load(_with_nhcb)?\s+(\S+)$/.exec(head);
  if (load !== null) {
    return {
      kind: "load",
      stepMs: duration(load[2] as string, line),
      series: loaded(
        body.map((b) => seriesOf(b)),
        load[1] !== undefined,
      ),
    };
  }
  const instant = INSTANT.exec(head);
  if (instant !== null) {
    const atMs = duration(instant[2] as string, line);
    const at = { startMs: atMs, endMs: atMs, stepMs: 0 };
    return {
      kind: "eval",
      line,
      query: instant[3] as string,
      at,
      instant: true,
      expect: expectations(instant[1], body),
    };
  }
  const range = RANGE.exec(head);
  if (range !== null) {
    const [startMs, endMs, stepMs] = [range[2], range[3], range[4]].map((t) =>
      duration(t as string, line),
    ) as [number, number, number];
    return {
      kind: "eval",
      line,
      query: range[5] as string,
      at: { startMs, endMs, stepMs },
      instant: false,
      expect: expectations(range[1], body),
    };
  }
  return fail(line, `cannot read ${JSON.stringify(head)}`);
}

/** With its classic histograms as native ones, where asked. */
function loaded(series: SeriesDescription[], withNative: boolean): SeriesDescription[] {
  return withNative ? [...series, ...nativeFromClassic(series)] : series;
}

function duration(text: string, line: number): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const negative = text.startsWith("-");
  const ms = durationMs(negative ? text.slice(1) : text);
  if (!ms.ok || !/^-?(\d+[a-z]+)+$/.test(text)) return fail(line, `not a duration: ${text}`);
  return negative ? -ms.value : ms.value;
}

function seriesOf(b: BodyLine): SeriesDescription {
  const s = parseSeriesDescription(b.text);
  return s.ok ? s.value : fail(b.line, s.error);
}

function expectations(mode: string | undefined, body: readonly BodyLine[]): Expectations {
  const fails: MessageMatch[] = mode === "fail" ? [{ kind: "any" }] : [];
  const warns: MessageMatch[] = mode === "warn" ? [{ kind: "any" }] : [];
  const infos: MessageMatch[] = mode === "info" ? [{ kind: "any" }] : [];
  let noWarn = false;
  let noInfo = false;
  let ordered = mode === "ordered";
  let string: string | undefined;
  let scalar: number | undefined;
  let rangeVector: Expectations["rangeVector"];
  const series: SeriesDescription[] = [];
  for (const b of body) {
    const expect = EXPECT.exec(b.text);
    const old = /^expected_fail_(message|regexp)\s+(.+)$/.exec(b.text);
    const text = /^expect\s+string\s+(.+)$/.exec(b.text);
    const range = /^expect\s+range\s+vector\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)$/.exec(
      b.text,
    );
    if (expect !== null) {
      const match = messageMatch(expect[2], expect[3]);
      switch (expect[1]) {
        case "ordered":
          ordered = true;
          break;
        case "fail":
          fails.push(match);
          break;
        case "warn":
          warns.push(match);
          break;
        case "info":
          infos.push(match);
          break;
        case "no_warn":
          noWarn = true;
          break;
        case "no_info":
          noInfo = true;
          break;
      }
    } else if (old !== null)
      fails.push(messageMatch(old[1] === "message" ? "msg" : "regex", old[2]));
    else if (text !== null) {
      const value = /^(["'`]).*\1$/s.test(text[1] as string)
        ? unquote(text[1] as string)
        : undefined;
      string = value?.ok === true ? value.value : fail(b.line, "expected a quoted string");
    } else if (range !== null) {
      const [startMs, endMs, stepMs] = [range[1], range[2], range[3]].map((t) =>
        duration(t as string, b.line),
      ) as [number, number, number];
      rangeVector = { startMs, endMs, stepMs };
    } else if (b.text.startsWith("expect ")) fail(b.line, `cannot read ${JSON.stringify(b.text)}`);
    else if (/^[+-]?(\.?\d\S*|inf|nan)$/i.test(b.text)) scalar = parseNumber(b.text);
    else series.push(seriesOf(b));
  }
  return { fails, warns, infos, noWarn, noInfo, ordered, string, scalar, rangeVector, series };
}

function messageMatch(kind: string | undefined, text: string | undefined): MessageMatch {
  if (kind === undefined || text === undefined) return { kind: "any" };
  const quoted = /^"(.*)"$/.exec(text);
  const shown = quoted === null ? text : (quoted[1] as string);
  return kind === "msg" ? { kind: "msg", text: shown } : { kind: "regex", pattern: shown };
}
