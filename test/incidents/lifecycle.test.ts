import { describe, expect, it } from "vitest";
import type { IncidentAlerts } from "../../src/core/objects";
import { decideEscalation } from "../../src/incidents/escalation";
import {
  applyAlerts,
  applyCommand,
  holdEscalation,
  openIncident,
  severityOf,
} from "../../src/incidents/lifecycle";
import { type Incident, MAX_TIMELINE } from "../../src/incidents/model";
import type { EscalationConfig } from "../../src/incidents/policy";

const MINUTE = 60_000;
const T0 = 1_800_000_000_000;

const policies: EscalationConfig = {
  critical: {
    name: "critical",
    rounds: 2,
    steps: [
      { afterMs: 0, receivers: ["pager"] },
      { afterMs: 15 * MINUTE, receivers: ["lead", "manager"] },
    ],
  },
};

const alert = (name: string, status: "firing" | "resolved" = "firing", severity = "critical") => ({
  fingerprint: name,
  labels: { alertname: name, severity },
  annotations: { summary: `${name} is down` },
  status,
  startsAtMs: T0,
});

const change = (...alerts: IncidentAlerts["alerts"]): IncidentAlerts => ({
  incidentId: "i1",
  projectId: "default",
  groupKey: '{}:{alertname="Api"}',
  receiver: "oncall",
  groupLabels: { alertname: "Api" },
  commonLabels: { alertname: "Api" },
  commonAnnotations: {},
  alerts,
});

/** Lets virtual time run, a minute at a time, and writes down who is notified when. */
function run(
  start: Incident,
  minutes: number,
  at: Readonly<Record<number, (i: Incident, nowMs: number) => Incident>> = {},
): { incident: Incident; sent: string[] } {
  let incident = start;
  const sent: string[] = [];
  for (let m = 0; m <= minutes; m++) {
    const now = T0 + m * MINUTE;
    incident = at[m]?.(incident, now) ?? incident;
    const d = decideEscalation(incident, now);
    if (d.do === "notify") {
      sent.push(`${m}m ${d.step.receivers.join("+")} round ${d.round}`);
      incident = d.incident;
    }
  }
  return { incident, sent };
}

describe("escalation on virtual time", () => {
  it("takes each step once, round after round, until nobody is left", () => {
    const { incident, sent } = run(openIncident(change(alert("Api")), policies, T0), 120);
    expect(sent).toEqual([
      "0m pager round 1",
      "15m lead+manager round 1",
      "30m pager round 2",
      "45m lead+manager round 2",
    ]);
    expect(decideEscalation(incident, T0 + 500 * MINUTE)).toEqual({
      do: "nothing",
      reason: "exhausted",
    });
    expect(incident.timeline.at(-1)?.kind).toBe("escalation_exhausted");
  });

  it("stops when somebody acknowledges", () => {
    const ack = (i: Incident, now: number): Incident => {
      const r = applyCommand(i, { do: "acknowledge" }, "ann", now);
      if (!r.ok) throw new Error(r.error.reason);
      return r.value;
    };
    const { incident, sent } = run(openIncident(change(alert("Api")), policies, T0), 120, {
      10: ack,
    });
    expect(sent).toEqual(["0m pager round 1"]);
    expect(decideEscalation(incident, T0 + 20 * MINUTE)).toEqual({
      do: "nothing",
      reason: "acknowledged",
    });
    expect(incident.acknowledgedBy).toBe("ann");
  });

  it("stands still while maintenance windows hold it, and goes on with the time that was left", () => {
    const { incident, sent } = run(openIncident(change(alert("Api")), policies, T0), 60, {
      5: (i, now) => holdEscalation(i, ["deploy"], now),
      // Told again, or of another window: it goes on to stand still since it did.
      10: (i, now) => holdEscalation(i, ["deploy", "night"], now),
      25: (i, now) => holdEscalation(i, [], now),
    });
    // 15 min after it was opened, and 20 min more of maintenance; the second round a step of 15 min later.
    expect(sent).toEqual(["0m pager round 1", "35m lead+manager round 1", "50m pager round 2"]);
    expect(incident.timeline.map((e) => [e.kind, e.text]).slice(2, 4)).toEqual([
      ["escalation_held", "maintenance: deploy"],
      ["escalation_resumed", "maintenance is over: deploy, night"],
    ]);
    expect(incident.escalation.held).toBeUndefined();
  });

  it("is told once of a hold, and never where it is over", () => {
    const open = openIncident(change(alert("Api")), policies, T0);
    expect(holdEscalation(open, [], T0)).toBe(open);
    const taken = applyCommand(open, { do: "acknowledge" }, "me", T0);
    if (!taken.ok) throw new Error(taken.error.reason);
    expect(holdEscalation(taken.value, ["w"], T0 + MINUTE)).toBe(taken.value);
    const held = holdEscalation(open, ["w"], T0 + MINUTE);
    expect(holdEscalation(held, ["w"], T0 + 2 * MINUTE)).toBe(held);
    expect(decideEscalation(held, T0 + MINUTE)).toEqual({ do: "nothing", reason: "held" });
    const over = applyAlerts(held, change(alert("Api", "resolved")), T0 + 3 * MINUTE).incident;
    expect(holdEscalation(over, [], T0 + 4 * MINUTE)).toBe(over);
    // What was due when it was held is due when it goes on, not before.
    const late = holdEscalation(holdEscalation(open, ["w"], T0 + MINUTE), [], T0 + 5 * MINUTE);
    expect(late.escalation.dueAtMs).toBe(T0 + 5 * MINUTE);
  });

  it("stops when the group resolves, and a late alarm notifies nobody", () => {
    const { incident, sent } = run(openIncident(change(alert("Api")), policies, T0), 60, {
      5: (i, now) => applyAlerts(i, change(alert("Api", "resolved")), now).incident,
    });
    expect(sent).toEqual(["0m pager round 1"]);
    expect(incident).toMatchObject({
      status: "resolved",
      resolvedBy: "vedette",
      resolvedAtMs: T0 + 5 * MINUTE,
    });
    expect(decideEscalation(incident, T0 + 60 * MINUTE)).toEqual({
      do: "nothing",
      reason: "resolved",
    });
  });

  it("measures steps from the round's begin, so that a late alarm delays one step alone", () => {
    const opened = openIncident(change(alert("Api")), policies, T0);
    const late = decideEscalation(opened, T0 + 7 * MINUTE);
    if (late.do !== "notify") throw new Error(late.do);
    expect(decideEscalation(late.incident, T0 + 14 * MINUTE)).toEqual({
      do: "wait",
      untilMs: T0 + 15 * MINUTE,
    });
  });

  it("has nothing to do for a severity without a policy", () => {
    const opened = openIncident(change(alert("Api", "firing", "low")), policies, T0);
    expect(decideEscalation(opened, T0)).toEqual({ do: "nothing", reason: "no_policy" });
  });
});

