import { env, exports } from "cloudflare:workers";
import { expect, it } from "vitest";
import type { AlertChange } from "../../src/alerting/state";
import { makeAlertHistory } from "../../src/storage/alert-history";

const history = makeAlertHistory(env.DB, "default");

function change(
  name: string,
  startsAtMs: number,
  endedAtMs: number | null,
  severity = "high",
): AlertChange {
  return {
    fingerprint: `f-${name}`,
    labels: { alertname: name, severity },
    annotations: { summary: `it's "${name}"` },
    status: endedAtMs === null ? "firing" : "resolved",
    startsAtMs,
    endedAtMs,
    value: 1.5,
  };
}

it("keeps one row a firing, however often it is told, and never opens an ended one again", async () => {
  await history.record([change("A", 100, null), change("B", 200, null, "low")]);
  await history.record([change("A", 100, null)]);
  await history.record([change("A", 100, 150)]);
  await history.record([change("A", 100, null)]);
  await history.record([change("A", 300, null)]);
  expect(
    (await history.list(0, 1_000, 10)).map((a) => [
      a.labels["alertname"],
      a.startsAtMs,
      a.endedAtMs,
    ]),
  ).toEqual([
    ["A", 300, null],
    ["B", 200, null],
    ["A", 100, 150],
  ]);
  expect(await history.totals(0, 1_000)).toEqual({
    fired: 3,
    bySeverity: { high: 2, low: 1 },
    top: [
      { name: "A", count: 2 },
      { name: "B", count: 1 },
    ],
  });
  expect((await makeAlertHistory(env.DB, "other").list(0, 1_000, 10)).length).toBe(0);
});

it("takes a thousand changes in few statements, and deletes only what has ended", async () => {
  const many = Array.from({ length: 1_200 }, (_, i) =>
    change(`M${i}`, 10_000 + i, i % 2 === 0 ? 20_000 : null),
  );
  await history.record(many);
  expect((await history.totals(10_000, 20_000)).fired).toBe(1_200);
  expect(await history.deleteBefore(20_000, 500)).toBe(500);
  expect(await history.deleteBefore(20_000, 500)).toBe(101);
  expect((await history.totals(10_000, 20_000)).fired).toBe(600);
});

it("answers by API, and refuses a time it cannot read", async () => {
  const get = (query: string): Promise<Response> =>
    exports.default.fetch(`http://vedette.test/api/v1/alerts/history${query}`, {
      headers: { authorization: "Bearer vdt_read_local" },
    });
  const r = await get("?from=250&to=350");
  expect(await r.json()).toMatchObject({ alerts: [{ startsAtMs: 300 }], totals: { fired: 1 } });
  expect((await get("?from=soon")).status).toBe(400);
});
