// What a request of 100 records costs in CPU, over every way in. The process that is measured holds D1's and the
// objects' SQLite too, which on Cloudflare are not the request's.
import { randomBytes, randomUUID } from "node:crypto";
import { cpuSeconds } from "./cpu.mjs";
import { startVedette } from "./processes.mjs";
import { bodiesOf } from "./remote-write.mjs";

const RECORDS = 100;
const REQUESTS = 200;
/** The first compiles the code, other work on the machine slows some: what a request takes is what the quickest took. */
const ROUNDS = 4;
/** Requests at a time; alone, each would wait for a group commit of its own. */
const SENDERS = 4;
/** What a request may take on the free plan (https://developers.cloudflare.com/workers/platform/limits/). */
const AT_MOST_MS = 10;

const JSON_TYPE = { "content-type": "application/json" };

export async function benchIngest(report) {
  for (const way of waysIn()) {
    const vedette = await startVedette();
    try {
      const value = await quickest(vedette.url, way);
      report.add({
        what: `CPU of a request of ${RECORDS} records: ${way.name}`,
        value,
        unit: " ms",
        atMost: AT_MOST_MS,
      });
    } finally {
      await vedette.stop();
    }
  }
}

async function quickest(url, { path, headers = JSON_TYPE, bodies }) {
  const rounds = [];
  for (const round of bodies(Date.now() - ROUNDS * REQUESTS * 1000)) {
    const before = cpuSeconds();
    const waiting = [...round];
    const send = async () => {
      for (let body = waiting.shift(); body !== undefined; body = waiting.shift())
        await post(url + path, headers, body);
    };
    await Promise.all(Array.from({ length: SENDERS }, send));
    rounds.push(((cpuSeconds() - before) * 1000) / round.length);
  }
  return Math.min(...rounds);
}

async function post(url, headers, body) {
  const r = await fetch(url, {
    method: "POST",
    headers: { authorization: "Bearer vdt_ingest_local", ...headers },
    body,
  });
  const text = await r.text();
  if (!r.ok || text.includes("partialSuccess")) throw new Error(`${url}: ${r.status} ${text}`);
}

/** Rounds of bodies a second apart, of which each is told its time in ms. */
function everySecond(make) {
  return (startMs) =>
    times(ROUNDS, (round) =>
      times(REQUESTS, (n) => {
        const made = make(startMs + (round * REQUESTS + n) * 1000);
        return typeof made === "string" ? made : JSON.stringify(made);
      }),
    );
}

function times(n, make) {
  return Array.from({ length: n }, (_, i) => make(i));
}

function waysIn() {
  return [
    {
      name: "remote write",
      path: "/api/v1/write",
      headers: { "content-type": "application/x-protobuf", "content-encoding": "snappy" },
      bodies: remoteWrite,
    },
    { name: "OTLP metrics, delta", path: "/v1/metrics", bodies: everySecond(otlpMetrics) },
    {
      name: "exposition",
      path: "/api/v1/import/prometheus",
      headers: {},
      bodies: everySecond((t) =>
        times(RECORDS, (i) => `cost_text{job="cost",path="/resource/${i}"} ${i} ${t}`).join("\n"),
      ),
    },
    { name: "native metrics", path: "/api/v1/ingest/metrics", bodies: everySecond(nativeMetrics) },
    { name: "native logs", path: "/api/v1/ingest/logs", bodies: everySecond(nativeLogs) },
    { name: "OTLP logs", path: "/v1/logs", bodies: everySecond(otlpLogs) },
    { name: "OTLP traces", path: "/v1/traces", bodies: everySecond(otlpTraces) },
    {
      name: "events with times",
      path: "/api/v1/ingest/events",
      bodies: everySecond(events),
    },
    {
      name: "events without times",
      path: "/api/v1/ingest/events",
      bodies: everySecond(() => events(undefined)),
    },
  ];
}

function remoteWrite(startMs) {
  const load = {
    series: times(RECORDS, (i) => [
      ["__name__", "cost_rw"],
      ["instance", "host-1:9100"],
      ["job", "cost"],
      ["path", `/resource/${i}`],
    ]),
    times: times(ROUNDS * REQUESTS, (n) => startMs + n * 1000),
    valueOf: (i) => i,
  };
  const [bodies] = bodiesOf(load, { batch: RECORDS, connections: 1 });
  const all = [...bodies];
  return times(ROUNDS, (round) => all.slice(round * REQUESTS, (round + 1) * REQUESTS));
}

function nativeMetrics(t) {
  return times(RECORDS, (i) => ({
    name: "cost.native",
    value: i,
    timestamp: t,
    type: "gauge",
    tags: { path: `/resource/${i}` },
  }));
}

function nativeLogs(t) {
  return times(RECORDS, (i) => ({
    timestamp: new Date(t + i).toISOString(),
    level: i % 20 === 0 ? "error" : "info",
    service: `svc-${i % 4}`,
    message: `GET /api/orders/${i} answered 200 in ${i % 97} ms`,
    context: { requestId: randomUUID(), userId: `u-${i}` },
  }));
}

function events(timestamp) {
  return {
    events: times(RECORDS, (i) => ({
      event: `event_${i % 10}`,
      id: randomUUID(),
      timestamp,
      user_id: `user-${randomBytes(2).readUInt16LE() % 5_000}`,
      properties: { plan: "pro", path: `/resource/${i}`, value: i },
    })),
  };
}

function attribute(key, value) {
  return { key, value: { stringValue: value } };
}

function resource() {
  return { attributes: [attribute("service.name", "cost"), attribute("host.name", "host-1")] };
}

function otlpMetrics(t) {
  const dataPoints = times(RECORDS, (i) => ({
    timeUnixNano: `${t}000000`,
    asInt: "1",
    attributes: [attribute("path", `/resource/${i}`)],
  }));
  const sum = { aggregationTemporality: 1, isMonotonic: true, dataPoints };
  return {
    resourceMetrics: [
      { resource: resource(), scopeMetrics: [{ metrics: [{ name: "cost.otlp", sum }] }] },
    ],
  };
}

function otlpLogs(t) {
  const logRecords = times(RECORDS, (i) => ({
    timeUnixNano: `${t + i}000000`,
    severityNumber: 9,
    severityText: "INFO",
    body: { stringValue: `GET /api/orders/${i} answered 200 in ${i % 97} ms` },
    attributes: [attribute("request.id", randomUUID()), attribute("user.id", `u-${i}`)],
    traceId: randomBytes(16).toString("hex"),
    spanId: randomBytes(8).toString("hex"),
  }));
  return { resourceLogs: [{ resource: resource(), scopeLogs: [{ logRecords }] }] };
}

/** Ten traces of ten spans. */
function otlpTraces(t) {
  const spans = times(RECORDS / 10, () => randomBytes(16).toString("hex")).flatMap((traceId) => {
    const root = randomBytes(8).toString("hex");
    return times(10, (i) => ({
      traceId,
      spanId: i === 0 ? root : randomBytes(8).toString("hex"),
      ...(i === 0 ? {} : { parentSpanId: root }),
      name: i === 0 ? "GET /api/orders" : `SELECT ${i}`,
      kind: i === 0 ? 2 : 3,
      startTimeUnixNano: `${t + i}000000`,
      endTimeUnixNano: `${t + i + 7}000000`,
      attributes: [attribute("http.route", "/api/orders/:id"), attribute("db.system", "sqlite")],
    }));
  });
  return { resourceSpans: [{ resource: resource(), scopeSpans: [{ spans }] }] };
}
