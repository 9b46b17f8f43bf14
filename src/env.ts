import { parseDuration } from "./core/duration";
import {
  OTLP_DEFAULTS,
  type OtlpOptions,
  TRANSLATION_STRATEGIES,
} from "./ingest/otlp-metrics/options";
import { parseAddress } from "./notify/email-address";
import { EMAIL_PROVIDERS, type EmailSettings, PROVIDER_URLS } from "./notify/email-provider";
import type { ReplicaLabels } from "./ingest/replicas/election";
import { compileRegex } from "./core/matchers";

/** What wrangler.toml (or the local launcher) binds. */
export interface Env {
  readonly DB: D1Database;
  readonly ASSETS: Fetcher;
  /** Absent where the account has not switched Analytics Engine on: not an error. */
  readonly ANALYTICS?: AnalyticsEngineDataset;
  readonly METRIC_SHARD: DurableObjectNamespace;
  readonly RULE_GROUP: DurableObjectNamespace;
  readonly ALERT_ROUTER: DurableObjectNamespace;
  readonly RECEIVER: DurableObjectNamespace;
  readonly HEARTBEATS: DurableObjectNamespace;
  readonly INCIDENT: DurableObjectNamespace;
  readonly LIVE_HUB: DurableObjectNamespace;
  readonly SCRAPER: DurableObjectNamespace;
  readonly SPILL: DurableObjectNamespace;
  readonly RATE_INGEST?: RateLimit;
  readonly RATE_BEACON?: RateLimit;
  readonly RATE_API?: RateLimit;
  /** "1" on the local launcher and in tests: documented tokens work, private receiver addresses are allowed. */
  readonly LOCAL?: string;
  /** Of the local launcher on a loopback address: the Host headers that it answers to, comma-separated. */
  readonly LOCAL_HOSTS?: string;
  /** Signs tokens and sessions. A secret of ≥ 16 characters. */
  readonly TOKEN_SECRET?: string;
  /** Allows the first admin token to be made, once. */
  readonly BOOTSTRAP_SECRET?: string;
  /** Seals secrets at rest, ≥ 16 characters; made of TOKEN_SECRET unless set. */
  readonly SECRETS_KEY?: string;
  /** Former values of SECRETS_KEY (or of TOKEN_SECRET), whitespace between them: they open what was sealed before. */
  readonly SECRETS_KEY_PREVIOUS?: string;
  /** Base of every link in a message, e.g. https://vedette.example.com. */
  readonly EXTERNAL_URL?: string;
  readonly SENTRY_DSN?: string;
  /** An address outside that is called each minute while alerts would reach somebody. */
  readonly WATCHDOG_URL?: string;
  /** Sends mail where no EMAIL_PROVIDER is set; absent without `[[send_email]]` in wrangler.toml. */
  readonly EMAIL?: SendEmail;
  /** Sender of receivers that name none: `Vedette <alerts@example.com>`. */
  readonly EMAIL_FROM?: string;
  /** Sends mail over HTTP instead: resend, postmark, sendgrid, or `http` for a gateway of one's own. */
  readonly EMAIL_PROVIDER?: string;
  readonly EMAIL_API_KEY?: string;
  /** Where the provider takes messages; its public address unless set. Needed for `http`. */
  readonly EMAIL_API_URL?: string;
  readonly APP_VERSION?: string;
  /** Shards of a project's metrics; 1 unless set. */
  readonly METRIC_SHARDS?: string;
  /** Active series of one shard; 150000 unless set. */
  readonly METRIC_MAX_SERIES?: string;
  /** How late a sample may come, as a duration; 2h unless set. */
  readonly METRIC_OUT_OF_ORDER_WINDOW?: string;
  /** Samples that one query may hold at once; 4000000 unless set. */
  readonly QUERY_MAX_SAMPLES?: string;
  /** Origins whose scripts may read Prometheus' API, an anchored regular expression as --web.cors.origin; none unless set. */
  readonly PROMETHEUS_CORS_ORIGIN?: string;
  /** How far back in time rules are evaluated whose group names no `query_offset`, a duration; 0s unless set. */
  readonly RULE_QUERY_OFFSET?: string;
  /** Labels of every alert and in templates, e.g. `cluster=eu1,replica=a`. */
  readonly EXTERNAL_LABELS?: string;
  /** How OTLP names are translated (ingest/otlp-metrics/options.ts); UnderscoreEscapingWithSuffixes unless set. */
  readonly OTLP_TRANSLATION_STRATEGY?: string;
  /** Resource attributes that become labels of every series, comma-separated, or `*`; none unless set. */
  readonly OTLP_PROMOTE_RESOURCE_ATTRIBUTES?: string;
  /** "1": target_info keeps service.name, service.namespace and service.instance.id. */
  readonly OTLP_KEEP_IDENTIFYING_RESOURCE_ATTRIBUTES?: string;
  /** "1": scopes become `otel_scope_*` labels. */
  readonly OTLP_PROMOTE_SCOPE_METADATA?: string;
  /** "1": explicit histograms become native ones with custom buckets. */
  readonly OTLP_CONVERT_HISTOGRAMS_TO_NHCB?: string;
  /** The labels that tell pairs of senders and their replicas apart; `cluster` and `__replica__` unless set. */
  readonly HA_CLUSTER_LABEL?: string;
  readonly HA_REPLICA_LABEL?: string;
  /** Private hosts that are scraped over a binding: `host=BINDING`, comma-separated. */
  readonly SCRAPE_BINDINGS?: string;
  /** Where the objects live, a location hint such as `weur`; Cloudflare chooses unless set. Fixed at the first deployment. */
  readonly REGION?: string;
  /** Cloudflare Access: team domain and application audience. */
  readonly ACCESS_TEAM?: string;
  readonly ACCESS_AUD?: string;
  /** What whom Access lets in may do: `read` (the default) or `admin`. */
  readonly ACCESS_SCOPE?: string;
}

