import type { AlertInstance, FiringSet, FlapSettings, StringMap } from "../../../src/core/alerts";
import { renderDuration } from "../../../src/core/duration";
import type { Matcher } from "../../../src/core/matchers";
import { parseRouterConfig } from "../../../src/alerting/config-parse";
import { fingerprint } from "../../../src/alerting/fingerprint";
import { parseMatchers } from "../../../src/alerting/matcher-text";
import type { NotificationLogEntry } from "../../../src/alerting/model";
import { postAlerts } from "../../../src/alerting/post";
import { acknowledge, follows, receive, reconfigure } from "../../../src/alerting/router";
import {
  type Outcome,
  type RouterSettings,
  type RouterState,
  emptyOutcome,
} from "../../../src/alerting/state";
import { putSilence } from "../../../src/alerting/silence-input";
import { makeWindow } from "../../../src/alerting/window-input";
import { cancelWindow } from "../../../src/alerting/window-turns";
import type { Script, Step } from "./script";
import { type Delivery, Killed, RouterShell } from "./shell";

/** Virtual time begins here, so that no time is 0 by accident: 2026-01-05 00:00 UTC, a Monday. */
export const EPOCH = 1_767_571_200_000;

/** One thing that the world heard. */
export interface Heard {
  readonly kind: "sent" | "held";
  /** From the script's beginning on the script's clock, which no step of the router's moves. */
  readonly atMs: number;
  readonly integration: string;
  readonly groupKey: string;
  readonly words: string;
  readonly reason: string;
}

export interface Run {
  readonly heard: readonly Heard[];
  /** Records written by evaluations in which nothing happened. */
  readonly steadyWrites: number;
}

/** Plays a script against the router. */
export function play(script: Script): Run {
  return new World(script).run();
}

interface SourceAlert {
  readonly labels: StringMap;
  readonly startsAtMs: number;
  readonly heldUntilMs?: number;
  readonly cooldownMs?: number;
  readonly flap?: FlapSettings;
}

/** A rule group: it sends the full set of what fires, and what resolved in the last 15 min. */
interface Source {
  readonly name: string;
  readonly firing: Map<string, SourceAlert>;
  readonly resolved: Map<string, SourceAlert & { endsAtMs: number }>;
  generation: number;
  speaks: boolean;
  former: FiringSet | undefined;
}

const RESOLVED_KEPT_MS = 900_000;
const CRON_MS = 60_000;
/** The platform calls an alarm again that died. */
const ALARM_RETRY_MS = 2_000;

class World {
  private readonly router: RouterShell;
  private readonly sources = new Map<string, Source>();
  private readonly heard: Heard[] = [];
  private readonly names: ReadonlyMap<string, string>;
  private settings: RouterSettings;
  /** True time, from the script's beginning. */
  private atMs = 0;
  /** The router's clock runs ahead by that much. */
  private aheadMs = 0;
  private alarmTimes = 1;
  private deliveryTimes = 1;
  /** No alarm is called before. */
  private alarmsFromMs = 0;
  /** The cron does not repair while alarms are late. */
  private steadyWrites = 0;

  constructor(private readonly script: Script) {
    const [first] = script.steps;
    this.settings = settingsOf((first as Extract<Step, { verb: "configure" }>).yaml);
    this.names = new Map([...script.names].map(([name, l]) => [fingerprint(l), name]));
    this.router = new RouterShell(
      this.settings,
      (d) => this.heard.push(this.sent(d)),
      (e) => this.heard.push(this.heldBack(e)),
    );
  }

  run(): Run {
    const steps = this.script.steps.slice(1).sort((a, b) => a.atMs - b.atMs);
    let evaluation = 0;
    let cron = CRON_MS;
    for (;;) {
      const stepMs = steps[0]?.atMs ?? Number.POSITIVE_INFINITY;
      const alarmMs = this.alarmDue();
      const due = Math.max(this.atMs, Math.min(stepMs, evaluation, alarmMs, cron));
      if (due > this.script.endMs) break;
      this.atMs = due;
      if (stepMs <= due) this.surviving(() => this.apply(steps.shift() as Step));
      else if (evaluation <= due) {
        for (const source of this.sources.values()) this.evaluate(source, false);
        evaluation += this.script.everyMs;
      } else if (alarmMs <= due) {
        for (let i = 0; i < this.alarmTimes; i++) this.alarm();
      } else {
        this.surviving(() => this.router.ensureTicking(this.nowMs));
        cron += CRON_MS;
      }
    }
    return { heard: this.heard, steadyWrites: this.steadyWrites };
  }

  /** What the router's clock shows. */
  private get nowMs(): number {
    return EPOCH + this.atMs + this.aheadMs;
  }

  private alarmDue(): number {
    const at = this.router.alarmMs;
    if (at === undefined) return Number.POSITIVE_INFINITY;
    return Math.max(at - EPOCH - this.aheadMs, this.alarmsFromMs);
  }

  private alarm(): void {
    const died = !this.surviving(() => this.router.alarm(this.nowMs));
    if (died) this.router.alarmMs = this.nowMs + ALARM_RETRY_MS;
  }

