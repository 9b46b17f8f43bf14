import { DurableObject } from "cloudflare:workers";
import { compose } from "../src/compose";
import { type Queryable, ShardUnavailableError } from "../src/core/metric-store";
import type { Objects } from "../src/core/object-stubs";
import type { RuleGroupRpc, TouchedSelectors } from "../src/core/objects";
import type { Env } from "../src/env";
import type { Deps } from "../src/http/deps";
import { type RuleSettings, endOfSeries } from "../src/rules/evaluate";
import { type Occasion, evaluateGroup } from "../src/rules/evaluate-group";
import { gridAt, judgeTick, nextOnGrid } from "../src/rules/grid";
import {
  type RunningGroup,
  type RunningRule,
  alertsAtMs,
  firingSet,
  startGroup,
  touchedRules,
  viewGroup,
} from "../src/rules/group";
import { RESEND_DELAY_MS } from "../src/rules/hand-over";
import type { RuleGroupSpec } from "../src/rules/model";
import type { PendingSample } from "../src/rules/pending";
import type { Progress } from "../src/rules/progress";
import { packSamples } from "../src/rules/samples";
import { WriteQueue } from "../src/rules/write-queue";
import { parseObjectName } from "../src/storage/objects";
import { type GroupMemory, RuleStorage } from "./rule-storage";

/** A select that takes longer has failed. */
const SELECT_TIMEOUT_MS = 30_000;
/** A hand-over that failed is repeated after this, or at the next evaluation. */
const RETRY_MS = 5_000;
/** Selectors are registered anew this often, so that a shard that lost them has them again. */
const REGISTER_EVERY_MS = 600_000;

/**
 * The shell of one rule group: wakes on the grid and on writes, evaluates by src/rules, stores
 * what changed, and hands the full firing set to the router. It never fetches outside.
 */
