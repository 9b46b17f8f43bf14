/** Label and annotation records as they travel between alerting stages (RPC and JSON). */
export type StringMap = Readonly<Record<string, string>>;

/** A label's value, "" where it is absent. Own properties alone: `constructor` is a name like any other. */
export function labelOf(labels: StringMap, name: string): string {
  return Object.hasOwn(labels, name) ? (labels[name] ?? "") : "";
}

/** One alert as a rule group hands it to the router. */
export interface AlertInstance {
  readonly labels: StringMap;
  readonly annotations: StringMap;
  /** When it began to fire, ms. */
  readonly startsAtMs: number;
  /** For a resolved alert when it ended; for a firing one when it expires unless sent again. */
  readonly endsAtMs: number;
  readonly status: "firing" | "resolved";
  readonly generatorUrl: string;
  /** The value of the expression at the last evaluation. */
  readonly value: number;
  /** Set when the rule's cooldown holds the notification back: state changes, nothing is sent. */
  readonly heldBack?: { readonly reason: "cooldown"; readonly untilMs: number };
  /** After a notification that it fires, none for as long that it fires anew. The router keeps count; `heldBack` then says nothing. */
  readonly cooldownMs?: number;
  /** When it counts as flapping. */
  readonly flap?: FlapSettings;
}

/** An alert flaps that changes its state `changes` times within `withinMs`, until it has not for `calmMs`. */
export interface FlapSettings {
  readonly changes: number;
  readonly withinMs: number;
  readonly calmMs: number;
}

/**
 * The level hand-over: the full firing set of one source, with alerts that resolved in the
 * last 15 min repeated. A set with a lower or equal generation than one seen is ignored.
 */
export interface FiringSet {
  /** Who sends: `<namespace>/<group>`, or `anomaly/<name>`, or `api`. */
  readonly source: string;
  readonly generation: number;
  readonly evaluatedAtMs: number;
  readonly alerts: readonly AlertInstance[];
}

/** An alert as a client of Alertmanager's API posts it: single, on its own clock, its end told or assumed. */
export interface PostedAlert {
  readonly labels: StringMap;
  readonly annotations: StringMap;
  readonly startsAtMs?: number;
  /** Absent: it expires `resolve_timeout` from now unless posted again. */
  readonly endsAtMs?: number;
  readonly generatorUrl: string;
}
