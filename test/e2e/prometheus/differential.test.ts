import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Vedette, startVedette } from "../vedette";
import { dataSet, writeRequest } from "./data";
import { type Asked, requests } from "./requests";
import { type PrometheusServer, installed, startPrometheus } from "./server";
import { KNOWN } from "./known-differences";

const END = Math.floor(Date.now() / 60_000) * 60 - 60;
const WRITE = {
  "content-type": "application/x-protobuf",
  "content-encoding": "snappy",
  "x-prometheus-remote-write-version": "0.1.0",
};

// Prometheus is Debian's; where it is not installed there is nothing to compare with.
describe.skipIf(!installed("prometheus"))("the same data and requests as a real Prometheus", () => {
  let vedette: Vedette;
  let prometheus: PrometheusServer;

  beforeAll(async () => {
    [vedette, prometheus] = await Promise.all([startVedette(), startPrometheus("{}\n")]);
    const body = writeRequest(dataSet(END));
    const theirs = await fetch(`${prometheus.url}/api/v1/write`, {
      method: "POST",
      headers: WRITE,
      body,
    });
    expect(theirs.status, await theirs.text()).toBe(204);
    const ours = await vedette.fetch("/api/v1/write", {
      method: "POST",
      headers: WRITE,
      body,
      token: "vdt_ingest_local",
    });
    expect(ours.status, await ours.text()).toBe(204);
  }, 90_000);
  afterAll(async () => {
    await Promise.all([vedette.stop(), prometheus.stop()]);
  });

  it.each(requests(END).map((r) => [titleOf(r), r] as const))("%s", async (title, asked) => {
    const [theirs, ours] = await Promise.all([
      answerOf((path, init) => fetch(prometheus.url + path, init), asked),
      answerOf((path, init) => vedette.fetch(path, { ...init, token: "vdt_read_local" }), asked),
    ]);
    const known = KNOWN.get(title);
    if (known === undefined) return expect(ours).toEqual(theirs);
    // What is listed as different must be so, or the list is out of date.
    expect(ours, known.why).not.toEqual(theirs);
    expect(ours, known.why).toMatchObject(known.ours);
  });
});

function titleOf({ path, params = [], form = false }: Asked): string {
  const shown = params
    .filter(([name]) => !["time", "start", "end", "step"].includes(name) || path === "")
    .map(([k, v]) => `${k}=${v}`);
  const times = params
    .filter(([name]) => ["time", "start", "end", "step"].includes(name))
    .map(([k, v]) => `${k}=${relative(v)}`);
  return `${form ? "POST" : "GET"} ${path} ${[...shown, ...times].join(" ")}`.trim();
}

/** Times as seconds before END, so that titles are the same in every run. */
function relative(v: string): string {
  const n = Number(v);
  return n > 1e9 && n < 1e10 ? `END${n - END === 0 ? "" : n > END ? `+${n - END}` : n - END}` : v;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

async function answerOf(
  send: (path: string, init: RequestInit) => Promise<Response>,
  { path, params = [], form = false, shape = false }: Asked,
): Promise<Answer> {
  const encoded = new URLSearchParams(params.map(([k, v]) => [k, v]));
  const r = await (form
    ? send(`/api/v1/${path}`, { method: "POST", body: encoded })
    : send(`/api/v1/${path}?${encoded}`, {}));
  // Where it timed out depends on who is first.
  const text = (await r.text()).replace(/query timed out in [a-z ]+/, "query timed out");
  const body: unknown = text === "" ? undefined : JSON.parse(text);
  if (shape) return { status: r.status, body: shapeOf(body) };
  const query = params.find(([name]) => name === "query")?.[1] ?? "";
  return {
    status: r.status,
    body: withoutAnnotations(/sort|topk/.test(query) ? body : inOrder(body)),
  };
}

/** Prometheus 2.42 has no annotations. */
function withoutAnnotations(body: unknown): unknown {
  if (typeof body !== "object" || body === null) return body;
  return Object.fromEntries(
    Object.entries(body).filter(([name]) => name !== "warnings" && name !== "infos"),
  );
}

/** A vector has no order but that which its query gives it. */
function inOrder(body: unknown): unknown {
  const { data } = (body ?? {}) as { data?: { resultType?: string; result?: unknown[] } };
  if (data?.resultType !== "vector") return body;
  const result = data.result?.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  return { ...(body as object), data: { ...data, result } };
}

/** The names that 2.42 has, and what kind of value they have. */
function shapeOf(body: unknown): unknown {
  const kind = (v: unknown): unknown => (Array.isArray(v) ? "list" : typeof v);
  const data = (body as { data?: Record<string, unknown> }).data ?? {};
  return Object.fromEntries(
    Object.entries(data)
      .filter(([name]) => SHARED.has(name))
      .map(([name, v]) => [name, kind(v)]),
  );
}

/** Names that both have. */
const SHARED = new Set(
  "version revision branch buildUser buildDate goVersion startTime CWD reloadConfigSuccess lastConfigTime corruptionCount goroutineCount GOMAXPROCS GOGC GODEBUG storageRetention headStats seriesCountByMetricName labelValueCountByLabelName memoryInBytesByLabelName seriesCountByLabelValuePair min max current query.timeout query.lookback-delta query.max-samples storage.tsdb.retention.time web.page-title web.external-url web.enable-admin-api web.enable-lifecycle enable-feature".split(
    " ",
  ),
);
