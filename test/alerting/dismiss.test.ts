import { expect, it } from "vitest";
import { parseRouterConfig } from "../../src/alerting/config-parse";
import { byHand } from "../../src/alerting/by-hand";
import { fnv64 } from "../../src/alerting/fingerprint";
import { postAlerts } from "../../src/alerting/post";
import { receive, tick } from "../../src/alerting/router";
import {
  type RouterSettings,
  type RouterState,
  emptyOutcome,
  emptyState,
} from "../../src/alerting/state";
import type { HandAction, HandAnswer } from "../../src/alerting/by-hand";
import type { StringMap } from "../../src/core/alerts";

const MINUTE = 60_000;
const T0 = Date.UTC(2026, 0, 1);
const at = (minutes: number): number => T0 + minutes * MINUTE;

const parsed = parseRouterConfig(
  `route: { receiver: r, group_by: [alertname], group_wait: 0s, group_interval: 1m }
receivers: [{ name: r, builtin_configs: [{}] }]`,
);
if (!parsed.ok) throw new Error("the test's configuration does not parse");
const settings: RouterSettings = {
  projectId: "p",
  config: parsed.value,
  externalUrl: "",
};

let generation = 0;
function rule(state: RouterState, now: number, ...alerts: (readonly [string, number])[]) {
  return receive(
    state,
    settings,
    {
      source: "ns/g",
      generation: ++generation,
      evaluatedAtMs: now,
      alerts: alerts.map(([alertname, startsAtMs]) => ({
        labels: { alertname },
        annotations: {},
        startsAtMs,
        endsAtMs: now + 4 * MINUTE,
        status: "firing",
        generatorUrl: "",
        value: 1,
      })),
    },
    now,
  );
}

function act(
  state: RouterState,
  action: HandAction,
  now: number,
  name = "A",
  groupLabels: StringMap = { alertname: name },
): { readonly answer: HandAnswer; readonly changes: readonly object[] } {
  const out = emptyOutcome();
  const to = {
    receiver: "r",
    group: fnv64(`{}:{alertname="${name}"}`),
    groupLabels,
    fingerprints: [],
  };
  const answer = byHand(state, settings, { to, action, by: "link of r" }, "id", now, out);
  return { answer, changes: out.changes };
}

const firing = (state: RouterState): (string | undefined)[] =>
  [...state.alerts.values()].filter((a) => a.status === "firing").map((a) => a.labels["alertname"]);

it("ends an alert until its source resolves it and it fires anew; receivers hear both", () => {
  const state = emptyState();
  rule(state, at(0), ["A", at(0)], ["B", at(0)]);
  const { answer, changes } = act(state, { do: "resolve" }, at(1));
  expect(answer.outcome).toEqual({ did: "resolved", alerts: 1 });
  expect(changes).toMatchObject([
    { endedBy: "dismissed", dismissedBy: "link of r", endedAtMs: at(1) },
  ]);
  const told = tick(state, settings, at(2));
  expect(told.log).toMatchObject([{ reason: "all_resolved", decision: "sent" }]);
  for (let m = 2; m < 60; m++) {
    const out = rule(state, at(m), ["A", at(0)], ["B", at(0)]);
    expect(out.changes).toEqual([]);
    expect(firing(state)).toEqual(["B"]);
  }
  // What goes on writes nothing.
  for (const set of Object.values(state.dirty)) (set as Set<string>).clear();
  rule(state, at(60), ["A", at(0)], ["B", at(0)]);
  expect(Object.values(state.dirty).every((s: Set<string>) => s.size === 0)).toBe(true);
  rule(state, at(61), ["B", at(0)]);
  expect(state.dismissed.size).toBe(0);
  const anew = rule(state, at(62), ["A", at(62)], ["B", at(0)]);
  expect(anew.changes).toMatchObject([{ status: "firing", startsAtMs: at(62) }]);
  expect(anew.log).toMatchObject([{ reason: "new_alerts" }]);
});

it("lets an alert fire whose resolution was missed", () => {
  const state = emptyState();
  rule(state, at(0), ["A", at(0)]);
  act(state, { do: "resolve" }, at(1));
  rule(state, at(2), ["A", at(0)]);
  expect(firing(state)).toEqual([]);
  rule(state, at(3), ["A", at(2)]);
  expect(firing(state)).toEqual(["A"]);
});

it("holds posted alerts, with a beginning and without, until they end", () => {
  const state = emptyState();
  const post = (now: number, more: object): void => {
    postAlerts(
      state,
      settings,
      [{ labels: { alertname: "A" }, annotations: {}, generatorUrl: "", ...more }],
      now,
    );
  };
  post(at(0), { startsAtMs: at(0), endsAtMs: at(4) });
  act(state, { do: "resolve" }, at(1));
  post(at(2), { startsAtMs: at(0), endsAtMs: at(6) });
  expect(firing(state)).toEqual([]);
  post(at(3), { endsAtMs: at(7) });
  expect(firing(state)).toEqual([]);
  post(at(4), { startsAtMs: at(0), endsAtMs: at(4) });
  post(at(5), { startsAtMs: at(5), endsAtMs: at(9) });
  expect(firing(state)).toEqual(["A"]);
});

it("forgets a dismissal a day after its source fell silent", () => {
  const state = emptyState();
  rule(state, at(0), ["A", at(0)]);
  act(state, { do: "resolve" }, at(1));
  tick(state, settings, at(60));
  expect(state.dismissed.size).toBe(1);
  tick(state, settings, at(60 * 24 + 10));
  expect(state.dismissed.size).toBe(0);
});

it("acknowledges and silences a group, and says where there is nothing to do it to", () => {
  const state = emptyState();
  expect(act(state, { do: "acknowledge" }, at(0)).answer.outcome).toEqual({
    did: "nothing",
    reason: "nothing_fires",
  });
  rule(state, at(0), ["A", at(0)]);
  expect(act(state, { do: "look" }, at(0))).toMatchObject({
    answer: { alerts: [{ name: "A" }], outcome: { reason: "looked" } },
    changes: [],
  });
  expect(act(state, { do: "acknowledge" }, at(1)).changes).toMatchObject([
    { status: "firing", acknowledgedBy: "link of r", acknowledgedAtMs: at(1) },
  ]);
  const silenced = act(state, { do: "silence", forMs: 4 * 60 * MINUTE }, at(2)).answer.outcome;
  expect(silenced).toMatchObject({
    did: "silenced",
    silence: { matchers: [{ name: "alertname", value: "A", type: "=" }], endsAtMs: at(242) },
  });
});
