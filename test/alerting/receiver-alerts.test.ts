import { expect, it } from "vitest";
import type { IntegrationRef, RouterConfig } from "../../src/alerting/config";
import { RECEIVER_DOWN, hearersOf } from "../../src/alerting/receiver-alerts";

const ref = (id: string, type: IntegrationRef["type"]): IntegrationRef => ({
  id,
  type,
  sendResolved: true,
});

/** By receiver its integrations; the first receiver is the root's. */
function config(receivers: Readonly<Record<string, readonly IntegrationRef[]>>): RouterConfig {
  return {
    resolveTimeoutMs: 300_000,
    route: {
      id: "0",
      key: "{}",
      receiver: Object.keys(receivers)[0] ?? "",
      groupBy: [],
      matchers: [],
      continue: false,
      groupWaitMs: 0,
      groupIntervalMs: 1,
      repeatIntervalMs: 1,
      routes: [],
    },
    receivers: Object.entries(receivers).map(([name, integrations]) => ({ name, integrations })),
    inhibitRules: [],
  };
}

const down = (integration: string) => ({ labels: { alertname: RECEIVER_DOWN, integration } });
const other = { labels: { alertname: "Other" } };
const X = ref("ops/slack/0", "slack");
const Y = ref("ops/pagerduty/1", "pagerduty");
const ROOT = ref("root/email/0", "email");
const INBOX = ref("inbox/builtin/0", "builtin");
const INCIDENT = ref("inbox/incident/1", "incident");
const ELSEWHERE = ref("else/webhook/0", "webhook");

function heard(
  c: RouterConfig,
  receiver: string,
  members: readonly { readonly labels: Readonly<Record<string, string>> }[],
): string[] {
  return hearersOf(c, receiver, members).map(
    (h) => `${h.integration.id}${h.hears === "group" ? "" : " (receiver alerts)"}`,
  );
}

it("tells a receiver's own integrations of every other alert", () => {
  const c = config({ ops: [X, Y], root: [ROOT] });
  expect(heard(c, "ops", [other])).toEqual([X.id, Y.id]);
  expect(heard(c, "nobody", [other])).toEqual([]);
});

it("tells of a receiver that is down through the others of the route", () => {
  const c = config({ root: [ROOT], ops: [X, Y], inbox: [INBOX] });
  expect(heard(c, "ops", [down(X.id)])).toEqual([Y.id]);
  expect(heard(c, "root", [down(X.id)])).toEqual([ROOT.id]);
  // Beside other alerts the group is still told to it, which must hear of those.
  expect(heard(c, "ops", [down(X.id), other])).toEqual([X.id, Y.id]);
});

it("goes further where the route leads to nobody but what is down", () => {
  const c = config({ root: [ROOT], ops: [X], inbox: [INBOX, INCIDENT], else: [ELSEWHERE] });
  const near = [ROOT, INBOX, INCIDENT].map((i) => `${i.id} (receiver alerts)`);
  expect(heard(c, "ops", [down(X.id)])).toEqual(near);
  expect(heard(c, "ops", [down(X.id), other])).toEqual([X.id, ...near]);
  expect(heard(c, "root", [down(ROOT.id)])).toEqual([
    `${INBOX.id} (receiver alerts)`,
    `${INCIDENT.id} (receiver alerts)`,
  ]);
});

it("tells of two that are down to each other, and to whoever else there is", () => {
  const c = config({ root: [X, Y], else: [ELSEWHERE] });
  expect(heard(c, "root", [down(X.id), down(Y.id)])).toEqual([
    X.id,
    Y.id,
    `${ELSEWHERE.id} (receiver alerts)`,
  ]);
});

it("tells nobody where there is nobody else", () => {
  expect(heard(config({ root: [X] }), "root", [down(X.id)])).toEqual([]);
});
