import type { FlapSettings, StringMap } from "../../../src/core/alerts";
import { parseDuration } from "../../../src/core/duration";
import { parseMatchers } from "../../../src/alerting/matcher-text";

/** A timeline as its file says it; README.md beside this file explains the language. */
export interface Script {
  /** How often each source sends its full set. */
  readonly everyMs: number;
  readonly endMs: number;
  readonly steps: readonly Step[];
  readonly expectations: readonly Expectation[];
  /** What `as NAME` called an alert. */
  readonly names: ReadonlyMap<string, StringMap>;
}

interface At {
  /** From the script's beginning, ms. */
  readonly atMs: number;
  readonly line: number;
}

export type Step = At &
  (
    | { readonly verb: "configure"; readonly yaml: string }
    | {
        readonly verb: "fire";
        readonly labels: StringMap;
        readonly source: string;
        /** The rule's cooldown lasts that long from now. */
        readonly heldMs: number | undefined;
        readonly sinceMs: number | undefined;
        /** How its rule has it damped. */
        readonly cooldownMs: number | undefined;
        readonly flap: FlapSettings | undefined;
      }
    | { readonly verb: "resolve"; readonly labels: StringMap; readonly source: string }
    | {
        readonly verb: "post";
        readonly labels: StringMap;
        readonly fromMs: number | undefined;
        /** "now": by the router's clock, whatever was done to that. */
        readonly untilMs: number | "now" | undefined;
      }
    | {
        readonly verb: "silence";
        readonly name: string;
        readonly matchers: string;
        readonly forMs: number | undefined;
        readonly daily: Daily | undefined;
      }
    | {
        readonly verb: "window";
        readonly name: string;
        readonly matchers: string;
        /** From the script's beginning; now unless given. */
        readonly fromMs: number | undefined;
        readonly forMs: number | undefined;
        readonly daily: Daily | undefined;
        readonly notify: string | undefined;
      }
    | { readonly verb: "cancel"; readonly name: string }
    | { readonly verb: "expire"; readonly name: string }
    | { readonly verb: "acknowledge"; readonly labels: StringMap }
    | { readonly verb: "silent" | "speaks"; readonly source: string }
    | { readonly verb: "clock"; readonly byMs: number }
    | { readonly verb: "alarms"; readonly what: "lost" | "twice" | "once" }
    | { readonly verb: "late"; readonly byMs: number }
    | { readonly verb: "deliver"; readonly times: number }
    | { readonly verb: "redeliver" | "restart" | "cron" }
    | { readonly verb: "kill"; readonly point: KillPoint }
  );

/** Every day from one time to another, UTC, as `10:00-12:30`. */
export interface Daily {
  readonly start_time: string;
  readonly end_time: string;
}

/** Where the router dies at its next decision that lets something out. */
export type KillPoint = (typeof KILL_POINTS)[number];

/** `after-send`: a receiver dies between the other side's answer and its note of it. */
export const KILL_POINTS = [
  "before-store",
  "after-store",
  "after-hand-over",
  "after-send",
] as const;

export interface Expectation extends At {
  readonly kind: "sent" | "held" | "none";
  readonly integration: string;
  /** Only compared where the script names it. */
  readonly groupKey: string | undefined;
  /** `firing A B -C`, `cooldown`: what stands between the group and the reason. */
  readonly words: string;
  readonly reason: string;
}

export class ScriptError extends Error {
  constructor(line: number, text: string) {
    super(`line ${line}: ${text}`);
  }
}

/** Reads a script. @throws {@link ScriptError} with the line. */
export function parseScript(text: string): Script {
  const lines = text.split("\n").map((l) => l.trimEnd());
  const steps: Step[] = [];
  const expectations: Expectation[] = [];
  const names = new Map<string, StringMap>();
  let everyMs = 15_000;
  let endMs: number | undefined;
  for (let i = 0; i < lines.length; i++) {
    const line = i + 1;
    const text = lines[i] as string;
    if (text === "" || text.startsWith("#")) continue;
    const reader = new Words(text, line, names);
    const first = reader.word();
    switch (first) {
      case "every":
        everyMs = reader.duration();
        break;
      case "end":
        endMs = reader.duration();
        break;
      case "expect":
      case "held":
        expectations.push(expectation(first, reader, line));
        break;
      case "configure":
      case "at": {
        const atMs = first === "at" ? reader.duration() : 0;
        const verb = first === "at" ? reader.word() : "configure";
        let yaml = "";
        if (verb === "configure")
          while (i + 1 < lines.length && /^(\s|$)/.test(lines[i + 1] as string))
            yaml += `${lines[++i] as string}\n`;
        steps.push({ atMs, line, ...step(verb, reader, yaml) } as Step);
        break;
      }
      default:
        throw new ScriptError(line, `unknown word ${JSON.stringify(first)}`);
    }
    reader.end();
  }
  if (endMs === undefined) throw new ScriptError(lines.length, "no end");
  if (steps[0]?.verb !== "configure") throw new ScriptError(1, "begins with configure");
  checkNone(expectations);
  return { everyMs, endMs, steps, expectations, names };
}

