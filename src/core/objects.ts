import type { FiringSet, StringMap } from "./alerts";
import type { Labels } from "./labels";
import type { Matcher } from "./matchers";
import type {
  AppendResult,
  Cardinality,
  DeletedSeries,
  SelectRequest,
  ShardEpoch,
} from "./metric-store";
import type { ExemplarSeries, MetricMetadata } from "./series";
import type { LiveMessage } from "./live";

/**
 * What the Durable Objects answer to each other and to the Worker. During a
 * deploy old and new code call each other: a method here stays compatible for one version.
 */

/** Every object that must tick answers the cron's check. */
export interface Ticking {
  /** Arms the alarm again where it was lost; says when the object last ticked (ms, 0 for never). */
  ensureTicking(): Promise<{ readonly lastTickMs: number; readonly rearmed: boolean }>;
}

export interface MetricShardRpc extends Ticking {
  /**
   * The project's shard epochs, which shard 0 keeps; `shards` is what the caller writes to, noted for good before
   * the answer. Epochs that ended longer than `keepMs` ago are forgotten.
   */
  shardMap(shards: number, keepMs: number): Promise<readonly ShardEpoch[]>;
  /** @see MetricWriter.append */
  append(batch: Uint8Array): Promise<AppendResult>;
  /** Encoded series per request (src/tsdb/select-codec.ts); a stream where they exceed 8 MB. */
  select(
    requests: readonly SelectRequest[],
    maxSamples: number,
  ): Promise<Uint8Array | ReadableStream<Uint8Array>>;
  series(
    matchers: readonly (readonly Matcher[])[],
    startMs: number,
    endMs: number,
    limit: number,
  ): Promise<Labels[]>;
  labelNames(
    matchers: readonly (readonly Matcher[])[],
    startMs: number,
    endMs: number,
    limit: number,
  ): Promise<string[]>;
  labelValues(
    name: string,
    matchers: readonly (readonly Matcher[])[],
    startMs: number,
    endMs: number,
    limit: number,
  ): Promise<string[]>;
  metadata(metric: string | undefined, limit: number): Promise<MetricMetadata[]>;
  /** @see MetricReader.exemplars */
  exemplars(
    matchers: readonly (readonly Matcher[])[],
    startMs: number,
    endMs: number,
  ): Promise<ExemplarSeries[]>;
  /** @see MetricReader.cardinality */
  cardinality(limit: number): Promise<Cardinality>;
  /** @see MetricKeeper.deleteSeries */
  deleteSeries(
    matchers: readonly (readonly Matcher[])[],
    startMs: number,
    endMs: number,
  ): Promise<DeletedSeries>;
  /** @see MetricKeeper.cleanTombstones */
  cleanTombstones(): Promise<void>;
  /** @see MetricKeeper.importSamples */
  importSamples(batch: Uint8Array): Promise<AppendResult>;
  /** Registers what a rule group's alerting rules select, for evaluation on write. Lower versions are ignored. */
  registerSelectors(
    group: string,
    version: number,
    selectors: readonly (readonly Matcher[])[],
  ): Promise<void>;
  unregisterSelectors(group: string): Promise<void>;
  /** @see MetricKeeper.retain; gives the rows deleted. Without `rawBeforeMs` nothing is downsampled. */
  retain(beforeMs: number, rawBeforeMs?: number): Promise<{ readonly deletedRows: number }>;
  status(): Promise<ShardStatus>;
}

export interface ShardStatus {
  readonly activeSeries: number;
  readonly headSamples: number;
  readonly logRows: number;
  readonly segments: number;
  readonly blocks: number;
  readonly databaseBytes: number;
  /** Since the object woke. */
  readonly rowsWritten: number;
  readonly samplesAppended: number;
}

export interface ScraperRpc extends Ticking {
  /** Takes JSON of scrape/view ScraperSpec and starts; a lower version is ignored. */
  configure(specJson: string): Promise<void>;
  /** Ends every series of the job and forgets it. */
  remove(): Promise<void>;
  /** JSON of scrape/view ScraperView, or `null` before the first configuration. */
  state(): Promise<string>;
}

/** Selectors of a rule group, by their places in what it registered under that version. */
export interface TouchedSelectors {
  readonly version: number;
  readonly selectors: readonly number[];
}

