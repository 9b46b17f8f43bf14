import { SpanKind, SpanStatusCode, context, trace } from "@opentelemetry/api";
import { SeverityNumber } from "@opentelemetry/api-logs";
import { OTLPLogExporter as JsonLogExporter } from "@opentelemetry/exporter-logs-otlp-http";
import { OTLPLogExporter as ProtoLogExporter } from "@opentelemetry/exporter-logs-otlp-proto";
import { OTLPTraceExporter as JsonTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtoTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Vedette, eventually, startVedette } from "./vedette";

let vedette: Vedette;
beforeAll(async () => {
  vedette = await startVedette();
});
afterAll(async () => {
  await vedette.stop();
});

const headers = { authorization: "Bearer vdt_ingest_local" };
const READER = "vdt_read_local";

async function get<T>(path: string): Promise<T> {
  const r = await vedette.fetch(path, { token: READER });
  expect(r.status, path).toBe(200);
  // The shape is what the assertions check.
  return (await r.json()) as T;
}

async function metric(query: string): Promise<number> {
  const r = await get<{ data: { result: { value: [number, string] }[] } }>(
    `/api/v1/query?query=${encodeURIComponent(query)}`,
  );
  return Number(r.data.result[0]?.value[1] ?? 0);
}

interface Line {
  readonly message: string;
  readonly level: string;
  readonly service: string;
  readonly attributes: Record<string, string>;
  readonly trace_id?: string;
  readonly span_id?: string;
}

interface SpanJson {
  readonly span_id: string;
  readonly parent_span_id?: string;
  readonly name: string;
  readonly kind: string;
  readonly status: string;
  readonly status_message?: string;
  readonly duration_ns: number;
  readonly attributes: Record<string, unknown>;
  readonly resource: Record<string, unknown>;
  readonly events: { name: string; attributes: Record<string, unknown> }[];
}