describe("alerts of the group", () => {
  const opened = openIncident(change(alert("Api")), policies, T0);

  it("join, and the incident stays open while one fires", () => {
    const two = applyAlerts(opened, change(alert("Api"), alert("Db")), T0 + 1);
    expect(two.outcome).toBe("joined");
    const one = applyAlerts(two.incident, change(alert("Api", "resolved"), alert("Db")), T0 + 2);
    expect(one.outcome).toBe("updated");
    expect(one.incident.status).toBe("open");
    const none = applyAlerts(one.incident, change(alert("Db", "resolved")), T0 + 3);
    expect(none.outcome).toBe("resolved");
    expect(none.incident.timeline.map((e) => e.kind)).toEqual([
      "opened",
      "alert_joined",
      "alert_resolved",
      "alert_resolved",
      "resolved",
    ]);
  });

  it("change nothing when they are repeated", () => {
    const again = applyAlerts(opened, change(alert("Api")), T0 + 1);
    expect(again).toEqual({ incident: opened, outcome: "unchanged" });
  });

  it("raise the severity, never lower it", () => {
    const low = openIncident(change(alert("Api", "firing", "warning")), policies, T0);
    expect(low.severity).toBe("medium");
    const high = applyAlerts(low, change(alert("Db", "firing", "critical")), T0 + 1).incident;
    expect(high.severity).toBe("critical");
    expect(applyAlerts(high, change(alert("X", "firing", "info")), T0 + 2).incident.severity).toBe(
      "critical",
    );
  });

  it("leave a resolved incident alone", () => {
    const r = applyCommand(opened, { do: "resolve" }, "ann", T0 + 1);
    if (!r.ok) throw new Error(r.error.reason);
    expect(applyAlerts(r.value, change(alert("Api")), T0 + 2).outcome).toBe("already_resolved");
  });

  it("bound the timeline however long the group flaps", () => {
    let i = opened;
    for (let n = 0; n < 2 * MAX_TIMELINE; n++)
      i = applyAlerts(
        i,
        change(alert("Db", n % 2 === 0 ? "firing" : "resolved"), alert("Api")),
        T0 + n,
      ).incident;
    expect(i.timeline.length).toBe(MAX_TIMELINE);
    expect(i.timeline[0]?.kind).toBe("opened");
  });
});

describe("commands", () => {
  const opened = openIncident(change(alert("Api")), policies, T0);

  it("carry the author into the timeline", () => {
    const assigned = applyCommand(opened, { do: "assign", assignee: "bob" }, "ann", T0 + 1);
    if (!assigned.ok) throw new Error(assigned.error.reason);
    expect(assigned.value.assignee).toBe("bob");
    expect(assigned.value.timeline.at(-1)).toEqual({
      atMs: T0 + 1,
      author: "ann",
      kind: "assigned",
      text: "to bob",
    });
  });

  it("are refused by name", () => {
    const acked = applyCommand(opened, { do: "acknowledge" }, "ann", T0 + 1);
    if (!acked.ok) throw new Error(acked.error.reason);
    expect(applyCommand(acked.value, { do: "acknowledge" }, "bob", T0 + 2)).toEqual({
      ok: false,
      error: { reason: "already_acknowledged", by: "ann" },
    });
    const done = applyCommand(acked.value, { do: "resolve", note: "fixed" }, "ann", T0 + 3);
    if (!done.ok) throw new Error(done.error.reason);
    expect(applyCommand(done.value, { do: "assign", assignee: "bob" }, "ann", T0 + 4)).toEqual({
      ok: false,
      error: { reason: "already_resolved" },
    });
    expect(
      applyCommand(done.value, { do: "note", text: "post-mortem follows" }, "ann", T0 + 5).ok,
    ).toBe(true);
  });
});

it.each([
  ["critical", "critical"],
  ["page", "critical"],
  ["high", "high"],
  ["warning", "medium"],
  ["info", "low"],
  [undefined, "medium"],
])("severity label %s is %s", (label, severity) => {
  expect(severityOf(label)).toBe(severity);
});