/** Env's variables, checked once per isolate. */
export interface Config {
  readonly local: boolean;
  /** Undefined: any Host is answered. */
  readonly hosts: ReadonlySet<string> | undefined;
  readonly tokenSecret: string;
  readonly bootstrapSecret: string | undefined;
  /** Secrets of which the keys that seal are made: the first seals, all open. */
  readonly sealingSecrets: readonly [string, ...string[]];
  readonly externalUrl: string | undefined;
  readonly sentryDsn: string | undefined;
  readonly email: EmailSettings;
  readonly watchdogUrl: string | undefined;
  readonly version: string;
  readonly metricShards: number;
  readonly otlp: OtlpOptions;
  readonly replicaLabels: ReplicaLabels;
  readonly ruleQueryOffsetMs: number;
  readonly externalLabels: Readonly<Record<string, string>>;
  /** Undefined: the engine's own. */
  readonly queryMaxSamples: number | undefined;
  /** Undefined: no other site's script reads anything. */
  readonly corsOrigin: string | undefined;
  /** By host, the name of the binding that reaches it. */
  readonly scrapeBindings: ReadonlyMap<string, string>;
  readonly access:
    | { readonly team: string; readonly audience: string; readonly scope: "read" | "admin" }
    | undefined;
}

/** Where a deployment's objects are to live (D:durable-objects/reference/data-location). */
export const REGIONS: readonly DurableObjectLocationHint[] = [
  "wnam",
  "enam",
  "sam",
  "weur",
  "eeur",
  "apac",
  "oc",
  "afr",
  "me",
];

/** A deployment's settings are wrong; the message names the variable and the remedy. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

const MIN_SECRET = 16;
const MAX_SHARDS = 64;
/** A shard's head keeps times as 32-bit offsets, which reach 24 days. */
const MAX_OUT_OF_ORDER_MS = 20 * 86_400_000;

/** @throws ConfigError naming the first variable that is missing or wrong */
export function parseConfig(env: Env): Config {
  const local = env.LOCAL === "1";
  const tokenSecret = env.TOKEN_SECRET ?? "";
  if (tokenSecret.length < MIN_SECRET) {
    throw new ConfigError(
      `TOKEN_SECRET must be a secret of at least ${MIN_SECRET} characters: wrangler secret put TOKEN_SECRET`,
    );
  }
  if (env.REGION !== undefined && env.REGION !== "" && !REGIONS.some((r) => r === env.REGION)) {
    throw new ConfigError(
      `REGION is one of ${REGIONS.join(", ")}, not ${JSON.stringify(env.REGION)}`,
    );
  }
  const shards = Number(env.METRIC_SHARDS ?? "1");
  if (!Number.isInteger(shards) || shards < 1 || shards > MAX_SHARDS) {
    throw new ConfigError(
      `METRIC_SHARDS must be a whole number from 1 to ${MAX_SHARDS}, not ${JSON.stringify(env.METRIC_SHARDS)}`,
    );
  }
  parseMetricLimits(env);
  const maxSamples = nonEmpty(env.QUERY_MAX_SAMPLES);
  if (maxSamples !== undefined && !(Number.isInteger(Number(maxSamples)) && Number(maxSamples) > 0))
    throw new ConfigError(
      `QUERY_MAX_SAMPLES must be a whole number above 0, not ${JSON.stringify(maxSamples)}`,
    );
  return {
    local,
    hosts: local && env.LOCAL_HOSTS !== undefined ? new Set(env.LOCAL_HOSTS.split(",")) : undefined,
    tokenSecret,
    bootstrapSecret: parseBootstrapSecret(env),
    sealingSecrets: parseSealingSecrets(env, tokenSecret),
    externalUrl: parseExternalUrl(env.EXTERNAL_URL),
    sentryDsn: nonEmpty(env.SENTRY_DSN),
    email: parseEmail(env),
    watchdogUrl: parseWatchdog(nonEmpty(env.WATCHDOG_URL)),
    version: env.APP_VERSION ?? "0.1.0",
    metricShards: shards,
    otlp: parseOtlp(env),
    replicaLabels: {
      cluster: nonEmpty(env.HA_CLUSTER_LABEL) ?? "cluster",
      replica: nonEmpty(env.HA_REPLICA_LABEL) ?? "__replica__",
    },
    ruleQueryOffsetMs: parseQueryOffset(env.RULE_QUERY_OFFSET),
    externalLabels: parseExternalLabels(env.EXTERNAL_LABELS),
    queryMaxSamples: maxSamples === undefined ? undefined : Number(maxSamples),
    corsOrigin: parseCorsOrigin(env.PROMETHEUS_CORS_ORIGIN),
    scrapeBindings: parseScrapeBindings(env.SCRAPE_BINDINGS),
    access: parseAccess(env),
  };
}