type StepBody = Step extends infer S ? (S extends unknown ? Omit<S, keyof At> : never) : never;

function step(verb: string, r: Words, yaml: string): StepBody {
  switch (verb) {
    case "configure":
      return { verb, yaml };
    case "fire": {
      const labels = r.alert();
      const o = r.options("held", "since", "by", "cooldown", "flap");
      return {
        verb,
        labels,
        source: o.get("by") ?? DEFAULT_SOURCE,
        heldMs: r.maybe(o.get("held")),
        sinceMs: r.maybe(o.get("since")),
        cooldownMs: r.maybe(o.get("cooldown")),
        flap: r.flap(o.get("flap")),
      };
    }
    case "resolve": {
      const labels = r.alert();
      return { verb, labels, source: r.options("by").get("by") ?? DEFAULT_SOURCE };
    }
    case "post": {
      const labels = r.alert();
      const o = r.options("from", "until");
      return {
        verb,
        labels,
        fromMs: r.maybe(o.get("from")),
        untilMs: o.get("until") === "now" ? "now" : r.maybe(o.get("until")),
      };
    }
    case "silence": {
      const name = r.word();
      const matchers = r.braces();
      const o = r.options("for", "daily");
      return { verb, name, matchers, forMs: r.maybe(o.get("for")), daily: r.daily(o.get("daily")) };
    }
    case "window": {
      const name = r.word();
      const matchers = r.braces();
      const o = r.options("from", "for", "daily", "notify");
      return {
        verb,
        name,
        matchers,
        fromMs: r.maybe(o.get("from")),
        forMs: r.maybe(o.get("for")),
        daily: r.daily(o.get("daily")),
        notify: o.get("notify"),
      };
    }
    case "cancel":
      return { verb, name: r.word() };
    case "expire":
      return { verb, name: r.word() };
    case "acknowledge":
      return { verb, labels: r.alert() };
    case "silent":
    case "speaks":
      return { verb, source: r.options("by").get("by") ?? DEFAULT_SOURCE };
    case "clock":
      return { verb, byMs: r.duration() };
    case "alarms": {
      const what = r.word();
      if (what === "late") return { verb: "late", byMs: r.duration() };
      if (what === "lost" || what === "twice" || what === "once") return { verb, what };
      throw r.error("alarms lost, twice, once or late DURATION");
    }
    case "deliver": {
      const word = r.word();
      if (word !== "once" && word !== "twice") throw r.error("deliver once or twice");
      return { verb, times: word === "once" ? 1 : 2 };
    }
    case "kill": {
      const word = r.word();
      const point = KILL_POINTS.find((p) => p === word);
      if (point === undefined) throw r.error(`kill ${KILL_POINTS.join(", ")}`);
      return { verb, point };
    }
    case "redeliver":
    case "restart":
    case "cron":
      return { verb };
    default:
      throw r.error(`unknown verb ${JSON.stringify(verb)}`);
  }
}

export const DEFAULT_SOURCE = "timeline/rules";

function expectation(kind: "expect" | "held", r: Words, line: number): Expectation {
  if (kind === "expect" && r.peek() === "none") {
    r.expect("none");
    r.expect("until");
    return {
      kind: "none",
      atMs: r.duration(),
      line,
      integration: "",
      groupKey: undefined,
      words: "",
      reason: "",
    };
  }
  const atMs = r.duration();
  const integration = r.word();
  const groupKey = r.quoted();
  if (kind === "held")
    return { kind, atMs, line, integration, groupKey, words: "", reason: r.word() };
  const status = r.word();
  if (status !== "firing" && status !== "resolved") throw r.error("firing or resolved");
  const members: string[] = [];
  while (r.peek() !== "reason" && r.peek() !== "") members.push(r.word());
  r.expect("reason");
  const words = [status, ...members.sort()].join(" ");
  return { kind: "sent", atMs, line, integration, groupKey, words, reason: r.word() };
}

