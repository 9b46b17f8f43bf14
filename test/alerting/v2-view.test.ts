import { expect, it } from "vitest";
import { parseRouterConfig } from "../../src/alerting/config-parse";
import { postAlerts } from "../../src/alerting/post";
import { type RouterSettings, emptyState } from "../../src/alerting/state";
import { alertsJson, groupsJson } from "../../src/alerting/v2-view";
import type { PostedAlert } from "../../src/core/alerts";

const NOW = Date.UTC(2026, 0, 1);
const ALL = { active: true, silenced: true, inhibited: true, muted: true };
const FILTER = { ...ALL, matchers: [], receiverMatchers: [] };

const parsed = parseRouterConfig("route: { receiver: a }\nreceivers: [{ name: a }]\n");
if (!parsed.ok) throw new Error(parsed.error.message);
const settings: RouterSettings = { projectId: "p", config: parsed.value, externalUrl: "http://v" };

const FIRST: PostedAlert = {
  labels: { alertname: "A", quote: '"</script>' },
  annotations: { summary: "one" },
  generatorUrl: "http://g/1",
  startsAtMs: NOW - 60_000,
  endsAtMs: NOW + 60_000,
};

it.each<[string, Partial<PostedAlert>, object]>([
  ["its texts", { annotations: { summary: "two" } }, { annotations: { summary: "two" } }],
  ["its address", { generatorUrl: "http://g/2" }, { generatorURL: "http://g/2" }],
  ["its beginning", { startsAtMs: NOW - 120_000 }, { startsAt: "2025-12-31T23:58:00.000Z" }],
  ["its end", { endsAtMs: NOW + 120_000 }, { endsAt: "2026-01-01T00:02:00.000Z" }],
  ["nothing but when it was heard of", {}, { updatedAt: "2026-01-01T00:00:01.000Z" }],
])("lists an alert with what its last post changed: %s", (_, change, shown) => {
  const state = emptyState();
  const list = (nowMs: number): unknown[] => {
    const alerts = JSON.parse(alertsJson(state, settings, FILTER, nowMs)) as unknown[];
    const [group] = JSON.parse(groupsJson(state, settings, FILTER, nowMs)) as { alerts: unknown }[];
    expect(group?.alerts).toEqual(alerts);
    return alerts;
  };
  postAlerts(state, settings, [FIRST], NOW);
  const before = {
    labels: FIRST.labels,
    annotations: { summary: "one" },
    generatorURL: "http://g/1",
    startsAt: "2025-12-31T23:59:00.000Z",
    endsAt: "2026-01-01T00:01:00.000Z",
    updatedAt: "2026-01-01T00:00:00.000Z",
    receivers: [{ name: "a" }],
    status: { inhibitedBy: [], mutedBy: [], silencedBy: [], state: "active" },
  };
  expect(list(NOW)).toMatchObject([before]);
  postAlerts(state, settings, [{ ...FIRST, ...change }], NOW + 1_000);
  const after = { ...before, updatedAt: "2026-01-01T00:00:01.000Z", ...shown };
  expect(list(NOW + 1_000)).toMatchObject([after]);
});

it("lists nothing as empty lists", () => {
  expect(alertsJson(emptyState(), settings, FILTER, NOW)).toBe("[]");
  expect(groupsJson(emptyState(), settings, FILTER, NOW)).toBe("[]");
});
