import { expect, it } from "vitest";
import { parseRouterConfig } from "../../src/alerting/config-parse";
import { type Explanation, explain } from "../../src/alerting/explain";
import { receive, tick } from "../../src/alerting/router";
import { putSilence } from "../../src/alerting/silence-input";
import {
  type Outcome,
  type RouterSettings,
  type RouterState,
  emptyState,
} from "../../src/alerting/state";
import type { StringMap } from "../../src/core/alerts";

const SECOND = 1_000;
const T0 = Date.UTC(2026, 0, 5, 8, 59);

const parsed = parseRouterConfig(`
route:
  receiver: both
  group_by: [alertname]
  group_wait: 5s
  group_interval: 10s
  repeat_interval: 40s
  routes:
    - matchers: [team="a"]
      receiver: quiet
      continue: true
    - matchers: [team=~"a|b"]
      receiver: both
      group_by: [team]
      mute_time_intervals: [nine]
time_intervals:
  - name: nine
    time_intervals: [{ times: [{ start_time: "09:00", end_time: "09:01" }] }]
inhibit_rules:
  - source_matchers: [severity="critical"]
    target_matchers: [severity="warning"]
    equal: [alertname]
receivers:
  - name: both
    webhook_configs: [{ url: "https://a.example.com" }]
    builtin_configs: [{}]
  - name: quiet
    webhook_configs: [{ url: "https://b.example.com", send_resolved: false }]
`);
if (!parsed.ok)
  throw new Error(`the test's configuration does not parse: ${JSON.stringify(parsed)}`);
const settings: RouterSettings = { projectId: "p", config: parsed.value, externalUrl: "" };

/** A small generator with a seed, so that a failure can be told again (mulberry32). */
function randomOf(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const ALL: readonly StringMap[] = ["X", "Y"].flatMap((alertname) =>
  ["a", "b", "c"].flatMap((team) =>
    ["critical", "warning"].map((severity) => ({ alertname, team, severity })),
  ),
);

it("says beforehand what each flush then decides, for whom, why, and about which alerts", () => {
  let flushes = 0;
  let sent = 0;
  for (let seed = 1; seed <= 60; seed++) {
    const random = randomOf(seed);
    const state = emptyState();
    const since = new Map<StringMap, number>();
    let generation = 0;
    for (let s = 0; s < 180; s++) {
      const now = T0 + s * SECOND;
      const due = [...state.groups.values()].filter((g) => g.nextFlushMs <= now).map((g) => g.id);
      const foretold = foretell(state, now);
      const flushed = tick(state, settings, now);
      for (const id of due) {
        flushes++;
        sent += compare(`seed ${seed}, second ${s}`, id, foretold, flushed);
      }
      if (random() < 0.15) {
        const which = ALL[Math.floor(random() * ALL.length)] as StringMap;
        if (since.has(which)) since.delete(which);
        else since.set(which, now);
      }
      if (random() < 0.02)
        putSilence(
          state,
          {
            matchers: [{ type: "=", name: "team", value: random() < 0.5 ? "a" : "b" }],
            startsAtMs: now,
            endsAtMs: now + 25 * SECOND,
            createdBy: "t",
            comment: "",
          },
          `silence-${s}`,
          now,
        );
      // Every group waits, so that nothing is flushed here.
      receive(
        state,
        settings,
        {
          source: "ns/g",
          generation: ++generation,
          evaluatedAtMs: now,
          alerts: [...since].map(([labels, startsAtMs]) => ({
            labels,
            annotations: {},
            startsAtMs,
            endsAtMs: now + 60 * SECOND,
            status: "firing",
            generatorUrl: "",
            value: 1,
          })),
        },
        now,
      );
    }
  }
  expect(flushes).toBeGreaterThan(1_000);
  expect(sent).toBeGreaterThan(500);
});

/** What is said of every alert that is in a group, by group. */
function foretell(state: RouterState, now: number): ReadonlyMap<string, readonly Explanation[]> {
  const out = new Map<string, readonly Explanation[]>();
  for (const g of state.groups.values())
    out.set(
      g.id,
      [...g.members].flatMap((f) => {
        const alert = state.alerts.get(f);
        return alert === undefined ? [] : [explain(state, settings, alert.labels, now)];
      }),
    );
  return out;
}

function compare(
  where: string,
  groupId: string,
  foretold: ReadonlyMap<string, readonly Explanation[]>,
  flushed: Outcome,
): number {
  const [route = ""] = groupId.split(" ", 1);
  const key = groupId.slice(route.length + 1);
  let sent = 0;
  const told = (foretold.get(groupId) ?? []).map((e) => ({
    fingerprint: e.fingerprint,
    integrations:
      e.routes.find((r) => r.route === route && r.group.key === key)?.integrations ?? [],
  }));
  for (const { integration } of told[0]?.integrations ?? []) {
    const mine = told.map((t) => ({
      fingerprint: t.fingerprint,
      ...t.integrations.find((i) => i.integration === integration),
    }));
    const actual = flushed.log.find(
      (l) => l.integration === integration && l.groupKey === key && l.decision === "sent",
    );
    const place = `${where}: ${groupId} to ${integration}`;
    if (actual === undefined) {
      expect([place, mine.map((m) => m.decision)]).toEqual([place, mine.map(() => "hold")]);
      continue;
    }
    sent++;
    expect([place, mine.map((m) => m.decision)]).toEqual([place, mine.map(() => "send")]);
    expect([place, new Set(mine.map((m) => m.reason))]).toEqual([place, new Set([actual.reason])]);
    const spoken = flushed.intents.find((i) => i.kind === "notify" && i.id === actual.id);
    const data =
      spoken?.kind === "notify"
        ? (JSON.parse(spoken.notification.dataJson) as { alerts: { fingerprint: string }[] })
        : { alerts: [] };
    expect([
      place,
      mine
        .filter((m) => m.includes)
        .map((m) => m.fingerprint)
        .toSorted(),
    ]).toEqual([place, data.alerts.map((a) => a.fingerprint).toSorted()]);
  }
  return sent;
}