/** What a metric shard takes in, where the deployment sets it. @throws ConfigError */
export function parseMetricLimits(env: Env): {
  readonly maxSeries?: number;
  readonly outOfOrderMs?: number;
} {
  const series = nonEmpty(env.METRIC_MAX_SERIES);
  const maxSeries = Number(series);
  if (series !== undefined && !(Number.isInteger(maxSeries) && maxSeries > 0)) {
    throw new ConfigError(
      `METRIC_MAX_SERIES must be a whole number above 0, not ${JSON.stringify(series)}`,
    );
  }
  const late = nonEmpty(env.METRIC_OUT_OF_ORDER_WINDOW);
  const window = late === undefined ? undefined : parseDuration(late);
  if (window !== undefined && (!window.ok || window.value > MAX_OUT_OF_ORDER_MS)) {
    throw new ConfigError(
      `METRIC_OUT_OF_ORDER_WINDOW must be a duration of at most 20d, not ${JSON.stringify(late)}`,
    );
  }
  return {
    ...(series === undefined ? {} : { maxSeries }),
    ...(window?.ok === true ? { outOfOrderMs: window.value } : {}),
  };
}

/** Further back than a day no rule means to look. */
const MAX_QUERY_OFFSET_MS = 86_400_000;

function parseQueryOffset(text: string | undefined): number {
  const set = nonEmpty(text);
  if (set === undefined) return 0;
  const offset = parseDuration(set);
  if (offset.ok && offset.value <= MAX_QUERY_OFFSET_MS) return offset.value;
  throw new ConfigError(
    `RULE_QUERY_OFFSET must be a duration of at most 1d, not ${JSON.stringify(set)}`,
  );
}

function parseExternalLabels(text: string | undefined): Readonly<Record<string, string>> {
  const pairs = (nonEmpty(text) ?? "").split(",").filter((p) => p.trim() !== "");
  return Object.fromEntries(
    pairs.map((pair) => {
      const m = /^\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*(.+?)\s*$/.exec(pair);
      if (m === null)
        throw new ConfigError(
          `EXTERNAL_LABELS must be name=value pairs with commas between, not ${JSON.stringify(text)}`,
        );
      return [m[1], m[2]] as [string, string]; // both groups take part in every match
    }),
  );
}

function parseOtlp(env: Env): OtlpOptions {
  const given = nonEmpty(env.OTLP_TRANSLATION_STRATEGY) ?? OTLP_DEFAULTS.strategy;
  const strategy = TRANSLATION_STRATEGIES.find((s) => s === given);
  if (strategy === undefined)
    throw new ConfigError(
      `OTLP_TRANSLATION_STRATEGY is one of ${TRANSLATION_STRATEGIES.join(", ")}, not ${JSON.stringify(given)}`,
    );
  const promote = (env.OTLP_PROMOTE_RESOURCE_ATTRIBUTES ?? "").split(",").map((s) => s.trim());
  return {
    strategy,
    promote: promote.includes("*") ? "all" : new Set(promote.filter((s) => s !== "")),
    keepIdentifying: env.OTLP_KEEP_IDENTIFYING_RESOURCE_ATTRIBUTES === "1",
    promoteScope: env.OTLP_PROMOTE_SCOPE_METADATA === "1",
    customBuckets: env.OTLP_CONVERT_HISTOGRAMS_TO_NHCB === "1",
  };
}

