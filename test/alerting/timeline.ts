import type { AlertInstance, StringMap } from "../../src/core/alerts";
import { parseDuration, renderDuration } from "../../src/core/duration";
import { parseRouterConfig } from "../../src/alerting/config-parse";
import { fingerprint } from "../../src/alerting/fingerprint";
import { type StoredGroup, restoreGroups } from "../../src/alerting/grouping";
import { parseMatchers } from "../../src/alerting/matcher-text";
import type { NotificationLogEntry, RoutedAlert, Silence } from "../../src/alerting/model";
import { markRestored } from "../../src/alerting/receive";
import { nextTick, receive, reconfigure, tick } from "../../src/alerting/router";
import {
  type Outcome,
  type RouterSettings,
  type RouterState,
  type SourceState,
  type ToldEntry,
  emptyState,
} from "../../src/alerting/state";

/**
 * A timeline: a configuration, what happens when, and what must be heard when; nothing else may be.
 *
 *   config
 *     <Alertmanager YAML, indented>
 *   every 15s                                   how often the source sends its full set; alerts live 4 times that
 *   0s     fire     {alertname="A"}             or: fire {…} held 10m
 *   5m     resolve  {alertname="A"}
 *   1m     silence  s1 {alertname="A"} for 1h
 *   2m     expire   s1
 *   3m     restart                              the router loses its memory
 *   4m     silent                               the source stops sending
 *   5m     config …                             another configuration, indented below
 *   30s    expect   hook/webhook/0 firing first_notification A B
 *   30s    held     hook/webhook/0 silenced
 *   end 2h
 *
 * Members are shown by the label `alertname`, or `alertname/instance`; resolved ones with a minus.
 */
export interface TimelineResult {
  readonly expected: readonly string[];
  readonly heard: readonly string[];
  /** Records written by evaluations in which nothing happened. */
  readonly steadyWrites: number;
  readonly restarts: number;
}

interface Step {
  readonly atMs: number;
  readonly verb: string;
  readonly rest: string;
  readonly block: string;
}

/** Virtual time begins here, so that no time is 0 by accident. */
const EPOCH = 1_700_000_000_000;

export function runTimeline(text: string): TimelineResult {
  const { steps, everyMs, endMs } = parse(text);
  const world = new World(steps, everyMs);
  return world.run(endMs);
}

class World {
  private state: RouterState = emptyState();
  private settings: RouterSettings;
  private readonly disk = new Disk();
  private readonly firing = new Map<
    string,
    { labels: StringMap; startsAtMs: number; heldUntilMs?: number }
  >();
  private readonly resolved = new Map<
    string,
    { labels: StringMap; startsAtMs: number; endsAtMs: number }
  >();
  private readonly heard: string[] = [];
  private generation = 0;
  private sending = true;
  private nowMs = EPOCH;
  private steadyWrites = 0;

  constructor(
    private readonly steps: readonly Step[],
    private readonly everyMs: number,
  ) {
    const first = steps.find((s) => s.verb === "config");
    if (first === undefined) throw new Error("a timeline needs a config");
    this.settings = settingsOf(first.block);
  }

  run(endMs: number): TimelineResult {
    const pending = this.steps
      .filter(
        (s) =>
          !["config", "expect", "held"].includes(s.verb) || (s.verb === "config" && s.atMs > EPOCH),
      )
      .sort((a, b) => a.atMs - b.atMs);
    let evaluation = EPOCH;
    for (;;) {
      const { flushMs, expiryMs } = nextTick(this.state);
      const stepMs = pending[0]?.atMs ?? Number.POSITIVE_INFINITY;
      const due = Math.min(stepMs, evaluation, flushMs ?? Infinity, expiryMs ?? Infinity);
      // What was due while the memory was lost happens now: time does not run back.
      const now = Math.max(due, this.nowMs);
      this.nowMs = now;
      if (now > EPOCH + endMs) break;
      if (stepMs === due) {
        const step = pending.shift() as Step;
        this.apply(step, now);
        // What a step changes is sent with the source's next word, which the step brings on at once.
        if (["fire", "resolve"].includes(step.verb)) this.evaluate(now, true);
      } else if (evaluation === due) {
        this.evaluate(now, false);
        evaluation += this.everyMs;
      } else this.note(tick(this.state, this.settings, now), now);
    }
    return {
      expected: this.steps
        .filter((s) => s.verb === "expect" || s.verb === "held")
        .map((s) => `${clock(s.atMs)} ${s.verb === "held" ? "held " : ""}${s.rest}`)
        .sort(byTime),
      heard: [...this.heard].sort(byTime),
      steadyWrites: this.steadyWrites,
      restarts: this.steps.filter((s) => s.verb === "restart").length,
    };
  }

