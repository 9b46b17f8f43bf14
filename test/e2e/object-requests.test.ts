import { afterAll, beforeAll, expect, it } from "vitest";
import { type Vedette, startVedette } from "./vedette";

const REQUESTS = 200;
/** One append a request, and what is shared by many: the flush of own metrics, the question whether somebody watches. */
const MOST_PER_THOUSAND = 1_250;

let vedette: Vedette;
beforeAll(async () => {
  vedette = await startVedette();
});
afterAll(async () => {
  await vedette.stop();
});

const JSON_TYPE = { "content-type": "application/json" };
const SIGNALS: readonly (readonly [
  string,
  string,
  Record<string, string>,
  (n: number) => string,
])[] = [
  ["samples", "/api/v1/import/prometheus", {}, (n) => `requests_probe{n="${n % 10}"} ${n}\n`],
  [
    "log lines",
    "/api/v1/ingest/logs",
    JSON_TYPE,
    (n) => JSON.stringify({ level: "info", service: "probe", message: `line ${n}` }),
  ],
  [
    "events",
    "/api/v1/ingest/events",
    JSON_TYPE,
    (n) => JSON.stringify({ event: "probe", user_id: `u${n}` }),
  ],
];

it.each(SIGNALS)(
  `%s: Durable Object requests per 1,000 ingest requests`,
  async (name, path, headers, body) => {
    const before = await objectRequests();
    for (let n = 0; n < REQUESTS; n++) {
      const r = await vedette.fetch(path, {
        method: "POST",
        token: "vdt_ingest_local",
        headers,
        body: body(n),
      });
      expect(r.status).toBeLessThan(300);
      await r.arrayBuffer();
    }
    const after = await objectRequests();
    const perThousand = Object.fromEntries(
      [...after]
        .map(([c, n]) => [c, Math.round(((n - (before.get(c) ?? 0)) / REQUESTS) * 1000)] as const)
        .filter(([, n]) => n > 0),
    );
    console.log(`${name}: per 1,000 ingest requests ${JSON.stringify(perThousand)}`);
    const total = Object.values(perThousand).reduce((a, b) => a + b, 0);
    expect(total).toBeGreaterThan(0);
    expect(total).toBeLessThanOrEqual(MOST_PER_THOUSAND);
  },
);

/** Vedette's own counter, per class. */
async function objectRequests(): Promise<Map<string, number>> {
  const text = await (await vedette.fetch("/metrics", { token: "vdt_read_local" })).text();
  const counts = new Map<string, number>();
  for (const m of text.matchAll(/^vedette_object_requests_total\{class="(\w+)"\} (\d+)$/gm))
    counts.set(m[1] ?? "", Number(m[2]));
  return counts;
}
