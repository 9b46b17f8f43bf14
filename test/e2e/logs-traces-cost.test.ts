import { randomBytes, randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Vedette, startVedette } from "./vedette";

const REQUESTS = 200;
/** The first compiles the code, other work on the machine slows some: what a request takes is what the quickest took. */
const ROUNDS = 4;
const RECORDS = 100;
/** What a request may take on the free plan (https://developers.cloudflare.com/workers/platform/limits/). */
const BUDGET_MS = 10;

let vedette: Vedette;
beforeAll(async () => {
  vedette = await startVedette();
});
afterAll(async () => {
  await vedette.stop();
});

/** User and system time of the workerd process so far. Linux counts in hundredths of a second. */
async function cpuMs(): Promise<number> {
  const stat = await readFile(`/proc/${vedette.workerdPid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

const times = <T>(n: number, make: (i: number) => T): T[] =>
  Array.from({ length: n }, (_, i) => make(i));
const attribute = (key: string, value: string): unknown => ({ key, value: { stringValue: value } });
const resource = {
  attributes: [attribute("service.name", "cost"), attribute("host.name", "host-1")],
};

const SIGNALS: readonly (readonly [
  name: string,
  path: string,
  body: (timeMs: number) => unknown,
])[] = [
  [
    "native logs",
    "/api/v1/ingest/logs",
    (t) =>
      times(RECORDS, (i) => ({
        timestamp: new Date(t + i).toISOString(),
        level: i % 20 === 0 ? "error" : "info",
        service: `svc-${i % 4}`,
        message: `GET /api/orders/${i} answered 200 in ${i % 97} ms`,
        context: { requestId: randomUUID(), userId: `u-${i}` },
      })),
  ],
  [
    "OTLP logs",
    "/v1/logs",
    (t) => ({
      resourceLogs: [
        {
          resource,
          scopeLogs: [
            {
              logRecords: times(RECORDS, (i) => ({
                timeUnixNano: `${t + i}000000`,
                severityNumber: 9,
                severityText: "INFO",
                body: { stringValue: `GET /api/orders/${i} answered 200 in ${i % 97} ms` },
                attributes: [attribute("request.id", randomUUID()), attribute("user.id", `u-${i}`)],
                traceId: randomBytes(16).toString("hex"),
                spanId: randomBytes(8).toString("hex"),
              })),
            },
          ],
        },
      ],
    }),
  ],
  [
    "OTLP traces",
    "/v1/traces",
    (t) => ({
      resourceSpans: [
        {
          resource,
          scopeSpans: [
            {
              spans: times(RECORDS / 10, () => randomBytes(16).toString("hex")).flatMap(
                (traceId) => {
                  const root = randomBytes(8).toString("hex");
                  return times(10, (i) => ({
                    traceId,
                    spanId: i === 0 ? root : randomBytes(8).toString("hex"),
                    ...(i === 0 ? {} : { parentSpanId: root }),
                    name: i === 0 ? "GET /api/orders" : `SELECT ${i}`,
                    kind: i === 0 ? 2 : 3,
                    startTimeUnixNano: `${t + i}000000`,
                    endTimeUnixNano: `${t + i + 7}000000`,
                    attributes: [
                      attribute("http.route", "/api/orders/:id"),
                      attribute("db.system", "sqlite"),
                    ],
                  }));
                },
              ),
            },
          ],
        },
      ],
    }),
  ],
];

it.each(SIGNALS)(
  `%s: a request of ${RECORDS} records takes less than ${BUDGET_MS} ms of CPU`,
  async (name, path, make) => {
    const start = Date.now() - ROUNDS * REQUESTS * 1000;
    const rounds: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const bodies = times(REQUESTS, (n) =>
        JSON.stringify(make(start + (round * REQUESTS + n) * 1000)),
      );
      const before = await cpuMs();
      for (const body of bodies) {
        const r = await vedette.fetch(path, {
          method: "POST",
          token: "vdt_ingest_local",
          headers: { "content-type": "application/json" },
          body,
        });
        await r.arrayBuffer();
        expect(r.status).toBe(200);
      }
      rounds.push(((await cpuMs()) - before) / REQUESTS);
    }
    const each = Math.min(...rounds);
    console.log(`${name}: ${each.toFixed(2)} ms of CPU a request`);
    expect(each).toBeLessThan(BUDGET_MS);
  },
);
