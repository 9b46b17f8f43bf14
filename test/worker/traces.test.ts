import { exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";

const ORIGIN = "http://vedette.test";
const auth = { authorization: "Bearer vdt_admin_local" };

async function post(body: unknown): Promise<Response> {
  return await exports.default.fetch(`${ORIGIN}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/json", ...auth },
    body: JSON.stringify(body),
  });
}

async function get<T>(path: string, status = 200): Promise<T> {
  const r = await exports.default.fetch(`${ORIGIN}${path}`, { headers: auth });
  expect(r.status, await r.clone().text()).toBe(status);
  return await r.json();
}

interface Trace {
  readonly spans: readonly {
    readonly span_id: string;
    readonly name: string;
    readonly attributes: Record<string, unknown>;
  }[];
}
interface List {
  readonly traces: readonly Record<string, unknown>[];
  readonly truncated?: unknown;
}

const TRACE = "5b8efff798038103d269b633813fc60c";
const start = Date.now() - 10_000;

function ns(offsetMs: number): string {
  return `${start + offsetMs}000000`;
}

function request(service: string, spans: readonly Record<string, unknown>[]): unknown {
  return {
    resourceSpans: [
      {
        resource: { attributes: [{ key: "service.name", value: { stringValue: service } }] },
        scopeSpans: [{ scope: { name: "t" }, spans }],
      },
    ],
  };
}

describe("traces over several requests", () => {
  it("are one trace, and their summary is right whichever part comes first", async () => {
    const child = {
      traceId: TRACE,
      spanId: "00f067aa0ba902b8",
      parentSpanId: "00f067aa0ba902b7",
      name: "charge card",
      kind: 3,
      startTimeUnixNano: ns(20),
      endTimeUnixNano: ns(180),
      status: { code: 2, message: "declined" },
      attributes: [
        { key: "http.request.header.authorization", value: { stringValue: "Bearer abcdefghijkl" } },
      ],
    };
    const root = {
      traceId: TRACE,
      spanId: "00f067aa0ba902b7",
      name: "POST /checkout",
      kind: 2,
      startTimeUnixNano: ns(0),
      endTimeUnixNano: ns(200),
    };
    expect((await post(request("payments", [child]))).status).toBe(200);
    expect((await post(request("shop", [root]))).status).toBe(200);
    // A repeat and a copy in another batch change nothing.
    expect((await post(request("shop", [root]))).status).toBe(200);

    const trace = await get<Trace>(`/api/v1/traces/${TRACE}`);
    expect(trace.spans.map((s) => s.name)).toEqual(["POST /checkout", "charge card"]);
    expect(trace.spans[1]?.attributes).toEqual({
      "http.request.header.authorization": "[redacted]",
    });

    for (const filter of [
      "",
      "service=payments",
      "service=shop",
      "error=true",
      "min_duration=150ms",
    ]) {
      const { traces } = await get<List>(`/api/v1/traces?${filter}`);
      expect(traces, filter).toEqual([
        {
          trace_id: TRACE,
          root_service: "shop",
          root_name: "POST /checkout",
          root_seen: true,
          start: new Date(start).toISOString(),
          duration_ms: 200,
          span_count: 2,
          error_count: 1,
          services: ["payments", "shop"],
        },
      ]);
    }
    for (const filter of ["service=other", "error=false", "min_duration=1s"]) {
      expect((await get<List>(`/api/v1/traces?${filter}`)).traces, filter).toEqual([]);
    }
  });

  it("of which none is known is a 404, and a broken id a 400", async () => {
    expect(await get(`/api/v1/traces/${"1".repeat(32)}`, 404)).toMatchObject({
      code: "trace_unknown",
    });
    expect(await get("/api/v1/traces/zebra", 400)).toMatchObject({ code: "trace_id_invalid" });
  });

  it("tells spans without ids as partial success", async () => {
    const good = {
      traceId: "a".repeat(32),
      spanId: "b".repeat(16),
      name: "ok",
      startTimeUnixNano: ns(0),
      endTimeUnixNano: ns(1),
    };
    const r = await post(
      request("shop", [
        good,
        { ...good, traceId: "" },
        { ...good, startTimeUnixNano: "1", endTimeUnixNano: "2" },
      ]),
    );
    expect(r.status).toBe(200);
    const body: { partialSuccess: { rejectedSpans: string; errorMessage: string } } =
      await r.json();
    expect(body.partialSuccess.rejectedSpans).toBe("2");
    expect(body.partialSuccess.errorMessage).toContain("1 invalid_id");
    expect(body.partialSuccess.errorMessage).toContain("1 too_old");
    expect((await get<Trace>(`/api/v1/traces/${"a".repeat(32)}`)).spans).toHaveLength(1);
  });

  it("counts calls and latency as metrics", async () => {
    const q = encodeURIComponent(
      'sum by (service, span_name) (traces_spanmetrics_calls_total{service="payments"})',
    );
    const r = await get<{ data: { result: { value: [number, string] }[] } }>(
      `/api/v1/query?query=${q}`,
    );
    expect(r.data.result[0]?.value[1]).toBe("1");
  });
});
