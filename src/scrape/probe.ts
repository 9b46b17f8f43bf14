import { RE2JS } from "re2js";
import type { ScrapeAuth } from "./model";

/** A module of blackbox_exporter's `blackbox.yml`, prober http (https://github.com/prometheus/blackbox_exporter/blob/master/CONFIGURATION.md). */
export interface ProbeModule {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** None: 200 to 299. */
  readonly validStatusCodes: readonly number[];
  readonly followRedirects: boolean;
  readonly failIfSsl: boolean;
  readonly failIfNotSsl: boolean;
  readonly failIfBodyMatches: readonly string[];
  readonly failIfBodyNotMatches: readonly string[];
  readonly failIfHeaderMatches: readonly HeaderTest[];
  readonly failIfHeaderNotMatches: readonly HeaderTest[];
  readonly auth: ScrapeAuth | undefined;
  /** 0: the scrape's own. */
  readonly timeoutMs: number;
  readonly bodyLimit: number;
}

export interface HeaderTest {
  readonly header: string;
  readonly regex: string;
  readonly allowMissing: boolean;
}

export const DEFAULT_BODY_LIMIT = 4 * 1024 * 1024;

/** `http_2xx`, which is there without a file. */
export const HTTP_2XX: ProbeModule = {
  method: "GET",
  headers: {},
  body: undefined,
  validStatusCodes: [],
  followRedirects: true,
  failIfSsl: false,
  failIfNotSsl: false,
  failIfBodyMatches: [],
  failIfBodyNotMatches: [],
  failIfHeaderMatches: [],
  failIfHeaderNotMatches: [],
  auth: undefined,
  timeoutMs: 0,
  bodyLimit: DEFAULT_BODY_LIMIT,
};

/** Redirects that are followed before a probe fails, as blackbox_exporter has it. */
export const MAX_REDIRECTS = 10;

/** What the last answer of a probe was. */
export interface ProbeAnswer {
  readonly status: number;
  readonly https: boolean;
  readonly redirects: number;
  readonly headers: Headers;
  /** As much of it as the module reads. */
  readonly body: string;
  /** What the answer says of its body's bytes; −1 where it does not say, as Go has it. */
  readonly length: number;
  /** Whether it went on beyond the module's limit. */
  readonly cut: boolean;
  readonly uncompressedLength: number;
}

export interface ProbeTimes {
  readonly totalMs: number;
  /** Until the last answer's headers. */
  readonly headersMs: number;
}

export type ProbeVerdict =
  | "ok"
  | "no_answer"
  | "status"
  | "ssl"
  | "not_ssl"
  | "body_matches"
  | "body_not_matches"
  | "body_too_large"
  | "header_matches"
  | "header_not_matches";

/** Whether an answer is what the module wants, else why not. */
export function judgeProbe(module: ProbeModule, answer: ProbeAnswer | undefined): ProbeVerdict {
  if (answer === undefined) return "no_answer";
  if (answer.cut) return "body_too_large";
  const { status } = answer;
  const valid =
    module.validStatusCodes.length === 0
      ? status >= 200 && status < 300
      : module.validStatusCodes.includes(status);
  if (!valid) return "status";
  const found = (regex: string, text: string): boolean => RE2JS.compile(regex).matcher(text).find();
  if (module.failIfBodyMatches.some((r) => found(r, answer.body))) return "body_matches";
  if (module.failIfBodyNotMatches.some((r) => !found(r, answer.body))) return "body_not_matches";
  for (const t of module.failIfHeaderMatches) {
    const value = answer.headers.get(t.header);
    if (value === null ? !t.allowMissing : found(t.regex, value)) return "header_matches";
  }
  for (const t of module.failIfHeaderNotMatches) {
    const value = answer.headers.get(t.header);
    if (value === null ? !t.allowMissing : !found(t.regex, value)) return "header_not_matches";
  }
  if (answer.https && module.failIfSsl) return "ssl";
  return !answer.https && module.failIfNotSsl ? "not_ssl" : "ok";
}

/** The series of a probe, as blackbox_exporter names them: name, labels, value. */
export function probeSeries(
  verdict: ProbeVerdict,
  answer: ProbeAnswer | undefined,
  times: ProbeTimes,
): readonly (readonly [name: string, labels: Readonly<Record<string, string>>, value: number])[] {
  const byRegex = verdict.endsWith("_matches");
  return [
    ["probe_success", {}, verdict === "ok" ? 1 : 0],
    ["probe_duration_seconds", {}, times.totalMs / 1000],
    // The platform resolves and connects; both are within the processing phase.
    ["probe_http_duration_seconds", { phase: "processing" }, times.headersMs / 1000],
    [
      "probe_http_duration_seconds",
      { phase: "transfer" },
      (times.totalMs - times.headersMs) / 1000,
    ],
    ["probe_http_status_code", {}, answer?.status ?? 0],
    ["probe_http_redirects", {}, answer?.redirects ?? 0],
    ["probe_http_ssl", {}, answer?.https === true ? 1 : 0],
    ["probe_http_content_length", {}, answer?.length ?? 0],
    ["probe_http_uncompressed_body_length", {}, answer?.uncompressedLength ?? 0],
    ["probe_failed_due_to_regex", {}, byRegex ? 1 : 0],
    ...(answer?.headers.has("last-modified") === true
      ? [
          [
            "probe_http_last_modified_timestamp_seconds",
            {},
            Date.parse(answer.headers.get("last-modified") ?? "") / 1000,
          ] as const,
        ]
      : []),
  ];
}