  private apply(step: Step, now: number): void {
    switch (step.verb) {
      case "fire": {
        const m = /^(\{.*\})(?: held (\S+))?$/.exec(step.rest);
        const labels = labelsIn(m?.[1] ?? "");
        const key = fingerprint(labels);
        this.resolved.delete(key);
        const former = this.firing.get(key)?.startsAtMs;
        this.firing.set(key, {
          labels,
          startsAtMs: former ?? now,
          ...(m?.[2] === undefined ? {} : { heldUntilMs: now + duration(m[2]) }),
        });
        return;
      }
      case "resolve": {
        const key = fingerprint(labelsIn(step.rest));
        const alert = this.firing.get(key);
        if (alert === undefined) throw new Error(`does not fire: ${step.rest}`);
        this.firing.delete(key);
        this.resolved.set(key, {
          labels: alert.labels,
          startsAtMs: alert.startsAtMs,
          endsAtMs: now,
        });
        return;
      }
      case "silence": {
        const m = /^(\S+) (\{.*\}) for (\S+)$/.exec(step.rest);
        if (m === null) throw new Error(`silence NAME {…} for DURATION, not ${step.rest}`);
        const matchers = parseMatchers(m[2] as string);
        if (!matchers.ok) throw new Error(matchers.error);
        const silence: Silence = {
          id: m[1] as string,
          matchers: matchers.value,
          startsAtMs: now,
          endsAtMs: now + duration(m[3] as string),
          createdBy: "test",
          comment: "",
          updatedAtMs: now,
        };
        this.state.silences.set(silence.id, silence);
        this.state.dirty.silences.add(silence.id);
        return this.store(now);
      }
      case "expire": {
        const silence = this.state.silences.get(step.rest);
        if (silence === undefined) throw new Error(`no silence ${step.rest}`);
        this.state.silences.set(silence.id, { ...silence, endsAtMs: now });
        this.state.dirty.silences.add(silence.id);
        return this.store(now);
      }
      case "restart":
        this.state = this.disk.load(this.settings, now);
        return;
      case "silent":
        this.sending = false;
        return;
      case "config":
        this.settings = settingsOf(step.block);
        return this.note(reconfigure(this.state, this.settings, now), now);
      default:
        throw new Error(`unknown verb ${step.verb}`);
    }
  }

  private evaluate(now: number, changed: boolean): void {
    if (!this.sending) return;
    for (const [k, r] of this.resolved) if (now - r.endsAtMs > 900_000) this.resolved.delete(k);
    const out = receive(
      this.state,
      this.settings,
      {
        source: "timeline/group",
        generation: ++this.generation,
        evaluatedAtMs: now,
        alerts: [
          ...[...this.firing.values()].map((a) => this.instance(a, now)),
          ...[...this.resolved.values()].map((a): AlertInstance => ({
            ...this.instance(a, now),
            status: "resolved",
            endsAtMs: a.endsAtMs,
          })),
        ],
      },
      now,
    );
    const quiet = !changed && out.intents.length + out.log.length + out.changes.length === 0;
    const dirty = Object.values(this.state.dirty).reduce((n, s: Set<string>) => n + s.size, 0);
    if (quiet) this.steadyWrites += dirty;
    this.note(out, now);
  }

  private instance(
    a: { labels: StringMap; startsAtMs: number; heldUntilMs?: number },
    now: number,
  ): AlertInstance {
    return {
      labels: a.labels,
      annotations: { at: String(now) },
      startsAtMs: a.startsAtMs,
      endsAtMs: now + 4 * this.everyMs,
      status: "firing",
      generatorUrl: "",
      value: now,
      ...(a.heldUntilMs === undefined || a.heldUntilMs <= now
        ? {}
        : { heldBack: { reason: "cooldown" as const, untilMs: a.heldUntilMs } }),
    };
  }

  private note(out: Outcome, now: number): void {
    for (const entry of out.log) this.heard.push(this.line(entry, out));
    this.store(now);
  }

