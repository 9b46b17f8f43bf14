import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { encodeSnappy, encodeWriteRequest } from "../ingest/remote-write/encode";
import { type Vedette, startVedette } from "./vedette";

const REQUESTS = 1000;
const RECORDS = 100;
/** Requests at a time; alone, each would wait for a group commit of its own. */
const SENDERS = 4;
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

const JSON_TYPE = { "content-type": "application/json" };
const times = <T>(make: (i: number) => T): T[] =>
  Array.from({ length: RECORDS }, (_, i) => make(i));

/** Body `n`: the same hundred series each time, a second further on. */
const DIALECTS: readonly (readonly [
  name: string,
  path: string,
  headers: Record<string, string>,
  body: (timeMs: number) => BodyInit,
])[] = [
  [
    "remote write",
    "/api/v1/write",
    { "content-type": "application/x-protobuf", "content-encoding": "snappy" },
    (t) =>
      encodeSnappy(
        encodeWriteRequest(
          times((i) => ({
            labels: [
              ["__name__", "cost_rw"],
              ["instance", "host-1:9100"],
              ["job", "cost"],
              ["path", `/resource/${i}`],
            ],
            samples: [[t, i]],
          })),
        ),
      ),
  ],
  [
    "OTLP JSON, delta",
    "/v1/metrics",
    JSON_TYPE,
    (t) =>
      JSON.stringify({
        resourceMetrics: [
          {
            resource: { attributes: [{ key: "service.name", value: { stringValue: "cost" } }] },
            scopeMetrics: [
              {
                metrics: [
                  {
                    name: "cost.otlp",
                    sum: {
                      aggregationTemporality: 1,
                      isMonotonic: true,
                      dataPoints: times((i) => ({
                        timeUnixNano: `${t}000000`,
                        asInt: "1",
                        attributes: [{ key: "path", value: { stringValue: `/resource/${i}` } }],
                      })),
                    },
                  },
                ],
              },
            ],
          },
        ],
      }),
  ],
  [
    "exposition",
    "/api/v1/import/prometheus",
    {},
    (t) => times((i) => `cost_text{job="cost",path="/resource/${i}"} ${i} ${t}`).join("\n"),
  ],
  [
    "native",
    "/api/v1/ingest/metrics",
    JSON_TYPE,
    (t) =>
      JSON.stringify(
        times((i) => ({
          name: "cost.native",
          value: i,
          timestamp: t,
          type: "gauge",
          tags: { path: `/resource/${i}` },
        })),
      ),
  ],
];

it.each(DIALECTS)(
  `%s: a request of ${RECORDS} records takes less than ${BUDGET_MS} ms of CPU`,
  async (name, path, headers, body) => {
    const start = Date.now() - 2 * REQUESTS * 1000;
    const bodies = Array.from({ length: REQUESTS }, (_, n) => body(start + n * 1000));
    const before = await cpuMs();
    const send = async (): Promise<void> => {
      for (let b = bodies.shift(); b !== undefined; b = bodies.shift()) {
        const r = await vedette.fetch(path, {
          method: "POST",
          token: "vdt_ingest_local",
          headers,
          body: b,
        });
        expect(await r.text()).not.toContain("partialSuccess");
        expect(r.status).toBeLessThan(300);
      }
    };
    await Promise.all(Array.from({ length: SENDERS }, send));
    const each = ((await cpuMs()) - before) / REQUESTS;
    console.log(`${name}: ${each.toFixed(2)} ms of CPU a request`);
    expect(each).toBeLessThan(BUDGET_MS);
  },
);
