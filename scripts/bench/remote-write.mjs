// Deterministic remote-write 1.0 loads, the same bytes for every receiver.
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { snappy } from "./snappy.mjs";

const METHODS = ["GET", "POST", "PUT", "DELETE"];
const CODES = ["200", "201", "400", "404", "500"];
// Samples lie off the grid of the step, so that open and closed range boundaries give the same answer.
const OFF_GRID_MS = 3_217;

/** `series` counters of `points` samples at `stepS`, the last before `endS`: what the comparisons with Prometheus are made on. */
export function requestCounters({ series, points, stepS, endS }) {
  return {
    series: Array.from({ length: series }, (_, i) => counterLabels(i)),
    times: Array.from(
      { length: points },
      (_, p) => (endS - (points - 1 - p) * stepS) * 1000 - OFF_GRID_MS,
    ),
    valueOf: counterValue,
  };
}

/** Request bodies per connection, made as they are sent. A series always goes down the same connection, as a sender's shards do. */
export function bodiesOf({ series, times, valueOf }, { batch, connections }) {
  const labels = series.map(encodeLabels);
  return Array.from({ length: connections }, (_, c) =>
    batches(labels, times, valueOf, batch, connections, c),
  );
}

/** Posts every connection's bodies in order; gives seconds and failures. */
export async function send(url, load, headers = {}) {
  let failed = 0;
  const start = performance.now();
  await Promise.all(
    load.map(async (bodies) => {
      for (const body of bodies) {
        const r = await fetch(url, {
          method: "POST",
          body,
          headers: {
            "content-type": "application/x-protobuf",
            "content-encoding": "snappy",
            "x-prometheus-remote-write-version": "0.1.0",
            ...headers,
          },
        });
        if (!r.ok && failed++ === 0) console.error(`  ${r.status} ${await r.text()}`);
        else await r.arrayBuffer();
      }
    }),
  );
  return { seconds: (performance.now() - start) / 1000, failed };
}

/** A load sent and nothing refused, or an error. */
export async function load(url, data, { batch = 2000, connections = 4, headers = {} } = {}) {
  const { failed } = await send(
    `${url}/api/v1/write`,
    bodiesOf(data, { batch, connections }),
    headers,
  );
  if (failed > 0) throw new Error(`${failed} requests of the load were refused`);
}

function* batches(labels, times, valueOf, batch, connections, connection) {
  let writer = new BinaryWriter();
  let n = 0;
  for (let p = 0; p < times.length; p++) {
    for (let i = connection; i < labels.length; i += connections) {
      const value = valueOf(i, p);
      // A series that has no sample at this time.
      if (value === undefined) continue;
      writer.tag(1, 2).fork().raw(labels[i]);
      writer.tag(2, 2).fork().tag(1, 1).double(value).tag(2, 0).int64(times[p]).join();
      writer.join();
      if (++n < batch) continue;
      yield snappy(writer.finish());
      writer = new BinaryWriter();
      n = 0;
    }
  }
  if (n > 0) yield snappy(writer.finish());
}

/** @param pairs name and value, sorted by name */
function encodeLabels(pairs) {
  const w = new BinaryWriter();
  for (const [name, value] of pairs)
    w.tag(1, 2).fork().tag(1, 2).string(name).tag(2, 2).string(value).join();
  return w.finish();
}

function counterLabels(i) {
  return [
    ["__name__", "http_requests_total"],
    ["code", CODES[i % 5]],
    ["instance", `host-${Math.floor(i / 100)}:9100`],
    ["job", "api"],
    ["method", METHODS[i % 4]],
    ["path", `/api/v1/resource/${i % 100}`],
    ["pod", `pod-${i}`],
  ];
}

/** Begins at 0: how a rate is drawn out to the begin of a series that starts above it changed between Prometheus 2 and 3. */
function counterValue(i, p) {
  if (p === 0) return 0;
  return ((i % 7) + 1) * p + ((p * 7 + i * 13) % 1000 > 500 ? 1 : 0);
}
