import type { AlertInstance, FiringSet } from "../core/alerts";
import { type Verdict, isAnomaly } from "./detector";
import type { WatchedSeries } from "./config";

/** An anomaly that is on, or ended within the last 15 min. Kept between scans. */
export interface AnomalyState {
  /** Canonical key of the label set within its watched series. */
  readonly key: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly sinceMs: number;
  readonly endedMs?: number;
  readonly value: number;
}

export interface Judged {
  readonly key: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly verdict: Verdict;
}

/** A resolved alert is repeated this long, so that a lost hand-over is made good (design, section 3). */
const REPEAT_RESOLVED_MS = 15 * 60_000;

/**
 * The states after a scan. A label set that gave no value or not enough history ends its
 * anomaly: there is nothing left to compare.
 */
export function nextStates(
  before: readonly AnomalyState[],
  watched: WatchedSeries,
  judged: readonly Judged[],
  nowMs: number,
): AnomalyState[] {
  const old = new Map(before.map((s) => [s.key, s]));
  const out: AnomalyState[] = [];
  for (const j of judged) {
    if (!isAnomaly(j.verdict)) continue;
    const known = old.get(j.key);
    const since = known !== undefined && known.endedMs === undefined ? known.sinceMs : nowMs;
    old.delete(j.key);
    out.push({
      key: j.key,
      labels: labelsOfAlert(watched, j),
      annotations: annotationsOf(watched, j),
      sinceMs: since,
      value: j.value,
    });
  }
  for (const s of old.values()) {
    const endedMs = s.endedMs ?? nowMs;
    if (nowMs - endedMs <= REPEAT_RESOLVED_MS) out.push({ ...s, endedMs });
  }
  return out;
}

/** The level hand-over of one watched series to the router. */
export function firingSet(
  watched: WatchedSeries,
  states: readonly AnomalyState[],
  nowMs: number,
  validForMs: number,
  externalUrl: string,
): FiringSet {
  return {
    source: `anomaly/${watched.name}`,
    // Scans are minutes apart, so their times rise.
    generation: nowMs,
    evaluatedAtMs: nowMs,
    alerts: states.map((s): AlertInstance => ({
      labels: s.labels,
      annotations: s.annotations,
      startsAtMs: s.sinceMs,
      endsAtMs: s.endedMs ?? nowMs + validForMs,
      status: s.endedMs === undefined ? "firing" : "resolved",
      generatorUrl: `${externalUrl}/explore?expr=${encodeURIComponent(watched.expr)}`,
      value: s.value,
    })),
  };
}

function labelsOfAlert(watched: WatchedSeries, j: Judged): Record<string, string> {
  return {
    ...j.labels,
    ...watched.labels,
    alertname: "Anomaly",
    anomaly: watched.name,
    severity: watched.severity,
  };
}

function annotationsOf(watched: WatchedSeries, j: Judged): Record<string, string> {
  const v = j.verdict;
  const how =
    v.reason === "three_sigma"
      ? `${Math.abs(v.deviations).toFixed(1)} standard deviations ${v.deviations > 0 ? "above" : "below"} the mean ${round(v.mean)} of this hour on earlier days`
      : v.reason === "twice_mean"
        ? `${v.ratio.toFixed(1)} times the mean ${round(v.mean)} of this hour on earlier days`
        : v.reason;
  return { summary: `${watched.name} is ${round(j.value)}: ${how}`, reason: v.reason };
}

function round(n: number): string {
  return Number(n.toPrecision(4)).toString();
}