  private apply(step: Step): void {
    switch (step.verb) {
      case "configure":
        this.settings = settingsOf(step.yaml);
        this.router.open(this.nowMs);
        this.router.settings = this.settings;
        this.decide((s) => reconfigure(s, this.settings, this.nowMs));
        return;
      case "fire":
        return this.fire(step);
      case "resolve":
        return this.resolve(step);
      case "post":
        this.decide((s) =>
          postAlerts(
            s,
            this.settings,
            [
              {
                labels: step.labels,
                annotations: {},
                generatorUrl: "",
                ...(step.fromMs === undefined ? {} : { startsAtMs: EPOCH + step.fromMs }),
                ...(step.untilMs === undefined
                  ? {}
                  : { endsAtMs: step.untilMs === "now" ? this.nowMs : EPOCH + step.untilMs }),
              },
            ],
            this.nowMs,
          ),
        );
        return;
      case "silence":
        return this.silence(step);
      case "window":
        return this.window(step);
      case "cancel":
        this.decide((s) => {
          const out = emptyOutcome();
          cancelWindow(s, this.settings, step.name, "someone", this.nowMs, out);
          return follows(s, this.settings, this.nowMs, out);
        });
        return;
      case "expire":
        this.decide((s) => {
          const silence = s.silences.get(step.name);
          if (silence === undefined) throw new Error(`no silence ${step.name}`);
          s.silences.set(silence.id, { ...silence, endsAtMs: this.nowMs });
          s.dirty.silences.add(silence.id);
          return emptyOutcome();
        });
        return;
      case "acknowledge":
        this.decide((s) => {
          if (!acknowledge(s, fingerprint(step.labels), "someone", this.nowMs))
            throw new Error("not active");
          return emptyOutcome();
        });
        return;
      case "silent":
      case "speaks":
        this.source(step.source).speaks = step.verb === "speaks";
        return;
      case "clock":
        this.aheadMs += step.byMs;
        return;
      case "alarms":
        if (step.what === "lost") this.router.alarmMs = undefined;
        else this.alarmTimes = step.what === "twice" ? 2 : 1;
        return;
      case "late":
        this.alarmsFromMs = this.atMs + step.byMs;
        return;
      case "deliver":
        this.deliveryTimes = step.times;
        return;
      case "redeliver":
        for (const { former } of this.sources.values())
          if (former !== undefined)
            this.decide((s) => receive(s, this.settings, former, this.nowMs));
        return;
      case "restart":
        return this.router.forget();
      case "cron":
        this.surviving(() => this.router.ensureTicking(this.nowMs));
        return;
      case "kill":
        this.router.killAt = step.point;
        return;
    }
  }

  private fire(step: Extract<Step, { verb: "fire" }>): void {
    const source = this.source(step.source);
    const key = fingerprint(step.labels);
    source.resolved.delete(key);
    const former = source.firing.get(key)?.startsAtMs;
    const since = step.sinceMs === undefined ? this.nowMs : EPOCH + step.sinceMs;
    source.firing.set(key, {
      labels: step.labels,
      startsAtMs: former ?? since,
      ...(step.heldMs === undefined ? {} : { heldUntilMs: this.nowMs + step.heldMs }),
      ...(step.cooldownMs === undefined ? {} : { cooldownMs: step.cooldownMs }),
      ...(step.flap === undefined ? {} : { flap: step.flap }),
    });
    // What changes is sent at once: rules are evaluated on write.
    this.evaluate(source, true);
  }

  private resolve(step: Extract<Step, { verb: "resolve" }>): void {
    const source = this.source(step.source);
    const key = fingerprint(step.labels);
    const alert = source.firing.get(key);
    if (alert === undefined) throw new Error(`line ${step.line}: it does not fire`);
    source.firing.delete(key);
    source.resolved.set(key, { ...alert, endsAtMs: this.nowMs });
    this.evaluate(source, true);
  }

  private silence(step: Extract<Step, { verb: "silence" }>): void {
    const now = this.nowMs;
    const forMs = step.forMs ?? 0;
    this.decide((s) => {
      const made = putSilence(
        s,
        {
          matchers: matchersIn(step.matchers),
          ...(step.daily === undefined
            ? { startsAtMs: now, endsAtMs: now + forMs }
            : { schedule: { intervals: [{ times: [step.daily] }] } }),
          createdBy: "test",
          comment: "",
        },
        step.name,
        now,
      );
      if (!made.ok) throw new Error(`line ${step.line}: ${made.error.reason}`);
      return emptyOutcome();
    });
  }

  private window(step: Extract<Step, { verb: "window" }>): void {
    const now = this.nowMs;
    const startsAtMs = step.fromMs === undefined ? now : EPOCH + step.fromMs;
    this.decide((s) => {
      const out = emptyOutcome();
      const made = makeWindow(
        s,
        this.settings,
        {
          // Another window of that name is the same one, changed.
          ...(s.windows.has(step.name) ? { id: step.name } : {}),
          name: step.name,
          matchers: matchersIn(step.matchers),
          ...(step.daily === undefined
            ? { startsAtMs, endsAtMs: startsAtMs + (step.forMs ?? 0) }
            : { schedule: { intervals: [{ times: [step.daily] }] } }),
          notify: step.notify,
          comment: "",
        },
        { newId: step.name, by: "someone" },
        now,
        out,
      );
      if (!made.ok) throw new Error(`line ${step.line}: ${made.error.reason}`);
      return follows(s, this.settings, now, out);
    });
  }