  private line(entry: NotificationLogEntry, out: Outcome): string {
    if (entry.decision === "held")
      return `${clock(entry.atMs)} held ${entry.integration} ${entry.reason}`;
    const intent = out.intents.find((i) => i.id === entry.id);
    if (intent === undefined) throw new Error(`logged as sent, but not sent: ${entry.id}`);
    const alerts =
      intent.kind === "incident"
        ? intent.change.alerts
        : intent.kind === "notify"
          ? (
              JSON.parse(intent.notification.dataJson) as {
                alerts: { labels: StringMap; status: string }[];
              }
            ).alerts
          : [];
    const members = alerts
      .map((a) => {
        const instance = a.labels["instance"];
        const name = `${a.labels["alertname"] ?? ""}${instance === undefined ? "" : `/${instance}`}`;
        return a.status === "resolved" ? `-${name}` : name;
      })
      .sort();
    return [clock(entry.atMs), entry.integration, entry.status, entry.reason, ...members].join(" ");
  }

  private store(now: number): void {
    this.disk.save(this.state, nextTick(this.state).flushMs ?? now);
  }
}

/** What the router's shell keeps, as text: only what was marked as changed reaches it. */
class Disk {
  private readonly tables = {
    alerts: new Map<string, string>(),
    sources: new Map<string, string>(),
    groups: new Map<string, string>(),
    told: new Map<string, string>(),
    silences: new Map<string, string>(),
  };
  private flushMs = 0;

  save(state: RouterState, flushMs: number): void {
    for (const [name, table] of Object.entries(this.tables) as [
      keyof Disk["tables"],
      Map<string, string>,
    ][]) {
      const records: ReadonlyMap<string, object> = state[name];
      for (const key of state.dirty[name]) {
        const record = records.get(key);
        if (record === undefined) table.delete(key);
        else table.set(key, JSON.stringify({ ...record, members: undefined }));
      }
      state.dirty[name].clear();
    }
    this.flushMs = flushMs;
  }

  load(settings: RouterSettings, now: number): RouterState {
    const state = emptyState();
    const read = <T>(name: keyof Disk["tables"]): T[] =>
      [...this.tables[name].values()].map((t) => JSON.parse(t) as T);
    for (const a of read<RoutedAlert>("alerts")) state.alerts.set(a.fingerprint, a);
    for (const s of read<SourceState>("sources")) {
      markRestored(s);
      state.sources.set(s.source, s);
    }
    for (const t of read<ToldEntry>("told")) state.told.set(t.key, t);
    for (const s of read<Silence>("silences")) state.silences.set(s.id, s);
    restoreGroups(state, settings.config, read<StoredGroup>("groups"), this.flushMs, now);
    return state;
  }
}

function parse(text: string): { steps: Step[]; everyMs: number; endMs: number } {
  const lines = text.split("\n");
  const steps: Step[] = [];
  let everyMs = 15_000;
  let endMs: number | undefined;
  for (let i = 0; i < lines.length; i++) {
    const line = (lines[i] as string).replace(/\s+$/, "");
    if (line === "" || line.startsWith("#")) continue;
    const words = line.trim().split(/\s+/);
    if (words[0] === "every") everyMs = duration(words[1] as string);
    else if (words[0] === "end") endMs = duration(words[1] as string);
    else {
      const timed = words[0] !== "config";
      const verb = timed ? (words[1] as string) : "config";
      let block = "";
      while (verb === "config" && /^(\s|$)/.test(lines[i + 1] ?? "x")) block += `${lines[++i]}\n`;
      steps.push({
        atMs: EPOCH + (timed ? duration(words[0] as string) : 0),
        verb,
        rest: words.slice(2).join(" "),
        block,
      });
    }
  }
  if (endMs === undefined) throw new Error("a timeline needs an end");
  return { steps, everyMs, endMs };
}

function settingsOf(yaml: string): RouterSettings {
  const parsed = parseRouterConfig(yaml);
  if (!parsed.ok)
    throw new Error(`${parsed.error.line}:${parsed.error.column} ${parsed.error.message}`);
  return { projectId: "p", config: parsed.value, externalUrl: "http://v" };
}

function labelsIn(text: string): StringMap {
  const parsed = parseMatchers(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return Object.fromEntries(parsed.value.map((m) => [m.name, m.value]));
}

function duration(text: string): number {
  const parsed = parseDuration(text === "0s" ? "0" : text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

const clock = (ms: number): string => renderDuration(ms - EPOCH);

function byTime(a: string, b: string): number {
  const at = (line: string): number => duration(line.split(" ")[0] as string);
  return at(a) - at(b) || (a < b ? -1 : 1);
}
