import { DurableObject } from "cloudflare:workers";
import type { RouterConfig } from "../src/alerting/config";
import { type HandRequest, acknowledgeAll, byHand } from "../src/alerting/by-hand";
import { defaultConfig } from "../src/alerting/effective-config";
import { explain } from "../src/alerting/explain";
import { restoreGroups } from "../src/alerting/grouping";
import { postAlerts } from "../src/alerting/post";
import { withinLimits } from "../src/alerting/posted-limits";
import {
  follows,
  moveToIncident,
  nextTick,
  receive,
  reconfigure,
  successorOf,
  tick,
} from "../src/alerting/router";
import {
  type SilenceInput,
  dropOldSilences,
  expireSilence,
  putSilence,
} from "../src/alerting/silence-input";
import { silenceView } from "../src/alerting/silences";
import {
  type Intent,
  type Outcome,
  type RouterSettings,
  type RouterState,
  emptyOutcome,
} from "../src/alerting/state";
import { type V2Filter, alertsJson, groupsJson } from "../src/alerting/v2-view";
import { activeAlerts, groupViews } from "../src/alerting/view";
import { type WindowInput, makeWindow } from "../src/alerting/window-input";
import { cancelWindow, dropOldWindows } from "../src/alerting/window-turns";
import { windowView } from "../src/alerting/windows";
import { compose } from "../src/compose";
import type { FiringSet, PostedAlert, StringMap } from "../src/core/alerts";
import type { Objects } from "../src/core/object-stubs";
import type { AlertRouterRpc, LongText } from "../src/core/objects";
import { ok } from "../src/core/result";
import type { Env } from "../src/env";
import type { Deps } from "../src/http/deps";
import { parseActiveAlerts } from "../src/http/live/active-alerts";
import { parseObjectName } from "../src/storage/objects";
import { withTimeout } from "../src/storage/write-or-spill";
import { tellHistory, withHistory } from "./router-history";
import { RouterStorage } from "./router-storage";
import { follow, hasTurned } from "./router-windows";
import { Timers } from "./timers";

/** An effect nobody could be found for is dropped after this. */
const INTENT_AGE_MS = 24 * 3_600_000;
const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 60_000;
/** Longer than D1's own timeout, which is to be told of by its name. */
const TAKE_TIMEOUT_MS = 25_000;

interface Loaded {
  readonly state: RouterState;
  settings: RouterSettings;
}

/**
 * The shell of one project's router. Decisions are made by src/alerting; here they are stored,
 * then handed to Receivers, Incidents and the history. It never fetches outside.
 */