function parseSealingSecrets(env: Env, tokenSecret: string): readonly [string, ...string[]] {
  const present = nonEmpty(env.SECRETS_KEY);
  const previous = (env.SECRETS_KEY_PREVIOUS ?? "").split(/\s+/).filter((s) => s !== "");
  if (present !== undefined && present.length < MIN_SECRET)
    throw new ConfigError(
      `SECRETS_KEY must be a secret of at least ${MIN_SECRET} characters: wrangler secret put SECRETS_KEY`,
    );
  if (present !== undefined && /\s/.test(present))
    throw new ConfigError("SECRETS_KEY holds no white space, which parts SECRETS_KEY_PREVIOUS");
  // What was sealed before SECRETS_KEY was first set opens still.
  return present === undefined ? [tokenSecret, ...previous] : [present, ...previous, tokenSecret];
}

function parseWatchdog(url: string | undefined): string | undefined {
  if (url !== undefined && !(/^https?:\/\//.test(url) && URL.canParse(url)))
    throw new ConfigError("WATCHDOG_URL must be an http(s) address");
  return url;
}

function parseEmail(env: Env): EmailSettings {
  const from = nonEmpty(env.EMAIL_FROM);
  if (from !== undefined && parseAddress(from) === undefined)
    throw new ConfigError(
      `EMAIL_FROM must be an address such as "Vedette <alerts@example.com>", not ${JSON.stringify(from)}`,
    );
  const given = nonEmpty(env.EMAIL_PROVIDER);
  if (given === undefined) return { from, provider: undefined };
  const name = EMAIL_PROVIDERS.find((p) => p === given);
  if (name === undefined)
    throw new ConfigError(
      `EMAIL_PROVIDER is one of ${EMAIL_PROVIDERS.join(", ")}, not ${JSON.stringify(given)}`,
    );
  const apiKey = nonEmpty(env.EMAIL_API_KEY);
  if (apiKey === undefined)
    throw new ConfigError("EMAIL_PROVIDER needs its key: wrangler secret put EMAIL_API_KEY");
  const url = nonEmpty(env.EMAIL_API_URL) ?? (name === "http" ? undefined : PROVIDER_URLS[name]);
  if (url === undefined || !/^https?:\/\//.test(url) || !URL.canParse(url))
    throw new ConfigError(
      `EMAIL_API_URL must be an http(s) address, not ${JSON.stringify(url ?? "")}`,
    );
  return { from, provider: { name, apiKey, url } };
}

function parseBootstrapSecret(env: Env): string | undefined {
  const secret = nonEmpty(env.BOOTSTRAP_SECRET);
  // Whoever guesses it becomes the deployment's admin.
  if (secret !== undefined && secret.length < MIN_SECRET)
    throw new ConfigError(
      `BOOTSTRAP_SECRET must be a secret of at least ${MIN_SECRET} characters: wrangler secret put BOOTSTRAP_SECRET`,
    );
  return secret;
}

function parseCorsOrigin(text: string | undefined): string | undefined {
  const pattern = nonEmpty(text);
  try {
    if (pattern !== undefined) compileRegex(pattern);
  } catch (e) {
    throw new ConfigError(
      `PROMETHEUS_CORS_ORIGIN is no regular expression: ${e instanceof Error ? e.message : String(e)}`,
    );
  }
  return pattern;
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text === "" ? undefined : text;
}

function parseExternalUrl(text: string | undefined): string | undefined {
  if (text === undefined || text === "") return undefined;
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) {
    throw new ConfigError(`EXTERNAL_URL must be an http(s) address, not ${JSON.stringify(text)}`);
  }
  return text.replace(/\/+$/, "");
}

function parseAccess(env: Env): Config["access"] {
  const team = nonEmpty(env.ACCESS_TEAM);
  const audience = nonEmpty(env.ACCESS_AUD);
  if (team === undefined && audience === undefined) return undefined;
  if (team === undefined || audience === undefined)
    throw new ConfigError("ACCESS_TEAM and ACCESS_AUD must be set together");
  const scope = nonEmpty(env.ACCESS_SCOPE) ?? "read";
  if (scope !== "read" && scope !== "admin")
    throw new ConfigError(`ACCESS_SCOPE is read or admin, not ${JSON.stringify(scope)}`);
  return { team, audience, scope };
}

function parseScrapeBindings(text: string | undefined): ReadonlyMap<string, string> {
  const out = new Map<string, string>();
  for (const pair of nonEmpty(text)?.split(",") ?? []) {
    const m = /^([^=\s]+)=([A-Za-z_][A-Za-z0-9_]*)$/.exec(pair.trim());
    if (m === null)
      throw new ConfigError(
        `SCRAPE_BINDINGS must be host=BINDING pairs, comma-separated, not ${JSON.stringify(text)}`,
      );
    out.set((m[1] as string).toLowerCase(), m[2] as string);
  }
  return out;
}
