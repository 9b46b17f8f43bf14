// A deterministic remote-write 1.0 load, the same bytes for every receiver.
import { BinaryWriter } from "@bufbuild/protobuf/wire";

const METHODS = ["GET", "POST", "PUT", "DELETE"];
const CODES = ["200", "201", "400", "404", "500"];
// Samples lie off the grid of the step, so that open and closed range boundaries give the same answer.
const OFF_GRID_MS = 3_217;

/** Request bodies (snappy blocks) per connection: `series` × `points` samples at `stepS`, the last before `endS`. */
export function makeLoad({ series, points, stepS, batch, connections, endS }) {
  const labels = Array.from({ length: series }, (_, i) => labelsOf(i));
  return Array.from({ length: connections }, (_, c) => {
    const bodies = [];
    let writer = new BinaryWriter();
    let n = 0;
    const flush = () => {
      if (n === 0) return;
      bodies.push(snappyLiteral(writer.finish()));
      writer = new BinaryWriter();
      n = 0;
    };
    for (let p = 0; p < points; p++) {
      for (let i = c; i < series; i += connections) {
        const timeMs = (endS - (points - 1 - p) * stepS) * 1000 - OFF_GRID_MS;
        writer.tag(1, 2).fork().raw(labels[i]);
        writer.tag(2, 2).fork().tag(1, 1).double(valueOf(i, p)).tag(2, 0).int64(timeMs).join();
        writer.join();
        if (++n === batch) flush();
      }
    }
    flush();
    return bodies;
  });
}

/** Posts every connection's bodies in order; gives seconds and failures. */
export async function send(url, load, headers) {
  let failed = 0;
  const start = performance.now();
  await Promise.all(
    load.map(async (bodies) => {
      for (const body of bodies) {
        const r = await fetch(url, {
          method: "POST",
          body,
          headers: { "content-type": "application/x-protobuf", "content-encoding": "snappy", "x-prometheus-remote-write-version": "0.1.0", ...headers },
        });
        if (!r.ok) failed++;
        await r.arrayBuffer();
      }
    }),
  );
  return { seconds: (performance.now() - start) / 1000, failed };
}

function labelsOf(i) {
  const pairs = [
    ["__name__", "http_requests_total"],
    ["code", CODES[i % 5]],
    ["instance", `host-${Math.floor(i / 100)}:9100`],
    ["job", "api"],
    ["method", METHODS[i % 4]],
    ["path", `/api/v1/resource/${i % 100}`],
    ["pod", `pod-${i}`],
  ];
  const w = new BinaryWriter();
  for (const [name, value] of pairs) w.tag(1, 2).fork().tag(1, 2).string(name).tag(2, 2).string(value).join();
  return w.finish();
}

/** Begins at 0: how a rate is drawn out to the begin of a series that starts above it changed between Prometheus 2 and 3. */
function valueOf(i, p) {
  if (p === 0) return 0;
  return ((i % 7) + 1) * p + ((p * 7 + i * 13) % 1000 > 500 ? 1 : 0);
}

/** A snappy block of literals alone: valid, and the same work to send for everyone (google/snappy format_description.txt). */
function snappyLiteral(bytes) {
  const parts = [];
  const head = [];
  for (let n = bytes.length; ; n = Math.floor(n / 128)) {
    if (n < 128) {
      head.push(n);
      break;
    }
    head.push((n % 128) | 128);
  }
  parts.push(Uint8Array.from(head));
  for (let at = 0; at < bytes.length; at += 65_536) {
    const chunk = bytes.subarray(at, at + 65_536);
    const n = chunk.length - 1;
    parts.push(Uint8Array.from([61 << 2, n & 255, n >> 8]), chunk);
  }
  return Buffer.concat(parts);
}