describe.each([
  ["protobuf", ProtoLogExporter, ProtoTraceExporter],
  ["JSON", JsonLogExporter, JsonTraceExporter],
] as const)("the OpenTelemetry SDK over %s", (encoding, LogExporter, TraceExporter) => {
  it.each(["none", "gzip"])("exports logs, compression %s", async (compression) => {
    const service = `logs-${encoding}-${compression}`;
    const exporter = new LogExporter({
      url: `${vedette.url}/v1/logs`,
      headers,
      // The enum of the exporter base has these strings as values; the package that declares it is not a direct dependency.
      compression: compression as never,
    });
    const provider = new LoggerProvider({
      resource: resourceFromAttributes({ "service.name": service, "host.name": "h1" }),
      processors: [new BatchLogRecordProcessor({ exporter })],
    });
    const logger = provider.getLogger("checkout");
    const inSpan = trace.setSpanContext(context.active(), {
      traceId: "0af7651916cd43dd8448eb211c80319c",
      spanId: "b7ad6b7169203331",
      traceFlags: 1,
    });
    logger.emit({
      severityNumber: SeverityNumber.ERROR,
      severityText: "ERROR",
      body: "Zahlung abgelehnt für Café №5",
      attributes: { "order.id": 4711, retry: true, tags: ["a", "b"], nested: { deep: { x: 1.5 } } },
      context: inSpan,
    });
    logger.emit({ severityNumber: SeverityNumber.DEBUG2, body: { structured: "body", n: 7 } });
    for (let i = 0; i < 300; i++)
      logger.emit({ severityNumber: SeverityNumber.INFO, body: `request ${i} handled` });
    await provider.forceFlush();
    await provider.shutdown();

    const { lines } = await get<{ lines: Line[] }>(
      `/api/v1/logs?service=${service}&query=${encodeURIComponent("CAFÉ abgelehnt")}`,
    );
    expect(lines).toEqual([
      expect.objectContaining({
        level: "error",
        service,
        message: "Zahlung abgelehnt für Café №5",
        trace_id: "0af7651916cd43dd8448eb211c80319c",
        span_id: "b7ad6b7169203331",
        attributes: {
          "resource.host.name": "h1",
          "scope.name": "checkout",
          "order.id": "4711",
          retry: "true",
          tags: '["a","b"]',
          "nested.deep.x": "1.5",
        },
      }),
    ]);
    const debug = await get<{ lines: Line[] }>(`/api/v1/logs?service=${service}&level=debug`);
    expect(debug.lines.map((l) => l.message)).toEqual(['{"structured":"body","n":7}']);
    const byTrace = await get<{ lines: Line[] }>(
      `/api/v1/logs?service=${service}&trace_id=0af7651916cd43dd8448eb211c80319c`,
    );
    expect(byTrace.lines).toHaveLength(1);
    const all = await get<{ lines: Line[] }>(`/api/v1/logs?service=${service}&limit=5000`);
    expect(all.lines).toHaveLength(302);
    await eventually(
      "the lines are counted",
      async () => (await metric(`sum(log_lines_total{service="${service}"})`)) === 302,
    );
    expect(await metric(`log_lines_total{service="${service}",level="error"}`)).toBe(1);
  });

  it.each(["none", "gzip"])("exports spans, compression %s", async (compression) => {
    const service = `traces-${encoding}-${compression}`;
    const exporter = new TraceExporter({
      url: `${vedette.url}/v1/traces`,
      headers,
      compression: compression as never,
    });
    const provider = new BasicTracerProvider({
      resource: resourceFromAttributes({ "service.name": service, "process.pid": 42 }),
      spanProcessors: [new BatchSpanProcessor(exporter, { maxExportBatchSize: 8 })],
    });
    const tracer = provider.getTracer("shop");
    const root = tracer.startSpan("POST /checkout", {
      kind: SpanKind.SERVER,
      attributes: { "http.status_code": 500, "http.request.header.cookie": "sid=secret" },
    });
    const inRoot = trace.setSpan(context.active(), root);
    for (let i = 0; i < 20; i++)
      tracer.startSpan(`SELECT ${i}`, { kind: SpanKind.CLIENT }, inRoot).end();
    const failing = tracer.startSpan("charge", { kind: SpanKind.CLIENT }, inRoot);
    failing.recordException(new Error("card declined"));
    failing.setStatus({ code: SpanStatusCode.ERROR, message: "declined" });
    failing.end();
    root.end();
    await provider.forceFlush();
    await provider.shutdown();

    const traceId = root.spanContext().traceId;
    const { spans } = await get<{ spans: SpanJson[] }>(`/api/v1/traces/${traceId}`);
    expect(spans).toHaveLength(22);
    const kept = spans.find((s) => s.span_id === root.spanContext().spanId);
    expect(kept).toMatchObject({
      name: "POST /checkout",
      kind: "server",
      status: "unset",
      resource: { "process.pid": 42 },
      attributes: { "http.status_code": 500, "http.request.header.cookie": "[redacted]" },
    });
    const charge = spans.find((s) => s.name === "charge");
    expect(charge).toMatchObject({
      kind: "client",
      status: "error",
      status_message: "declined",
      parent_span_id: root.spanContext().spanId,
    });
    expect(charge?.events[0]).toMatchObject({
      name: "exception",
      attributes: { "exception.message": "card declined" },
    });

    // The spans came in three requests, the root in the last of them.
    const { traces } = await get<{ traces: Record<string, unknown>[] }>(
      `/api/v1/traces?service=${service}&error=true`,
    );
    expect(traces).toEqual([
      expect.objectContaining({
        trace_id: traceId,
        root_name: "POST /checkout",
        root_seen: true,
        span_count: 22,
        error_count: 1,
        services: [service],
      }),
    ]);
    await eventually(
      "the calls are counted",
      async () =>
        (await metric(`sum(traces_spanmetrics_calls_total{service="${service}"})`)) === 22,
    );
    expect(
      await metric(
        `traces_spanmetrics_latency_seconds_bucket{service="${service}",span_name="charge",le="+Inf"}`,
      ),
    ).toBe(1);
  });
});
