import { describe, expect, it } from "vitest";
import type { RouterConfig } from "../../src/alerting/config";
import { parseRouterConfig } from "../../src/alerting/config-parse";
import { receive, reconfigure, tick } from "../../src/alerting/router";
import { type Outcome, type RouterState, emptyState } from "../../src/alerting/state";
import type { FiringSet } from "../../src/core/alerts";

const T0 = 1_800_000_000_000;
const MINUTE = 60_000;

function config(groupBy: string, receiver = "grave"): RouterConfig {
  const parsed = parseRouterConfig(`
route: {receiver: ${receiver}, group_by: [${groupBy}], group_wait: 0s, group_interval: 1m, repeat_interval: 4h}
receivers:
  - name: grave
    webhook_configs: [{url: "https://example.com/"}]
    incident_configs: [{}]
  - name: quiet
    webhook_configs: [{url: "https://example.com/"}]
`);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

const settings = (c: RouterConfig) => ({ projectId: "p", config: c, externalUrl: "" });

const set = (atMs: number, ...names: string[]): FiringSet => ({
  source: "s",
  generation: atMs,
  evaluatedAtMs: atMs,
  alerts: names.map((n) => ({
    labels: { alertname: n, job: "api" },
    annotations: {},
    startsAtMs: T0,
    endsAtMs: atMs + 60 * MINUTE,
    status: "firing",
    generatorUrl: "",
    value: 1,
  })),
});

const incidents = (o: Outcome) =>
  o.intents.flatMap((i) =>
    i.kind === "incident"
      ? [`${i.change.incidentId} ${i.change.alerts.map((a) => a.status).join()}`]
      : [],
  );

function opened(c: RouterConfig): { state: RouterState; id: string } {
  const state = emptyState();
  const out = receive(state, settings(c), set(T0, "A"), T0);
  const id = (incidents(out)[0] ?? "").split(" ")[0] ?? "";
  expect(incidents(out)).toEqual([`${id} firing`]);
  return { state, id };
}

describe("an incident whose group a new configuration dissolves", () => {
  it("goes on with the group that its alerts are in now, and ends with it", () => {
    const { state, id } = opened(config("alertname"));
    const next = settings(config("job"));
    expect(incidents(reconfigure(state, next, T0 + MINUTE))).toEqual([]);
    const last = receive(state, next, set(T0 + 2 * MINUTE), T0 + 2 * MINUTE);
    expect(incidents(last)).toEqual([`${id} resolved`]);
  });

  it("ends where no route leads its alerts to an incident any more", () => {
    const { state, id } = opened(config("alertname"));
    const next = settings(config("alertname", "quiet"));
    expect(incidents(reconfigure(state, next, T0 + MINUTE))).toEqual([`${id} resolved`]);
    expect([...state.told.values()].filter((t) => t.incidentId !== undefined)).toEqual([]);
  });
});

describe("an alert that resolves under a silence", () => {
  it("is told when it fires again", () => {
    const c = settings(config("job"));
    const { state } = opened(config("job"));
    state.silences.set("x", {
      id: "x",
      matchers: [{ type: "=", name: "alertname", value: "A" }],
      startsAtMs: T0 + 1,
      endsAtMs: T0 + 10 * MINUTE,
      createdBy: "",
      comment: "",
      updatedAtMs: T0,
    });
    receive(state, c, set(T0 + 2 * MINUTE), T0 + 2 * MINUTE);
    tick(state, c, T0 + 5 * MINUTE);
    const again = receive(state, c, set(T0 + 20 * MINUTE, "A"), T0 + 20 * MINUTE);
    expect(again.intents.filter((i) => i.kind === "notify")).toHaveLength(1);
  });
});
