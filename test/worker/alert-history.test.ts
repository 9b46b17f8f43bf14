import { env, exports } from "cloudflare:workers";
import { expect, it } from "vitest";
import type { AlertChange } from "../../src/alerting/state";
import type { AlertQuery } from "../../src/alerting/history";
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
    (await history.search({ fromMs: 0, toMs: 1_000, limit: 10 })).map((a) => [
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
  expect(
    (await makeAlertHistory(env.DB, "other").search({ fromMs: 0, toMs: 1_000, limit: 10 })).length,
  ).toBe(0);
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

it("keeps how a firing ended and who took it, whatever is told later without it", async () => {
  const taken = { acknowledgedBy: "ada", acknowledgedAtMs: 60 };
  await history.record([{ ...change("H", 50, null), ...taken }]);
  await history.record([{ ...change("H", 50, 70), endedBy: "dismissed", dismissedBy: "bob" }]);
  await history.record([change("H", 50, null)]);
  expect(await history.search({ fromMs: 50, toMs: 51, limit: 10 })).toMatchObject([
    { endedAtMs: 70, endedBy: "dismissed", dismissedBy: "bob", ...taken },
  ]);
});

it("finds by name, severity, labels, status and text, page by page", async () => {
  const rows = Array.from({ length: 7 }, (_, i) => ({
    ...change(`S${i}`, 1_000_000 + Math.floor(i / 2), i === 6 ? null : 2_000_000),
    labels: { alertname: `S${i}`, severity: "high", "a b.c": i % 2 === 0 ? 'x"y' : "z" },
    annotations: { summary: i === 3 ? 'Disk "/" is full' : "else" },
  }));
  await history.record(rows);
  const span = { fromMs: 1_000_000, toMs: 1_000_100 };
  const names = async (q: Partial<AlertQuery>): Promise<(string | undefined)[]> =>
    (await history.search({ ...span, limit: 10, ...q })).map((a) => a.labels["alertname"]);
  expect(await names({ name: "S2" })).toEqual(["S2"]);
  expect(await names({ severity: "low" })).toEqual([]);
  expect(await names({ fingerprint: "f-S4" })).toEqual(["S4"]);
  expect(await names({ labels: { "a b.c": 'x"y' } })).toEqual(["S6", "S4", "S2", "S0"]);
  expect(await names({ labels: { "a b.c": "z", alertname: "S1" } })).toEqual(["S1"]);
  expect(await names({ labels: { "a b.c": "other" } })).toEqual([]);
  expect(await names({ status: "firing" })).toEqual(["S6"]);
  expect(await names({ text: 'disk "/"' })).toEqual(["S3"]);
  expect(await names({ text: "100%_" })).toEqual([]);
  const all: (string | undefined)[] = [];
  let after: { atMs: number; id: string } | undefined;
  for (;;) {
    const page = await history.search({ ...span, limit: 3, ...(after && { after }) });
    all.push(...page.map((a) => a.labels["alertname"]));
    const last = page.at(-1);
    if (last === undefined || page.length < 3) break;
    after = { atMs: last.startsAtMs, id: last.fingerprint };
  }
  expect(all).toEqual(["S6", "S5", "S4", "S3", "S2", "S1", "S0"]);
});

it("answers by API, and refuses a time it cannot read", async () => {
  const get = (query: string): Promise<Response> =>
    exports.default.fetch(`http://vedette.test/api/v1/alerts/history${query}`, {
      headers: { authorization: "Bearer vdt_read_local" },
    });
  const r = await get("?from=0.25&to=0.35");
  expect(await r.json()).toMatchObject({ alerts: [{ startsAtMs: 300 }], totals: { fired: 1 } });
  for (const wrong of [
    "from=soon",
    "label=x",
    "label==x",
    "status=maybe",
    "cursor=%00",
    "cursor=YQ",
  ])
    expect([wrong, (await get(`?${wrong}`)).status]).toEqual([wrong, 400]);
  const first = (await (await get("?from=1000&to=1000.1&limit=5")).json()) as HistoryPage;
  expect(first.alerts.length).toBe(5);
  const second = (await (
    await get(`?from=1000&to=1000.1&limit=5&cursor=${first.next_cursor ?? ""}`)
  ).json()) as HistoryPage;
  expect(second.alerts.map((a) => a.labels["alertname"])).toEqual(["S1", "S0"]);
  expect(second.next_cursor).toBeUndefined();
  const labelled = (await (
    await get("?from=1000&to=1000.1&label=alertname%3DS1&label=a%20b.c%3Dz")
  ).json()) as HistoryPage;
  expect(labelled.alerts.length).toBe(1);
});

interface HistoryPage {
  readonly alerts: readonly { readonly labels: Record<string, string> }[];
  readonly next_cursor?: string;
}