export interface RuleGroupRpc extends Ticking {
  /** Stores the group (JSON of rules/model RuleGroupSpec) and starts it; unchanged rules keep their state. */
  configure(specJson: string): Promise<void>;
  /** Resolves every alert and forgets the group. */
  remove(): Promise<void>;
  /** A write touched registered selectors, which ones where the shard tells. Returns before it evaluates. */
  nudge(touched?: TouchedSelectors): Promise<void>;
  /** Health, last evaluation and alerts of every rule, as JSON of rules/model GroupState. */
  state(): Promise<string>;
}

/** Text of any length: beyond 1 MiB as a stream of its UTF-8. */
export type LongText = string | ReadableStream<Uint8Array>;

export interface AlertRouterRpc extends Ticking {
  /**
   * Stores the parsed Alertmanager configuration (JSON of alerting/config RouterConfig, integrations sealed) with the
   * templates that its integrations name by hash (JSON of alerting/sealed-config TemplateBundle).
   */
  configure(configJson: string, templatesJson?: string): Promise<void>;
  /** Templates that a message may call, JSON of alerting/sealed-config TemplateBundle; null where nobody refers to them any more. */
  templates(hash: string): Promise<string | null>;
  /** The configuration in force, integrations sealed, as JSON of alerting/config RouterConfig: also while D1 is down. */
  configuration(): Promise<string>;
  receive(set: FiringSet): Promise<void>;
  /**
   * Takes alerts of Alertmanager's own API, JSON of core/alerts PostedAlert[], checked by the route. Gives the number of those
   * that alerting/posted-limits has no room for.
   */
  post(alertsJson: string): Promise<number>;
  /** Active alerts with their status, as JSON of alerting/model ActiveAlert[]; of groups, AlertGroupView[]. */
  activeAlerts(): Promise<LongText>;
  activeGroups(): Promise<LongText>;
  /** The same where they are few: a call takes 32 MiB at most. */
  alerts(): Promise<string>;
  groups(): Promise<string>;
  /** The body of Alertmanager's `GET /api/v2/alerts`, for JSON of alerting/v2-view V2Filter. */
  v2Alerts(filterJson: string): Promise<LongText>;
  /** The body of its `GET /api/v2/alerts/groups`. */
  v2Groups(filterJson: string): Promise<LongText>;
  /** What would become of an alert with these labels (JSON) now: JSON of alerting/explain Explanation. */
  explain(labelsJson: string): Promise<string>;
  /** Newest first, as JSON of alerting/model NotificationLogEntry[]. */
  notificationLog(limit: number): Promise<string>;
  /** Notes who has taken an alert in hand; false where no such alert fires. */
  acknowledge(fingerprint: string, by: string): Promise<boolean>;
  /** Looks at a group of alerts, or does to it what a person asks: JSON of alerting/by-hand HandRequest; gives JSON of HandAnswer. */
  byHand(requestJson: string): Promise<string>;
  /** Takes JSON of alerting/silence-input SilenceInput; gives JSON of Result<Silence, SilenceRefusal>. */
  putSilence(silenceJson: string): Promise<string>;
  expireSilence(id: string): Promise<boolean>;
  /** JSON of alerting/silences SilenceView[]. */
  silences(): Promise<string>;
  /** Takes JSON of alerting/window-input WindowInput; gives JSON of Result<WindowView, WindowRefusal>. */
  putWindow(windowJson: string, by: string): Promise<string>;
  /** Ends a maintenance window for good; false where it is over or unknown. */
  cancelWindow(id: string, by: string): Promise<boolean>;
  /** JSON of alerting/windows WindowView[]. */
  windows(): Promise<string>;
}

/** One message for one integration of one receiver. */
export interface OutgoingNotification {
  /** Idempotency: the same id is stored and sent once. */
  readonly id: string;
  readonly receiver: string;
  readonly integration: string;
  readonly groupKey: string;
  readonly status: "firing" | "resolved";
  /** Why it is sent: a notify reason of alerting/dedup, or `escalation`, `report`, `test`. */
  readonly reason: string;
  /** Alertmanager webhook v4 data (contracts.md 8), the source of every rendering. */
  readonly dataJson: string;
  /** When the router decided on it: the history keeps it under this time. Absent: nobody but the receiver tells of it. */
  readonly decidedAtMs?: number;
}

