import { afterAll, beforeAll, expect, it } from "vitest";
import { type Vedette, eventually, startVedette } from "./vedette";

let vedette: Vedette;

beforeAll(async () => {
  vedette = await startVedette();
});

afterAll(async () => {
  await vedette.stop();
});

const GROUP = `groups:
- name: rooms
  interval: 1s
  rules:
  - record: room:temperature:max
    expr: max by (room) (temperature)
  - alert: Hot
    expr: room:temperature:max > 80
    for: 2s
    labels: { severity: warning }
  - alert: Warm
    expr: avg by (room) (temperature) > 60
    annotations: { summary: "{{ $labels.room }} has {{ $value }}" }
`;

interface Past {
  readonly labels: Record<string, string>;
  readonly startsAtMs: number;
  readonly endedAtMs: number | null;
}

interface Answer {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert: string;
      readonly ran_since: string | null;
      readonly alerts: readonly {
        readonly labels: Record<string, string>;
        readonly fired_at: string | null;
        readonly ended_at: string | null;
      }[];
    }[];
  }[];
  readonly notifications: { readonly count: number };
}

async function send(room: string, value: number, stampMs: number): Promise<void> {
  const sent = await vedette.fetch("/api/v1/import/prometheus", {
    method: "POST",
    token: "vdt_ingest_local",
    body: `temperature{room="${room}"} ${value} ${stampMs}\n`,
  });
  expect(sent.status).toBe(204);
}

async function backTest(query: string, body: string): Promise<Answer> {
  const r = await vedette.fetch(`/api/v1/rules/backtest?${query}`, {
    method: "POST",
    token: "vdt_read_local",
    headers: { "content-type": "application/yaml" },
    body,
  });
  expect(r.status, await r.clone().text()).toBe(200);
  return (await r.json()) as Answer;
}

function fired(answer: Answer) {
  return (answer.groups[0]?.rules ?? []).flatMap((r) =>
    r.alerts.map((a) => ({ ...a, alert: r.alert })).filter((a) => a.fired_at !== null),
  );
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

it("gives exactly the stored history where the rules really ran", async () => {
  const from = Date.now() - 60_000;
  const put = await vedette.fetch("/config/v1/rules/house", {
    method: "PUT",
    token: "vdt_admin_local",
    headers: { "content-type": "application/yaml" },
    body: GROUP,
  });
  expect(put.status).toBe(202);
  // Two rooms that change at odd moments; every third sample arrives later than it is stamped.
  const values = [20, 70, 90, 90, 65, 20, 90, 90, 90, 20, 70, 20];
  for (const [i, value] of values.entries()) {
    await sleep(1_370);
    const late = i % 3 === 0 ? 900 : 0;
    await send("a", value, Date.now() - late);
    await send("b", values[(i + 5) % values.length] ?? 0, Date.now());
  }
  await send("a", 0, Date.now());
  await send("b", 0, Date.now());
  const history = await eventually("every alert has ended", async () => {
    const r = await vedette.fetch("/api/v1/alerts/history?limit=200", { token: "vdt_read_local" });
    const { alerts } = (await r.json()) as { alerts: Past[] };
    return alerts.length > 0 && alerts.every((a) => a.endedAtMs !== null) ? alerts : undefined;
  });
  const stored = history
    .map((a) => `${a.labels["alertname"]} ${a.labels["room"]} ${a.startsAtMs} ${a.endedAtMs}`)
    .toSorted();
  expect(stored.length).toBeGreaterThan(5);

  // The router is told first: what the last evaluation recorded may follow the history by a moment.
  const tested = await eventually("the last evaluation is on record", async () => {
    const answer = await backTest(`from=${from}&namespace=house`, GROUP);
    return fired(answer).every((a) => a.ended_at !== null) ? answer : undefined;
  });
  const told = fired(tested)
    .map(
      (a) =>
        `${a.alert} ${a.labels["room"]} ${Date.parse(a.fired_at ?? "")} ${Date.parse(a.ended_at ?? "")}`,
    )
    .toSorted();
  expect(told).toEqual(stored);
  expect(tested.groups[0]?.rules.every((r) => r.ran_since !== null)).toBe(true);
  expect(tested.notifications.count).toBeGreaterThan(0);

  // A rule that is not stored is evaluated on the grid, and nothing of it stays.
  const draft = await backTest(
    `from=${from}&step=1s`,
    `alert: Draft\nexpr: temperature{room="a"} > 80\n`,
  );
  const [rule] = draft.groups[0]?.rules ?? [];
  expect(rule?.ran_since).toBeNull();
  const peaks = (rule?.alerts ?? []).filter((a) => a.fired_at !== null);
  expect(peaks).toHaveLength(2);
  const active = await vedette.fetch("/api/v1/rules", { token: "vdt_read_local" });
  expect(await active.text()).not.toContain("Draft");
});
