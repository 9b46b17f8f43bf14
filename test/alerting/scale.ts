import type { AlertInstance, FiringSet, StringMap } from "../../src/core/alerts";
import { parseRouterConfig } from "../../src/alerting/config-parse";
import { postAlerts } from "../../src/alerting/post";
import { receive, reconfigure, tick } from "../../src/alerting/router";
import { type RouterSettings, type RouterState, emptyState } from "../../src/alerting/state";
import { activeAlerts, groupViews } from "../../src/alerting/view";

export interface RouterMeasurement {
  readonly alerts: number;
  readonly groups: number;
  /** The best of some runs of each pass, as a busy machine disturbs the others. */
  readonly times: readonly { readonly name: string; readonly ms: number }[];
  /** Records that an evaluation marks in which nothing changes. */
  readonly steadyRows: number;
}

const START_MS = 1_767_571_200_000;
const RUNS = 5;
const SOURCES = 50;

const CONFIG = `
route:
  receiver: default
  group_by: [alertname, cluster]
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 4h
  routes:
    - matchers: [ severity="critical" ]
      receiver: pager
      continue: true
    - match_re: { team: "team-[0-4]" }
      receiver: chat
      routes:
        - matchers: [ env!="prod" ]
          receiver: quiet
    - matchers: [ service=~"api|web" ]
      receiver: web
receivers:
  - name: default
    webhook_configs: [{ url: "https://example.com/d" }]
  - name: pager
    webhook_configs: [{ url: "https://example.com/p" }]
    incident_configs: [{}]
  - name: chat
    webhook_configs: [{ url: "https://example.com/c" }]
  - name: quiet
    webhook_configs: [{ url: "https://example.com/q", send_resolved: false }]
  - name: web
    webhook_configs: [{ url: "https://example.com/w" }]
inhibit_rules:
  - source_matchers: [ severity="critical" ]
    target_matchers: [ severity=~"warning|info" ]
    equal: [cluster, service]
  - source_matchers: [ alertname="ClusterDown" ]
    target_matchers: [ alertname!="ClusterDown" ]
    equal: [cluster]
`;

/** Fills a router and times what it does in one pass over all its alerts. */
export function measureRouter(count: number): RouterMeasurement {
  const parsed = parseRouterConfig(CONFIG);
  if (!parsed.ok) throw new Error(parsed.error.message);
  const settings: RouterSettings = {
    projectId: "p",
    config: parsed.value,
    externalUrl: "https://example.com",
  };
  const best = new Map<string, number>();
  const time = <T>(name: string, work: () => T): T => {
    const began = performance.now();
    const result = work();
    const ms = performance.now() - began;
    best.set(name, Math.min(best.get(name) ?? Infinity, ms));
    return result;
  };
  let state = emptyState();
  let steadyRows = 0;
  for (let run = 0; run < RUNS; run++) {
    state = emptyState();
    addSilences(state);
    const sets = setsOf(count, START_MS);
    time("receive new", () => {
      for (const set of sets) receive(state, settings, set, START_MS);
    });
    clean(state);
    time("first flush", () => tick(state, settings, START_MS + 30_000));
    clean(state);
    const again = setsOf(count, START_MS + 40_000);
    time("receive steady", () => {
      for (const set of again) receive(state, settings, set, START_MS + 40_000);
    });
    steadyRows = Object.values(state.dirty).reduce((n, s: Set<string>) => n + s.size, 0);
    // The first asks each alert's inhibitors anew, as the set of alerts has changed.
    state.alertsVersion++;
    const nowMs = START_MS + 45_000;
    time("active alerts", () => activeAlerts(state, settings, nowMs));
    time("groups", () => groupViews(state, settings, nowMs));
    time("steady flush", () => tick(state, settings, START_MS + 330_000));
    time("reconfigure", () => reconfigure(state, settings, START_MS + 340_000));
    const posted = emptyState();
    time("post", () =>
      postAlerts(
        posted,
        settings,
        sets.flatMap((s) => s.alerts),
        START_MS,
      ),
    );
  }
  return {
    alerts: state.alerts.size,
    groups: state.groups.size,
    times: [...best].map(([name, ms]) => ({ name, ms })),
    steadyRows,
  };
}

function setsOf(count: number, nowMs: number): FiringSet[] {
  const sets: AlertInstance[][] = Array.from({ length: SOURCES }, () => []);
  for (let i = 0; i < count; i++) (sets[i % SOURCES] as AlertInstance[]).push(instance(i, nowMs));
  return sets.map((alerts, i) => ({
    source: `namespace/group-${i}`,
    generation: nowMs,
    evaluatedAtMs: nowMs,
    alerts,
  }));
}

function instance(i: number, nowMs: number): AlertInstance {
  return {
    labels: labelsOf(i),
    annotations: {
      summary: `Something is wrong with instance ${i}`,
      runbook: "https://example.com",
    },
    startsAtMs: START_MS - 1_000,
    endsAtMs: nowMs + 600_000,
    status: "firing",
    generatorUrl: "https://example.com/graph",
    value: i + nowMs,
  };
}

function labelsOf(i: number): StringMap {
  return {
    alertname: i % 997 === 0 ? "ClusterDown" : `Alert${i % 40}`,
    cluster: `cluster-${i % 23}`,
    env: i % 3 === 0 ? "prod" : "staging",
    instance: `10.0.${i >> 8}.${i & 255}:9100`,
    job: `job-${i % 17}`,
    service: ["api", "web", "db", "cache"][i % 4] as string,
    severity: ["critical", "warning", "info"][i % 7 === 0 ? 0 : 1 + (i % 2)] as string,
    team: `team-${i % 10}`,
  };
}

function addSilences(state: RouterState): void {
  for (let i = 0; i < 200; i++)
    state.silences.set(`s${i}`, {
      id: `s${i}`,
      matchers: [
        { type: "=", name: "instance", value: `10.0.${i % 40}.${i}:9100` },
        { type: "=~", name: "service", value: "api|web" },
      ],
      startsAtMs: START_MS - 1_000,
      endsAtMs: START_MS + 3_600_000,
      createdBy: "",
      comment: "",
      updatedAtMs: START_MS,
    });
}

function clean(state: RouterState): void {
  for (const set of Object.values(state.dirty)) (set as Set<string>).clear();
}
