import { expect, it } from "vitest";
import type { IntegrationRef, Route, RouterConfig } from "../../src/alerting/config";
import { RECEIVER_DOWN, hearersOf } from "../../src/alerting/receiver-alerts";

const ref = (id: string, type: IntegrationRef["type"]): IntegrationRef => ({
  id,
  type,
  sendResolved: true,
});

/** By receiver its integrations; the first receiver is the root's. An alert with a label `to` is routed to that receiver. */
function config(receivers: Readonly<Record<string, readonly IntegrationRef[]>>): RouterConfig {
  const names = Object.keys(receivers);
  const route = (id: string, receiver: string): Route => ({
    id,
    key: "{}",
    receiver,
    groupBy: [],
    matchers: id === "0" ? [] : [{ name: "to", type: "=~", value: `.*${receiver}.*` }],
    continue: true,
    groupWaitMs: 0,
    groupIntervalMs: 1,
    repeatIntervalMs: 1,
    routes: id === "0" ? names.map((n, i) => route(`0/${i}`, n)) : [],
  });
  return {
    resolveTimeoutMs: 300_000,
    route: route("0", names[0] ?? ""),
    receivers: Object.entries(receivers).map(([name, integrations]) => ({ name, integrations })),
    inhibitRules: [],
  };
}

/** Routed by `to`, or by default to the receiver itself. */
const down = (integration: string, to = integration.split("/")[0] ?? "") => ({
  labels: { alertname: RECEIVER_DOWN, integration, to },
});
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
  elsewhere: typeof members = [],
): string[] {
  const active = [...members, ...elsewhere].map((a) => ({ ...a, status: "firing" as const }));
  return hearersOf(c, receiver, members, active).map(
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

it("stays with the routes of the alert where they lead to somebody else", () => {
  const c = config({ root: [ROOT], ops: [X], inbox: [INBOX], else: [ELSEWHERE] });
  expect(heard(c, "ops", [down(X.id, "ops else")])).toEqual([]);
  expect(heard(c, "else", [down(X.id, "ops else")])).toEqual([ELSEWHERE.id]);
});

it("tells of two that are down to whoever else there is, though they are of different groups", () => {
  const c = config({ root: [X, Y], else: [ELSEWHERE] });
  const rest = `${ELSEWHERE.id} (receiver alerts)`;
  expect(heard(c, "root", [down(X.id, "root"), down(Y.id, "root")])).toEqual([X.id, Y.id, rest]);
  expect(heard(c, "root", [down(X.id, "root")])).toEqual([Y.id]);
  expect(heard(c, "root", [down(X.id, "root")], [down(Y.id, "root")])).toEqual([Y.id, rest]);
});

it("tells nobody where there is nobody else", () => {
  expect(heard(config({ root: [X] }), "root", [down(X.id, "root")])).toEqual([]);
});

it("believes a receiver alone that it is down, and nobody who posts the same alert", () => {
  const c = config({ ops: [X], root: [ROOT] });
  const real = { ...down(X.id), source: `receiver/${X.id}` };
  const posted = (i: IntegrationRef) => ({ ...down(i.id), source: "api" });
  expect(heard(c, "ops", [posted(X)])).toEqual([X.id]);
  // Were it believed, nobody would be left to tell of the receiver that is down indeed.
  expect(heard(c, "ops", [real], [posted(ROOT)])).toEqual([`${ROOT.id} (receiver alerts)`]);
});