export class RuleGroup extends DurableObject<Env> implements RuleGroupRpc {
  private readonly disk: RuleStorage;
  private readonly deps: Deps;
  private readonly projectId: string;
  private readonly key: string;
  private readonly objects: Objects;
  private readonly settings: RuleSettings;
  private group: RunningGroup | undefined;
  private memory: GroupMemory;
  /** Evaluations and changes of configuration, one after the other. */
  private queue: Promise<unknown> = Promise.resolve();
  private readonly writes = new WriteQueue<RunningRule>();
  private writeTimer: ReturnType<typeof setTimeout> | undefined;
  private generation = 0;
  /** The router has not taken the last set. */
  private owed = false;
  private lastTickMs = 0;
  /** The evaluation of which the router last took the set. */
  private handedOverAtMs = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const name = parseObjectName(ctx.id.name);
    this.projectId = name.projectId;
    this.key = name.rest;
    this.deps = compose(env, (work) => ctx.waitUntil(work));
    this.objects = this.deps.objects(this.projectId);
    const { externalUrl, externalLabels, ruleQueryOffsetMs } = this.deps.config;
    this.settings = {
      externalUrl: externalUrl ?? "",
      externalLabels,
      queryOffsetMs: ruleQueryOffsetMs,
    };
    this.disk = new RuleStorage(ctx.storage);
    this.memory = this.disk.memory();
    const spec = this.disk.spec();
    this.group = spec === undefined ? undefined : startGroup(spec, this.disk.progress());
  }

  async configure(specJson: string): Promise<void> {
    const spec = JSON.parse(specJson) as RuleGroupSpec; // checked by rules/rule-file
    await this.exclusive(async () => {
      const old = this.group;
      if (old !== undefined && old.spec.version > spec.version) return;
      if (old?.spec.version === spec.version) {
        await this.ensureTicking();
        return;
      }
      // Before anything is stored, so that a repeated call finds all of it done or none.
      await this.objects.registerTicking("RuleGroup", this.key);
      const next = startGroup(spec, progressOf(old));
      const kept = new Set(next.rules.map((r) => r.key));
      const removed = (old?.rules ?? []).filter((r) => !kept.has(r.key));
      this.disk.configure(
        spec,
        removed.map((r) => r.key),
      );
      const last = old === undefined ? 0 : alertsAtMs(old);
      for (const r of next.rules) r.alertsAtMs = last;
      this.group = next;
      this.writes.clear();
      // Other rules, labels or annotations: another set.
      this.owed = true;
      await this.ctx.storage.setAlarm(nextOnGrid(next.grid, this.deps.clock()));
      await this.register(next);
      await this.endSeries(removed);
      await this.nudge();
    });
  }

  async remove(): Promise<void> {
    await this.exclusive(async () => {
      const now = this.deps.clock();
      const group = this.group;
      // An empty set resolves whatever the router has of this group.
      await this.objects.alertRouter().receive({
        source: this.key,
        generation: this.nextGeneration(),
        evaluatedAtMs: Math.max(now, group === undefined ? 0 : alertsAtMs(group)),
        alerts: [],
      });
      await this.objects.unregisterTicking("RuleGroup", this.key);
      await Promise.all(this.shards((s) => s.unregisterSelectors(this.key)));
      await this.endSeries(group?.rules ?? []);
      this.group = undefined;
      clearTimeout(this.writeTimer);
      this.writeTimer = undefined;
      this.writes.clear();
      await this.ctx.storage.deleteAlarm();
      this.disk.clear();
      this.memory = this.disk.memory();
    });
  }

  async nudge(touched?: TouchedSelectors): Promise<void> {
    if (this.group === undefined) return;
    this.writes.touch(touchedRules(this.group, touched), this.deps.clock());
    this.evaluateSoon();
  }

  async state(): Promise<string> {
    const group = this.group;
    if (group === undefined) return "null";
    // After a sleep the alarm tells when the last evaluation was: one interval before.
    const alarm = await this.ctx.storage.getAlarm();
    const last = alarm === null ? 0 : gridAt(group.grid, alarm - 1);
    return JSON.stringify(viewGroup(group, this.memory.missed, last));
  }

  async ensureTicking(): Promise<{ readonly lastTickMs: number; readonly rearmed: boolean }> {
    const group = this.group;
    if (group === undefined || (await this.ctx.storage.getAlarm()) !== null)
      return { lastTickMs: this.lastTickMs, rearmed: false };
    await this.ctx.storage.setAlarm(nextOnGrid(group.grid, this.deps.clock()));
    return { lastTickMs: this.lastTickMs, rearmed: true };
  }

  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    const group = this.group;
    if (group === undefined) return;
    this.lastTickMs = this.deps.clock();
    // First of all the next one: an evaluation that dies must not be the last.
    await this.ctx.storage.setAlarm(nextOnGrid(group.grid, this.lastTickMs));
    try {
      await this.exclusive(() => this.tick(info?.scheduledTime));
    } catch (e) {
      console.error("rule group: an evaluation failed", this.key, e);
    }
  }

  private async tick(scheduledMs: number | undefined): Promise<void> {
    const group = this.group;
    if (group === undefined) return;
    const now = this.deps.clock();
    const verdict = judgeTick(group.grid, now, group.gridAtMs, scheduledMs);
    if (!verdict.evaluate) {
      if (this.owed) await this.handOver(group, now);
      return;
    }
    if (verdict.missed > 0) {
      this.memory = { ...this.memory, missed: this.memory.missed + verdict.missed };
      this.disk.putMemory(this.memory);
    }
    group.gridAtMs = verdict.atMs;
    await this.evaluate(group, verdict.atMs, "grid");
    const { intervalMs } = group.spec;
    const slot = (ms: number): number => Math.floor(ms / REGISTER_EVERY_MS);
    if (slot(verdict.atMs) !== slot(verdict.atMs - intervalMs)) await this.register(group);
  }

  /** Evaluates what writes have touched, as its turn comes. */
  private evaluateSoon(): void {
    const nextMs = this.writes.nextMs();
    if (nextMs === undefined || this.writeTimer !== undefined) return;
    const work = async (): Promise<void> => {
      this.writeTimer = undefined;
      const group = this.group;
      const began = this.deps.clock();
      const only = new Set(this.writes.take(began));
      if (group === undefined || only.size === 0) return;
      await this.evaluate(group, began, "write", only);
      this.writes.took(this.deps.clock() - began, this.deps.clock());
    };
    this.writeTimer = setTimeout(
      () => {
        this.exclusive(work)
          .catch((e: unknown) =>
            console.error("rule group: an evaluation on write failed", this.key, e),
          )
          .finally(() => this.evaluateSoon());
      },
      Math.max(0, nextMs - this.deps.clock()),
    );
  }

  private async evaluate(
    group: RunningGroup,
    atMs: number,
    occasion: Occasion,
    only?: ReadonlySet<RunningRule>,
  ): Promise<void> {
    const { samples, changed } = await evaluateGroup(group, {
      queryable: answeredInTime(this.deps.metrics(this.projectId)),
      clock: this.deps.clock,
      atMs,
      occasion,
      ...(only === undefined ? {} : { only }),
      settings: this.settings,
      onFault: (r, e) =>
        console.error("rule group: a rule's evaluation threw", this.key, r.rule.name, e),
    });
    this.disk.save(changed);
    await Promise.all([
      // A steady set is repeated, so that the alerts do not expire; in between only news is told.
      changed.size > 0 || this.owed || atMs - this.handedOverAtMs >= RESEND_DELAY_MS
        ? this.handOver(group, atMs)
        : undefined,
      this.write(samples),
    ]);
  }

  /** Sends the full set; the state it tells is on disk by now. */
  private async handOver(group: RunningGroup, atMs: number): Promise<void> {
    const alerts = firingSet(group, atMs, this.settings);
    const empty = alerts.length === 0;
    if (empty && this.memory.toldEmpty) {
      this.owed = false;
      return;
    }
    if (!empty) this.noteTold(false);
    this.owed = true;
    try {
      await this.objects.alertRouter().receive({
        source: this.key,
        generation: this.nextGeneration(),
        evaluatedAtMs: atMs,
        alerts,
      });
      this.owed = false;
      this.handedOverAtMs = atMs;
      if (empty) this.noteTold(true);
    } catch (e) {
      console.warn("rule group: the router did not take the set", this.key, e);
      const retry = this.deps.clock() + RETRY_MS;
      const next = await this.ctx.storage.getAlarm();
      if (next === null || next > retry) await this.ctx.storage.setAlarm(retry);
    }
  }

  private noteTold(toldEmpty: boolean): void {
    if (this.memory.toldEmpty === toldEmpty) return;
    this.memory = { ...this.memory, toldEmpty };
    this.disk.putMemory(this.memory);
  }

  /** Rises with every set, also over a restart, without a row written. */
  private nextGeneration(): number {
    this.generation = Math.max(this.generation + 1, this.deps.clock());
    return this.generation;
  }

  private async write(samples: readonly PendingSample[]): Promise<void> {
    const batch = packSamples(samples);
    if (batch === undefined) return;
    try {
      const { rejected } = await this.deps.metrics(this.projectId).append(batch);
      for (const r of rejected)
        console.warn("rule group: samples were refused", this.key, r.reason, r.count, r.example);
    } catch (e) {
      console.warn("rule group: samples were not stored", this.key, e);
    }
  }

  private async endSeries(rules: readonly RunningRule[]): Promise<void> {
    const now = this.deps.clock();
    await this.write(rules.flatMap((r) => endOfSeries(r.progress, now)));
  }

  private async register(group: RunningGroup): Promise<void> {
    const selectors = group.watched.map((w) => w.matchers);
    try {
      await Promise.all(
        this.shards((s) => s.registerSelectors(this.key, group.spec.version, selectors)),
      );
    } catch (e) {
      // Until the next time the grid alone evaluates.
      console.warn("rule group: selectors were not registered", this.key, e);
    }
  }

  private shards<T>(ask: (shard: ReturnType<Objects["metricShard"]>) => Promise<T>): Promise<T>[] {
    return Array.from({ length: this.deps.config.metricShards }, (_, n) =>
      ask(this.objects.metricShard(n)),
    );
  }

  private exclusive<T>(work: () => Promise<T>): Promise<T> {
    const run = this.queue.then(work, work);
    this.queue = run.catch(() => undefined);
    return run;
  }
}

/** A store that is silent fails the rule that asks, as one that refuses does; the next ones are judged. */
function answeredInTime(stored: Queryable): Queryable {
  return {
    select: (requests, limits) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(
          () =>
            reject(
              new ShardUnavailableError(
                `the store did not answer within ${SELECT_TIMEOUT_MS / 1000} s`,
              ),
            ),
          SELECT_TIMEOUT_MS,
        );
        stored
          .select(requests, limits)
          .then(resolve, reject)
          .finally(() => clearTimeout(timer));
      }),
  };
}

function progressOf(group: RunningGroup | undefined): ReadonlyMap<string, Progress> {
  return new Map((group?.rules ?? []).map((r) => [r.key, r.progress]));
}
