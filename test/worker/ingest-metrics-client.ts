import { env, exports } from "cloudflare:workers";
import { renderLabels } from "../../src/core/labels";
import type { Matcher } from "../../src/core/matchers";
import type { MetricMetadata } from "../../src/core/series";
import { bitsOf, isStaleAt } from "../../src/core/stale";
import { makeMetricStore } from "../../src/storage/metric-store";
import { makeObjects } from "../../src/storage/objects";

export const INGEST = { authorization: "Bearer vdt_ingest_local" };

/** A request to the whole Worker. */
export function send(path: string, init: RequestInit = {}): Promise<Response> {
  return exports.default.fetch(`http://vedette.test${path}`, init);
}

export function post(
  path: string,
  body: BodyInit,
  headers: Record<string, string> = {},
): Promise<Response> {
  return send(path, { method: "POST", body, headers: { ...INGEST, ...headers } });
}

const store = () => {
  const objects = makeObjects(env, "default", Date.now);
  return makeMetricStore({ shard: (n) => objects.metricShard(n) });
};

/** Everything stored under a metric name, as `labels time value` lines, sorted. */
export async function stored(
  metric: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<string[]> {
  const matchers: Matcher[] = [
    { type: "=", name: "__name__", value: metric },
    ...Object.entries(labels).map(([name, value]) => ({ type: "=" as const, name, value })),
  ];
  const [series = []] = await store().select([
    { matchers, startMs: 0, endMs: Date.now() + 3_600_000 },
  ]);
  return series
    .flatMap((s) => {
      const bits = bitsOf(s.values);
      return Array.from(
        s.timestamps,
        (t, i) => `${renderLabels(s.labels)} ${t} ${isStaleAt(bits, i) ? "stale" : s.values[i]}`,
      );
    })
    .sort();
}

/** As {@link stored} without the times. */
export async function values(
  metric: string,
  labels?: Readonly<Record<string, string>>,
): Promise<string[]> {
  return (await stored(metric, labels)).map((row) => row.replace(/ \d+ (\S+)$/, " $1"));
}

export function metadata(metric: string): Promise<readonly MetricMetadata[]> {
  return store().metadata(metric, 10);
}

export async function gzip(bytes: Uint8Array | string): Promise<Uint8Array> {
  const stream = new Response(bytes).body?.pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
