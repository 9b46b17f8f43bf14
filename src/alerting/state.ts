import type { StringMap } from "../core/alerts";
import type { IncidentAlerts, OutgoingNotification } from "../core/objects";
import type { IntegrationRef, ReceiverConfig, Route, RouterConfig } from "./config";
import { allRoutes } from "./config";
import type { CooldownEntry } from "./cooldown";
import type { Dismissal } from "./dismiss";
import type { FlapRecord } from "./flap";
import type { NotificationLogEntry, RoutedAlert, Silence } from "./model";
import type { MaintenanceWindow } from "./windows";

/**
 * Everything the router knows, in memory. The functions of this folder change it in place and note
 * in `dirty` which records the shell must write before it lets any effect out.
 */
export interface RouterState {
  readonly alerts: Map<string, RoutedAlert>;
  readonly sources: Map<string, SourceState>;
  readonly groups: Map<string, Group>;
  /** The notification log proper: what each integration was last told about each group. */
  readonly told: Map<string, ToldEntry>;
  readonly silences: Map<string, Silence>;
  readonly windows: Map<string, MaintenanceWindow>;
  /** How alerts with flap settings changed of late, by fingerprint. */
  readonly flaps: Map<string, FlapRecord>;
  /** Who was told of which alert when, for those with a cooldown. */
  readonly cooldowns: Map<string, CooldownEntry>;
  /** Alerts that a person has ended, by fingerprint. */
  readonly dismissed: Map<string, Dismissal>;
  readonly dirty: Dirty;
  /** Grows with each change of the set of firing alerts; caches hang on it. */
  alertsVersion: number;
  /** The latest time seen. A time before it means that the clock was set back; Infinity where that is unknown, after a load. */
  clockMs: number;
}

export interface Dirty {
  readonly alerts: Set<string>;
  readonly sources: Set<string>;
  readonly groups: Set<string>;
  readonly told: Set<string>;
  readonly silences: Set<string>;
  readonly windows: Set<string>;
  readonly flaps: Set<string>;
  readonly cooldowns: Set<string>;
  readonly dismissed: Set<string>;
}

export interface SourceState {
  readonly source: string;
  generation: number;
  evaluatedAtMs: number;
  /** When its alerts expire unless it sends again. */
  expiresAtMs: number;
  /** From the last set to the expiry of its alerts. */
  lifetimeMs: number;
  /**
   * The expiry time passed while this object had forgotten whether the source still sends:
   * it has one more lifetime to do so. A steady source costs no row written that way.
   */
  onProbation: boolean;
}

export interface Group {
  /** `<route id> <group key>`. */
  readonly id: string;
  readonly routeId: string;
  readonly key: string;
  readonly labels: StringMap;
  /** Fingerprints; follows from alerts and routes, so that it is not stored. */
  readonly members: Set<string>;
  /** The first flush; the following ones lie whole group intervals later. */
  anchorMs: number;
  nextFlushMs: number;
  flushed: boolean;
  /** Per integration what was last held back and why, so that it is logged once. */
  readonly held: Record<string, string>;
  /** A maintenance window has just let go of some of its alerts: the flush that is due now tells them. */
  released?: true;
}

export interface ToldEntry {
  /** `<group key> <integration id>`. */
  readonly key: string;
  readonly firing: readonly string[];
  readonly resolved: readonly string[];
  readonly atMs: number;
  readonly expiresAtMs: number;
  /** How often it has been told; absent in an entry of an earlier version. */
  readonly count?: number;
  /** Those of `firing` that it knows to flap. */
  readonly flapping?: readonly string[];
  /** The incident that stands for the group's present firing. */
  readonly incidentId?: string;
  /** The incident was told that its escalation is held, and by which maintenance windows. */
  readonly heldBy?: readonly string[];
}

/** An effect that was decided. It is stored before it is let out, and deleted when its taker has it. */
export type Intent =
  | {
      readonly kind: "notify";
      readonly id: string;
      /** As the configuration holds it: sealed, with the hash of the templates that it calls. */
      readonly integration: IntegrationRef & { readonly templates?: string };
      readonly notification: OutgoingNotification;
    }
  | {
      readonly kind: "incident";
      readonly id: string;
      readonly integrationId: string;
      /** The entry of `told` that names the incident. */
      readonly toldKey: string;
      /** An alert fires that the incident does not know: one that a person resolved does not take it. */
      readonly opens: boolean;
      readonly change: IncidentAlerts;
    }
  | {
      readonly kind: "hold";
      readonly id: string;
      readonly integrationId: string;
      readonly incidentId: string;
      /** Names of the maintenance windows that hold its escalation; none lets it go on. */
      readonly windows: readonly string[];
    }
  | {
      readonly kind: "history";
      readonly id: string;
      readonly changes: readonly AlertChange[];
      /** Absent in one that an earlier version stored. */
      readonly decisions?: readonly NotificationLogEntry[];
    };

/** A change of an alert's status, for the history. */
export interface AlertChange {
  readonly fingerprint: string;
  readonly labels: StringMap;
  readonly annotations: StringMap;
  readonly status: "firing" | "resolved";
  readonly startsAtMs: number;
  readonly endedAtMs: number | null;
  readonly value: number | null;
  /** How it ended; absent while it fires. */
  readonly endedBy?: "resolved" | "expired" | "dismissed";
  readonly dismissedBy?: string;
  readonly acknowledgedBy?: string;
  readonly acknowledgedAtMs?: number;
}

/** What one step decided. */
export interface Outcome {
  readonly intents: Intent[];
  readonly log: NotificationLogEntry[];
  readonly changes: AlertChange[];
}

/** What decisions need besides the state. */
export interface RouterSettings {
  readonly projectId: string;
  readonly config: RouterConfig;
  /** Base of links, without a final slash. */
  readonly externalUrl: string;
}

export function emptyState(): RouterState {
  return {
    alerts: new Map(),
    sources: new Map(),
    groups: new Map(),
    told: new Map(),
    silences: new Map(),
    windows: new Map(),
    flaps: new Map(),
    cooldowns: new Map(),
    dismissed: new Map(),
    dirty: {
      alerts: new Set(),
      sources: new Set(),
      groups: new Set(),
      told: new Set(),
      silences: new Set(),
      windows: new Set(),
      flaps: new Set(),
      cooldowns: new Set(),
      dismissed: new Set(),
    },
    alertsVersion: 0,
    clockMs: Number.POSITIVE_INFINITY,
  };
}

export function emptyOutcome(): Outcome {
  return { intents: [], log: [], changes: [] };
}

export const toldKey = (groupKey: string, integrationId: string): string =>
  `${groupKey} ${integrationId}`;

const routesById = new WeakMap<RouterConfig, ReadonlyMap<string, Route>>();

export function routeById(config: RouterConfig, id: string): Route | undefined {
  let map = routesById.get(config);
  if (map === undefined) {
    map = new Map(allRoutes(config.route).map((r) => [r.id, r]));
    routesById.set(config, map);
  }
  return map.get(id);
}

const receiversByName = new WeakMap<RouterConfig, ReadonlyMap<string, ReceiverConfig>>();

export function receiverByName(config: RouterConfig, name: string): ReceiverConfig | undefined {
  let map = receiversByName.get(config);
  if (map === undefined) {
    map = new Map(config.receivers.map((r) => [r.name, r]));
    receiversByName.set(config, map);
  }
  return map.get(name);
}