  private source(name: string): Source {
    let source = this.sources.get(name);
    if (source === undefined) {
      source = {
        name,
        firing: new Map(),
        resolved: new Map(),
        generation: 0,
        speaks: true,
        former: undefined,
      };
      this.sources.set(name, source);
    }
    return source;
  }

  private evaluate(source: Source, changed: boolean): void {
    const now = this.nowMs;
    for (const [k, r] of source.resolved)
      if (now - r.endsAtMs > RESOLVED_KEPT_MS) source.resolved.delete(k);
    if (!source.speaks) return;
    const set: FiringSet = {
      source: source.name,
      generation: ++source.generation,
      evaluatedAtMs: now,
      alerts: [
        ...[...source.firing.values()].map((a) => this.instance(a, now)),
        ...[...source.resolved.values()].map((a): AlertInstance => ({
          ...this.instance(a, now),
          status: "resolved",
          endsAtMs: a.endsAtMs,
        })),
      ],
    };
    for (let i = 0; i < this.deliveryTimes; i++) {
      // A flush that is due anyway settles its group with this call.
      const due = (this.router.alarmMs ?? Infinity) <= now;
      const out = this.decide((s) => receive(s, this.settings, set, now));
      if (out === undefined) continue;
      const quiet = out.intents.length + out.log.length + out.changes.length === 0;
      if (quiet && !changed && !due) this.steadyWrites += this.router.written;
    }
    source.former ??= set;
    if (source.generation % 2 === 0) source.former = set;
  }

  private instance(a: SourceAlert, now: number): AlertInstance {
    return {
      labels: a.labels,
      annotations: { at: String(now) },
      startsAtMs: a.startsAtMs,
      endsAtMs: now + 4 * this.script.everyMs,
      status: "firing",
      generatorUrl: "",
      value: now,
      ...(a.cooldownMs === undefined ? {} : { cooldownMs: a.cooldownMs }),
      ...(a.flap === undefined ? {} : { flap: a.flap }),
      ...(a.heldUntilMs === undefined || a.heldUntilMs <= now
        ? {}
        : { heldBack: { reason: "cooldown" as const, untilMs: a.heldUntilMs } }),
    };
  }

  /** Undefined where the router died of it: its caller sends again with its next word. */
  private decide(decide: (state: RouterState) => Outcome): Outcome | undefined {
    let out: Outcome | undefined;
    this.surviving(() => {
      out = this.router.commit(decide, this.nowMs);
    });
    return out;
  }

  private surviving(work: () => void): boolean {
    try {
      work();
      return true;
    } catch (e) {
      if (e instanceof Killed) return false;
      throw e;
    }
  }

  private sent({ intent, entry }: Delivery): Heard {
    const alerts =
      intent.kind === "incident"
        ? intent.change.alerts
        : (
            JSON.parse(intent.notification.dataJson) as {
              alerts: { labels: StringMap; status: string }[];
            }
          ).alerts;
    const members = alerts
      .map((a) => `${a.status === "resolved" ? "-" : ""}${this.nameOf(a.labels)}`)
      .sort();
    return {
      kind: "sent",
      atMs: this.atMs,
      integration: this.shortName(entry.integration),
      groupKey: entry.groupKey,
      words: [entry.status, ...members].join(" "),
      reason: entry.reason,
    };
  }

  private heldBack(entry: NotificationLogEntry): Heard {
    return {
      kind: "held",
      atMs: this.atMs,
      integration: this.shortName(entry.integration),
      groupKey: entry.groupKey,
      words: "",
      reason: entry.reason,
    };
  }

  private nameOf(labels: StringMap): string {
    const given = this.names.get(fingerprint(labels));
    if (given !== undefined) return given;
    const instance = labels["instance"];
    return `${labels["alertname"] ?? ""}${instance === undefined ? "" : `/${instance}`}`;
  }

  /** A receiver's only integration is called by the receiver's name. */
  private shortName(id: string): string {
    const receiver = this.settings.config.receivers.find((r) =>
      r.integrations.some((i) => i.id === id),
    );
    return receiver?.integrations.length === 1 ? receiver.name : id;
  }
}

function matchersIn(text: string): readonly Matcher[] {
  const matchers = parseMatchers(text);
  if (!matchers.ok) throw new Error(matchers.error);
  return matchers.value;
}

function settingsOf(yaml: string): RouterSettings {
  const parsed = parseRouterConfig(yaml);
  if (!parsed.ok)
    throw new Error(`${parsed.error.line}:${parsed.error.column} ${parsed.error.message}`);
  return { projectId: "p", config: parsed.value, externalUrl: "http://v" };
}

export const clock = (ms: number): string =>
  ms < 0 ? `-${renderDuration(-ms)}` : renderDuration(ms);
