import { describe, expect, it } from "vitest";
import { incidentAlerts } from "../../src/alerting/incident-alerts";
import type { RoutedAlert } from "../../src/alerting/model";
import { notificationData } from "../../src/alerting/notification-data";
import { renderLabelSet } from "../../src/alerting/routing";
import type { Snapshot } from "../../src/alerting/snapshot";
import { jsonBytes } from "../../src/core/stored-size";
import { openIncident, applyAlerts } from "../../src/incidents/lifecycle";
import { pageMessage } from "../../src/incidents/page";

const ROW = 2_000_000;

function alert(i: number, text: string, labels: object = {}): RoutedAlert {
  return {
    fingerprint: i.toString(16).padStart(16, "0"),
    source: "api",
    labels: { alertname: "Flood", instance: `host-${i}`, ...labels },
    annotations: { summary: text },
    status: "firing",
    startsAtMs: 1_000 + i,
    endsAtMs: 2_000,
    generatorUrl: "",
    value: 1,
    heldBackUntilMs: undefined,
    acknowledgedBy: undefined,
    updatedAtMs: 1_000,
  };
}

/** The row of a message that waits: the message within JSON, beside its integration. */
function rowOf(alerts: readonly RoutedAlert[], groupLabels: Readonly<Record<string, string>>) {
  const groupKey = `{}:${renderLabelSet(groupLabels)}`;
  const beside = { id: "r/webhook/0", sealed: "s".repeat(20_000) };
  const data = notificationData(
    { groupKey, receiver: "r", groupLabels, externalUrl: "", reason: "new_alerts", beside },
    alerts,
  );
  const notification = { groupKey, dataJson: JSON.stringify(data) };
  return { data, bytes: jsonBytes({ integration: beside, notification }) };
}

describe("a message fits into a row", () => {
  it.each([
    ["letters of three bytes", "水".repeat(2_000), 2_000],
    ["quotes", '"'.repeat(2_000), 2_000],
    ["control characters", "\u0001".repeat(500), 5_000],
    ["one enormous text", '"\\'.repeat(30_000), 20],
  ])("whose alerts say %s", (_, text, count) => {
    const alerts = Array.from({ length: count }, (_, i) => alert(i, text));
    const { data, bytes } = rowOf(alerts, { alertname: "Flood" });
    expect(bytes).toBeLessThan(ROW);
    expect(data.alerts.length).toBeGreaterThan(0);
    expect(data.alerts.length + data.truncatedAlerts).toBe(count);
  });

  it("whose only alert has labels of the largest size, all of which make the group", () => {
    const labels = { huge: '"'.repeat(65_000) };
    const one = alert(1, "x", labels);
    const { data, bytes } = rowOf([one], one.labels);
    expect(bytes).toBeLessThan(ROW);
    expect(data.alerts).toHaveLength(1);
    expect(data.commonLabels["alertname"]).toBe("Flood");
  });
});

describe("what an incident is told fits into a row", () => {
  const snapshot = {
    group: { key: "{}", labels: {} },
    route: { receiver: "r" },
  } as unknown as Snapshot; // what is looked at
  const told = (alerts: readonly RoutedAlert[], known: readonly string[] = []) =>
    incidentAlerts("p", snapshot, "id", alerts, new Set(known));

  it("all of a group that has room", () => {
    const few = [alert(1, "a"), alert(2, "b")];
    expect(told(few)).toMatchObject({ alerts: [{ fingerprint: few[0]?.fingerprint }, {}] });
    expect(told(few)).not.toHaveProperty("total");
  });

  it("of a flood the worst, what is over and then the first", () => {
    const flood = Array.from({ length: 10_000 }, (_, i) => alert(i, "水".repeat(300)));
    flood[9_000] = alert(9_000, "x", { severity: "critical" });
    flood[9_500] = { ...alert(9_500, "x"), status: "resolved" };
    const change = told(flood, [flood[9_500]?.fingerprint ?? ""]);
    expect(jsonBytes(change)).toBeLessThan(ROW);
    expect(change.total).toBe(10_000);
    const names = change.alerts.map((a) => a.labels["instance"]);
    expect(names.slice(0, 2).toSorted()).toEqual(["host-9000", "host-9999"]);
    expect(names[2]).toBe("host-9500");
    expect(names.slice(3, 5)).toEqual(["host-0", "host-1"]);

    const incident = openIncident(change, {}, 1);
    expect(incident.severity).toBe("critical");
    expect(incident.timeline[0]?.text).toContain("10000 alerts");
    expect(jsonBytes(incident)).toBeLessThan(ROW);
    expect(jsonBytes(pageMessage(incident, PAGE))).toBeLessThan(ROW);
  });

  it("an incident whose alerts are large keeps as many as have room, whatever joins", () => {
    let incident = openIncident(told([alert(0, "x")]), {}, 1);
    for (let i = 1; i < 40; i++) {
      const alerts = Array.from({ length: 20 }, (_, j) => alert(20 * i + j, '"'.repeat(20_000)));
      incident = applyAlerts(incident, told(alerts), i).incident;
      expect(jsonBytes(incident)).toBeLessThan(ROW);
      expect(jsonBytes(pageMessage(incident, PAGE))).toBeLessThan(ROW);
    }
    expect(incident.alerts.length).toBeGreaterThan(10);
  });
});

const PAGE = { id: "p", receiver: "r", integration: "r/webhook/0", externalUrl: "" };
