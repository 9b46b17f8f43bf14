/** A configuration file in force. */
export interface ConfigDocument {
  readonly kind: ConfigKind;
  readonly name: string;
  readonly version: number;
  readonly body: string;
  readonly updatedAtMs: number;
  readonly updatedBy: string;
}

/**
 * `rules`: name `<namespace>/<group>`, body JSON of rules/model RuleGroupSpec plus its YAML;
 * `alertmanager`, `escalation`, `heartbeats`, `figures`, `anomalies`, `reports`: name "default".
 */
export type ConfigKind =
  | "rules"
  | "alertmanager"
  | "escalation"
  | "heartbeats"
  | "figures"
  | "anomalies"
  | "reports"
  | "analytics_rollup"
  | "retention"
  | "prometheus"
  | "probes";

/** One version of a document. */
export interface ConfigVersion {
  readonly version: number;
  readonly body: string | null;
  readonly updatedAtMs: number;
  readonly updatedBy: string;
}

/** A project's configuration, versioned; every put and delete makes a version. */
export interface ConfigStore {
  get(kind: ConfigKind, name: string): Promise<ConfigDocument | undefined>;
  /** Its versions, the newest first, at most `limit`; a body that is null deleted it. */
  versions(kind: ConfigKind, name: string, limit: number): Promise<ConfigVersion[]>;
  /** Documents in force whose name starts with `prefix`, by name. */
  list(kind: ConfigKind, prefix?: string): Promise<ConfigDocument[]>;
  /** Puts a new version; gives it. Equal to the body in force: no new version. */
  put(kind: ConfigKind, name: string, body: string, by: string): Promise<ConfigDocument>;
  /** Puts a new version of each, all of them or none; gives them in the order asked. Equal bodies make versions too. */
  putAll(
    kind: ConfigKind,
    documents: readonly { readonly name: string; readonly body: string }[],
    by: string,
  ): Promise<ConfigDocument[]>;
  /** Changes every version's body in place: for what may not lie there as it does. */
  rewrite(kind: ConfigKind, name: string, change: (body: string) => Promise<string>): Promise<void>;
  /** True where there was something to delete. */
  remove(kind: ConfigKind, name: string, by: string): Promise<boolean>;
}
