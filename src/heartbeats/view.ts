import { renderDuration } from "../core/duration";
import { dueAt, expectedAt, statusOf } from "./heartbeat";
import type { Heartbeat, HeartbeatStatus, MissingReason, Ping } from "./model";

/** A heartbeat as the API shows it; its address is added for those who may see it. */
export interface HeartbeatView {
  readonly name: string;
  readonly status: HeartbeatStatus;
  readonly every?: string;
  readonly cron?: string;
  readonly time_zone?: string;
  readonly grace: string;
  readonly max_run?: string;
  readonly severity: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly paused: boolean;
  readonly origin: "api" | "config";
  readonly last_success_ms: number | null;
  /** When the next ping is expected, and from when on its absence is an alert. */
  readonly expected_ms: number | null;
  readonly due_ms: number | null;
  readonly missing: { readonly since_ms: number; readonly reason: MissingReason } | null;
  readonly pings: readonly PingView[];
}

export interface PingView {
  readonly at_ms: number;
  readonly kind: Ping["kind"];
  readonly exit_code: number | null;
  readonly note: string | null;
  readonly run_ms: number | null;
}

export function heartbeatView(h: Heartbeat, nowMs: number): HeartbeatView {
  const { spec } = h;
  const { schedule } = spec;
  return {
    name: spec.name,
    status: statusOf(h, nowMs),
    ...(schedule.kind === "every"
      ? { every: renderDuration(schedule.everyMs) }
      : { cron: schedule.pattern, time_zone: schedule.timeZone }),
    grace: renderDuration(spec.graceMs),
    ...(spec.maxRunMs === undefined ? {} : { max_run: renderDuration(spec.maxRunMs) }),
    severity: spec.severity,
    labels: spec.labels,
    annotations: spec.annotations,
    paused: spec.paused,
    origin: spec.origin,
    last_success_ms: h.lastSuccessMs ?? null,
    expected_ms: spec.paused ? null : (expectedAt(h) ?? null),
    due_ms: dueAt(h) ?? null,
    missing:
      h.missing === undefined || spec.paused
        ? null
        : { since_ms: h.missing.sinceMs, reason: h.missing.reason },
    pings: h.pings.map((p) => ({
      at_ms: p.atMs,
      kind: p.kind,
      exit_code: p.exitCode ?? null,
      note: p.note ?? null,
      run_ms: p.runMs ?? null,
    })),
  };
}