export class AlertRouter extends DurableObject<Env> implements AlertRouterRpc {
  private readonly disk: RouterStorage;
  private readonly timers: Timers;
  private readonly deps: Deps;
  private readonly projectId: string;
  private readonly objects: Objects;
  private loaded: Loaded | undefined;
  /** Lanes being handed over, with the failures in a row. */
  private readonly busy = new Set<string>();
  private readonly failures = new Map<string, number>();
  private lastTickMs = 0;
  /** Somebody is known to watch the live page until then. */
  private watchedUntilMs = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.disk = new RouterStorage(ctx.storage);
    this.timers = new Timers(ctx.storage);
    this.deps = compose(env, (work) => ctx.waitUntil(work));
    this.projectId = parseObjectName(ctx.id.name).projectId;
    this.objects = this.deps.objects(this.projectId);
  }

  async configure(configJson: string, templatesJson?: string): Promise<void> {
    const config = JSON.parse(configJson) as RouterConfig; // checked by alerting/config-parse
    const loaded = this.open();
    if (this.disk.setting("config") === configJson) return;
    this.disk.putConfig(configJson, templatesJson);
    loaded.settings = { ...loaded.settings, config };
    await this.commit((s, now) => reconfigure(s.state, s.settings, now));
  }

  async templates(hash: string): Promise<string | null> {
    return this.disk.templates(hash) ?? null;
  }

  async configuration(): Promise<string> {
    return JSON.stringify(this.open().settings.config);
  }

  async receive(set: FiringSet): Promise<void> {
    await this.commit((s, now) => receive(s.state, s.settings, set, now));
    this.list();
  }

  async post(alertsJson: string): Promise<number> {
    const alerts = JSON.parse(alertsJson) as readonly PostedAlert[]; // checked by the route
    const { taken, refused } = withinLimits(this.open().state, alerts, this.deps.clock());
    await this.commit((s, now) => postAlerts(s.state, s.settings, taken, now));
    this.list();
    return refused;
  }

  async alerts(): Promise<string> {
    const { state, settings } = this.open();
    return JSON.stringify(activeAlerts(state, settings, this.deps.clock()));
  }

  async groups(): Promise<string> {
    const { state, settings } = this.open();
    return JSON.stringify(groupViews(state, settings, this.deps.clock()));
  }

  async activeAlerts(): Promise<LongText> {
    return longText(await this.alerts());
  }

  async activeGroups(): Promise<LongText> {
    return longText(await this.groups());
  }

  async v2Alerts(filterJson: string): Promise<LongText> {
    const { state, settings } = this.open();
    const filter = JSON.parse(filterJson) as V2Filter; // checked by the route
    return longText(alertsJson(state, settings, filter, this.deps.clock()));
  }

  async v2Groups(filterJson: string): Promise<LongText> {
    const { state, settings } = this.open();
    const filter = JSON.parse(filterJson) as V2Filter; // checked by the route
    return longText(groupsJson(state, settings, filter, this.deps.clock()));
  }

  async explain(labelsJson: string): Promise<string> {
    const { state, settings } = this.open();
    const labels = JSON.parse(labelsJson) as StringMap; // checked by the route
    return JSON.stringify(explain(state, settings, labels, this.deps.clock()));
  }

  async notificationLog(limit: number): Promise<string> {
    return JSON.stringify(this.disk.log(limit));
  }

  async acknowledge(fingerprint: string, by: string): Promise<boolean> {
    const taken = await this.change((s, now, out) =>
      acknowledgeAll(s.state, [fingerprint], by, now, out),
    );
    return taken.length > 0;
  }

  /** JSON of by-hand HandAnswer. */
  async byHand(requestJson: string): Promise<string> {
    const request = JSON.parse(requestJson) as HandRequest; // of our own routes
    // Previews open every link: to look decides nothing and tells nobody.
    if (request.action.do === "look") {
      const { state, settings } = this.open();
      return JSON.stringify(
        byHand(state, settings, request, "", this.deps.clock(), emptyOutcome()),
      );
    }
    const answer = await this.change((s, now, out) =>
      byHand(s.state, s.settings, request, this.deps.newId(), now, out),
    );
    return JSON.stringify(answer);
  }

  /** JSON of Result<Silence, SilenceRefusal>. */
  async putSilence(silenceJson: string): Promise<string> {
    const input = JSON.parse(silenceJson) as SilenceInput; // checked by the route
    const made = await this.change((s, now) => putSilence(s.state, input, this.deps.newId(), now));
    return JSON.stringify(made);
  }

  async expireSilence(id: string): Promise<boolean> {
    return this.change((s, now) => expireSilence(s.state, id, now));
  }

  async silences(): Promise<string> {
    const now = this.deps.clock();
    const { silences } = this.open().state;
    return JSON.stringify([...silences.values()].map((s) => silenceView(s, now)));
  }

  /** JSON of Result<WindowView, WindowRefusal>. */
  async putWindow(windowJson: string, by: string): Promise<string> {
    const input = JSON.parse(windowJson) as WindowInput; // checked by the route
    const who = { newId: this.deps.newId(), by };
    const made = await this.change((s, now, out) => {
      const window = makeWindow(s.state, s.settings, input, who, now, out);
      return window.ok ? ok(windowView(window.value, now)) : window;
    });
    this.list();
    return JSON.stringify(made);
  }

  async cancelWindow(id: string, by: string): Promise<boolean> {
    return this.change((s, now, out) => {
      return cancelWindow(s.state, s.settings, id, by, now, out) !== undefined;
    });
  }

  async windows(): Promise<string> {
    const now = this.deps.clock();
    const { windows } = this.open().state;
    return JSON.stringify([...windows.values()].map((w) => windowView(w, now)));
  }

  async ensureTicking(): Promise<{ readonly lastTickMs: number; readonly rearmed: boolean }> {
    // The clock was set back and nobody has called since: every alarm is too far away.
    if (this.loaded !== undefined && this.deps.clock() < this.loaded.state.clockMs)
      await this.commit((s, now) => tick(s.state, s.settings, now));
    return { lastTickMs: this.lastTickMs, rearmed: await this.timers.arm() };
  }

  override async alarm(): Promise<void> {
    this.lastTickMs = this.deps.clock();
    try {
      if (this.disk.lanes().length === 0) await this.timers.clear("intents");
      else await this.timers.set("intents", this.lastTickMs + RETRY_MAX_MS);
      await this.commit((s, now) => {
        dropOldSilences(s.state, now);
        dropOldWindows(s.state, now);
        return tick(s.state, s.settings, now);
      });
    } catch (e) {
      console.error("alert router: a tick failed", e);
      await this.timers.set("repair", this.deps.clock() + RETRY_MAX_MS);
      return;
    }
    await this.timers.clear("repair");
    this.handOver();
  }

  /** Decides, stores the decision, and only then lets its effects out. */
  private async commit(
    decide: (loaded: Loaded, nowMs: number) => Outcome,
    changed = false,
  ): Promise<void> {
    const now = this.deps.clock();
    const loaded = this.open();
    try {
      const outcome = decide(loaded, now);
      const intents = withHistory(outcome, now);
      this.disk.save(loaded.state, outcome, intents, now);
      // In the same turn as the rows, so that a restart knows which flushes had happened.
      await this.schedule(loaded.state, intents.length > 0 ? now + RETRY_MAX_MS : undefined);
      if (intents.length > 0) this.handOver();
      if (changed || outcome.changes.length > 0 || hasTurned(outcome)) this.publish();
    } catch (e) {
      // Memory may be ahead of the disk: start again from the disk.
      this.loaded = undefined;
      throw e;
    }
  }

  /** What a person changes: groups that are free to speak of it do so in the same step. */
  private async change<T>(make: (loaded: Loaded, nowMs: number, out: Outcome) => T): Promise<T> {
    let made: { readonly value: T } | undefined;
    await this.commit((s, now) => {
      const out = emptyOutcome();
      made = { value: make(s, now, out) };
      return follows(s.state, s.settings, now, out);
    }, true);
    // commit() threw where the decision was not taken.
    return (made as { readonly value: T }).value;
  }

  private async schedule(state: RouterState, intentsMs: number | undefined): Promise<void> {
    const { flushMs, expiryMs, windowMs, calmMs } = nextTick(state);
    const waits: Promise<void>[] = [
      follow(this.timers, "windows", windowMs),
      follow(this.timers, "calm", calmMs),
    ];
    waits.push(
      flushMs === undefined ? this.timers.clear("flush") : this.timers.set("flush", flushMs),
    );
    // The expiry moves with every evaluation; the timer follows only when it has run out, to spare the row.
    const armed = this.timers.at("expiry");
    if (expiryMs === undefined) {
      if (armed !== undefined) waits.push(this.timers.clear("expiry"));
    } else if (armed === undefined || expiryMs < armed || armed <= this.deps.clock()) {
      waits.push(this.timers.set("expiry", expiryMs));
    }
    // Should this object die before the effects are handed over, the alarm brings it back to them.
    if (intentsMs !== undefined && this.timers.at("intents") === undefined)
      waits.push(this.timers.set("intents", intentsMs));
    await Promise.all(waits);
  }

  private open(): Loaded {
    if (this.loaded !== undefined) return this.loaded;
    const { state, groups } = this.disk.load();
    const stored = this.disk.setting("config");
    const config =
      stored === undefined
        ? defaultConfig(this.deps.config.local)
        : (JSON.parse(stored) as RouterConfig); // as configure() stored it
    const settings: RouterSettings = {
      projectId: this.projectId,
      config,
      externalUrl: this.deps.config.externalUrl ?? "",
    };
    const now = this.deps.clock();
    restoreGroups(state, config, groups, this.timers.at("flush") ?? now, now);
    this.loaded = { state, settings };
    // What was decided before the memory was lost leaves now, not when an alarm comes for it.
    this.handOver();
    return this.loaded;
  }

  /** Starts every lane that has something and is not being worked on; lanes do not wait for each other. */
  private handOver(): void {
    for (const lane of this.disk.lanes()) {
      if (this.busy.has(lane)) continue;
      this.busy.add(lane);
      this.ctx.waitUntil(this.workLane(lane));
    }
  }

  private async workLane(lane: string): Promise<void> {
    try {
      for (;;) {
        const first = this.disk.firstIntent(lane);
        if (first === undefined) break;
        if (this.deps.clock() - first.createdAtMs > INTENT_AGE_MS)
          console.error("alert router: an effect was dropped after a day", lane, first.intent.id);
        // What hangs is repeated under the same id, and holds up no more than its own lane.
        else await withTimeout(this.take(first.intent), TAKE_TIMEOUT_MS, "hand-over");
        this.disk.deleteIntent(first.seq);
        this.failures.delete(lane);
      }
      // Free in the turn that found nothing: what is decided during the wait starts the lane anew.
      this.busy.delete(lane);
      if (this.disk.lanes().length === 0) await this.timers.clear("intents");
    } catch (e) {
      this.busy.delete(lane);
      const failed = (this.failures.get(lane) ?? 0) + 1;
      this.failures.set(lane, failed);
      console.warn("alert router: not handed over", lane, e);
      const wait = Math.min(RETRY_FIRST_MS * 2 ** (failed - 1), RETRY_MAX_MS);
      await this.timers.set("intents", this.deps.clock() + wait);
    }
  }

  private async take(intent: Intent): Promise<void> {
    switch (intent.kind) {
      case "notify":
        await this.objects
          .receiver(intent.integration.id)
          .enqueue(
            JSON.stringify(intent.integration),
            intent.notification,
            this.disk.templates(intent.integration.templates),
          );
        return;
      case "incident":
        await this.tellIncident(intent);
        return;
      case "hold":
        await this.objects.incident(intent.incidentId).hold(intent.windows);
        return;
      case "history":
        await tellHistory(this.deps, this.projectId, intent);
        return;
    }
  }

  /** An incident that a person resolved takes no more alerts, so that a new one of its group opens the next incident. */
  private async tellIncident(intent: Extract<Intent, { kind: "incident" }>): Promise<void> {
    const former = intent.change.incidentId;
    let incidentId = former;
    while ((await this.statusOf(incidentId)) === "resolved") {
      const next = successorOf(incidentId);
      if (!intent.opens && (await this.statusOf(next)) === undefined) break;
      incidentId = next;
    }
    if (incidentId === former) {
      await this.objects.incident(former).alertsChanged(intent.change);
      return;
    }
    if (intent.opens)
      await this.commit(({ state }) => {
        moveToIncident(state, intent.toldKey, incidentId);
        return emptyOutcome();
      }, true);
    await this.objects.incident(incidentId).alertsChanged({ ...intent.change, incidentId });
  }

  /** Undefined before the incident was opened. */
  private async statusOf(incidentId: string): Promise<string | undefined> {
    const json = await this.objects.incident(incidentId).get();
    // incidents/model Incident, as IncidentRpc.get says.
    return json === null ? undefined : (JSON.parse(json) as { status: string }).status;
  }

  /** Changes are rare and must be seen within a second, so that the hub is asked each time instead of by a cached lease. */
  private publish(): void {
    this.ctx.waitUntil(
      this.tellWatchers().catch((e: unknown) => console.warn("alert router: not shown live", e)),
    );
  }

  private async tellWatchers(): Promise<void> {
    const hub = this.objects.liveHub();
    if (this.watchedUntilMs <= this.deps.clock())
      this.watchedUntilMs = (await hub.watched()).watchedUntilMs;
    if (this.watchedUntilMs <= this.deps.clock()) return;
    const { state, settings } = this.open();
    const alerts = activeAlerts(state, settings, this.deps.clock());
    const shown = parseActiveAlerts(JSON.stringify(alerts));
    this.watchedUntilMs = (await hub.publish([{ type: "alerts", alerts: shown }])).watchedUntilMs;
  }

  private list(): void {
    if (this.disk.setting("listed") !== undefined) return;
    this.ctx.waitUntil(
      this.objects
        .registerTicking("AlertRouter", "router")
        .then(() => this.disk.putSetting("listed", "1"))
        .catch((e: unknown) => console.warn("alert router: not listed", e)),
    );
  }
}

/** Beyond this an answer is streamed: a call takes 32 MiB at most, of which a text may take two bytes a character. */
const MAX_TEXT = 1024 * 1024;

function longText(text: string): LongText {
  return text.length <= MAX_TEXT ? text : new Blob([text]).stream();
}