export interface ReceiverRpc extends Ticking {
  /**
   * Stores before it answers; sends afterwards, on its alarm. `integrationJson`: alerting/sealed-config StoredIntegration;
   * `templatesJson`: the TemplateBundle that it names.
   */
  enqueue(
    integrationJson: string,
    notification: OutgoingNotification,
    templatesJson?: string,
  ): Promise<void>;
  /** Newest first, as JSON of notify/model DeliveryLogEntry[]. */
  deliveries(limit: number): Promise<string>;
  /** Whether it delivers, and what waits, as JSON of notify/receiver-health ReceiverHealthView. */
  health(): Promise<string>;
  /** What a built-in receiver keeps, newest first, as JSON of notify/model InboxMessage[]. */
  inbox(limit: number): Promise<string>;
}

export interface HeartbeatsRpc extends Ticking {
  /** Makes or changes one (JSON of heartbeats/model HeartbeatSpec); gives JSON of Result<{keyId, created}, {reason, limit}>. */
  put(specJson: string): Promise<string>;
  /** Replaces those that came from a configuration file (JSON of HeartbeatSpec[]); gives JSON of Result<{heartbeats, removed}, {reason, limit}>. */
  replace(specsJson: string): Promise<string>;
  remove(name: string): Promise<boolean>;
  /** Gives the new key's id, or null where there is no such heartbeat. */
  rotateKey(name: string): Promise<string | null>;
  /** JSON of {keyId, view: heartbeats/view HeartbeatView}[], by name. */
  list(): Promise<string>;
  /** Stores a ping (JSON of heartbeats/model Ping without its time) before it answers; false where no heartbeat has the key. */
  ping(keyId: string, pingJson: string): Promise<boolean>;
}

export interface IncidentRpc extends Ticking {
  /** Opens the incident on the first call; later calls change its alerts; an all-resolved set resolves it. */
  alertsChanged(change: IncidentAlerts): Promise<void>;
  /** Maintenance windows that hold the escalation from now on, by name; none lets it go on where it stood. Repeatable. */
  hold(windows: readonly string[]): Promise<void>;
  /** JSON of incidents/model Incident, or null before it was opened. */
  get(): Promise<string | null>;
  /** Applies a command (JSON of incidents/model Command) for `actor`; gives the incident or a named refusal, as JSON. */
  command(commandJson: string, actor: string): Promise<string>;
}

export interface IncidentAlerts {
  readonly incidentId: string;
  readonly projectId: string;
  readonly groupKey: string;
  readonly receiver: string;
  readonly groupLabels: StringMap;
  readonly commonLabels: StringMap;
  readonly commonAnnotations: StringMap;
  readonly alerts: readonly {
    readonly labels: StringMap;
    readonly annotations: StringMap;
    readonly status: "firing" | "resolved";
    readonly startsAtMs: number;
    readonly fingerprint: string;
  }[];
  /** How many alerts there are, where `alerts` has no room for all of them. */
  readonly total?: number;
}

export interface LiveHubRpc {
  /** The WebSocket upgrade of a watcher that the Worker has let in; header `x-vedette-watcher` says who (JSON). */
  fetch(request: Request): Promise<Response>;
  /** Sends messages to the sockets; gives until when somebody is known to watch (0: nobody, publish nothing). */
  publish(messages: readonly LiveMessage[]): Promise<{ readonly watchedUntilMs: number }>;
  /** Only the lease, for producers that have nothing to say yet. */
  watched(): Promise<{ readonly watchedUntilMs: number }>;
}

export interface SpillRpc extends Ticking {
  /** Keeps a refused D1 write: `kind` names the writer, `payload` its bytes. Durable when it resolves. */
  put(kind: string, payload: Uint8Array): Promise<void>;
  status(): Promise<SpillStatus>;
}

export interface SpillStatus {
  /** Batches that wait for the store. */
  readonly pending: number;
  readonly pendingBytes: number;
  /** When the oldest of them was put, ms; 0 where none waits. */
  readonly oldestAtMs: number;
  /** Drains that failed in a row. */
  readonly failures: number;
  /** Batches kept aside because they can never be written. */
  readonly poisoned: number;
  /** The latest of them first. */
  readonly poison: readonly {
    readonly kind: string;
    readonly bytes: number;
    readonly putAtMs: number;
    readonly error: string;
  }[];
}