/** `expect none until T` speaks of the time since the expectation before it in the file. */
function checkNone(all: readonly Expectation[]): void {
  all.forEach((none, i) => {
    if (none.kind !== "none") return;
    const from = all.slice(0, i).findLast((e) => e.kind === "sent")?.atMs ?? -1;
    const within = all.find((e) => e.kind === "sent" && e.atMs > from && e.atMs < none.atMs);
    if (within !== undefined)
      throw new ScriptError(none.line, `line ${within.line} expects something before`);
  });
}

/** The words of one line. */
class Words {
  private rest: string;

  constructor(
    text: string,
    private readonly line: number,
    private readonly names: Map<string, StringMap>,
  ) {
    this.rest = text.trim();
  }

  error(text: string): ScriptError {
    return new ScriptError(this.line, text);
  }

  peek(): string {
    return /^\S*/.exec(this.rest)?.[0] ?? "";
  }

  word(): string {
    const word = this.peek();
    if (word === "") throw this.error("a word is missing");
    this.rest = this.rest.slice(word.length).trimStart();
    return word;
  }

  expect(word: string): void {
    const got = this.word();
    if (got !== word) throw this.error(`${word} expected, not ${got}`);
  }

  end(): void {
    if (this.rest !== "") throw this.error(`too much: ${this.rest}`);
  }

  duration(): number {
    return this.ms(this.word());
  }

  maybe(text: string | undefined): number | undefined {
    return text === undefined ? undefined : this.ms(text);
  }

  /** `4/10m/5m`: so many changes within so long, calm for so long. */
  flap(text: string | undefined): FlapSettings | undefined {
    if (text === undefined) return undefined;
    const [changes, within, calm] = text.split("/");
    return {
      changes: Number(changes),
      withinMs: this.ms(within ?? ""),
      calmMs: this.ms(calm ?? ""),
    };
  }

  daily(text: string | undefined): Daily | undefined {
    if (text === undefined) return undefined;
    const [start_time = "", end_time = ""] = text.split("-");
    return { start_time, end_time };
  }

  braces(): string {
    const m = /^\{(?:[^"}]|"(?:[^"\\]|\\.)*")*\}/.exec(this.rest);
    if (m === null) throw this.error("{…} expected");
    this.rest = this.rest.slice(m[0].length).trimStart();
    return m[0];
  }

  /** `'…'` or a JSON string, as a group key is written; undefined where there is none. */
  quoted(): string | undefined {
    const m = /^(?:'([^']*)'|("(?:[^"\\]|\\.)*"))/.exec(this.rest);
    if (m === null) return undefined;
    this.rest = this.rest.slice(m[0].length).trimStart();
    return m[1] ?? (JSON.parse(m[2] as string) as string);
  }

  /** An alert: its labels, or the name that `as NAME` gave it earlier. */
  alert(): StringMap {
    if (!this.rest.startsWith("{")) {
      const name = this.word();
      const known = this.names.get(name);
      if (known === undefined) throw this.error(`no alert is named ${name}`);
      return known;
    }
    const parsed = parseMatchers(this.braces());
    if (!parsed.ok) throw this.error(parsed.error);
    const labels = Object.fromEntries(parsed.value.map((m) => [m.name, m.value]));
    if (this.peek() === "as") {
      this.expect("as");
      this.names.set(this.word(), labels);
    }
    return labels;
  }

  options(...known: readonly string[]): ReadonlyMap<string, string> {
    const out = new Map<string, string>();
    while (this.rest !== "") {
      const name = this.word();
      if (!known.includes(name)) throw this.error(`unknown option ${name}`);
      out.set(name, this.word());
    }
    return out;
  }

  private ms(text: string): number {
    const [, sign, rest] = /^([+-]?)(.*)$/.exec(text) as RegExpExecArray;
    const parsed = parseDuration(rest === "0s" ? "0" : (rest as string));
    if (!parsed.ok) throw this.error(parsed.error);
    return sign === "-" ? -parsed.value : parsed.value;
  }
}
