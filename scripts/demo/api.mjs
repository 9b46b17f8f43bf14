// An HTTP API's traffic: metrics, traces and logs by the OpenTelemetry SDK's own exporters.
import { SpanStatusCode } from "@opentelemetry/api";
import { SeverityNumber } from "@opentelemetry/api-logs";
import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-http";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";

const ROUTES = ["/api/products", "/api/cart", "/api/checkout", "/api/search"];

export async function startApi(base, token) {
  const headers = { authorization: `Bearer ${token}` };
  const resource = resourceFromAttributes({
    "service.name": "shop-api",
    "service.instance.id": "demo-1",
    "service.version": "1.4.2",
  });
  const metrics = new MeterProvider({
    resource,
    readers: [
      new PeriodicExportingMetricReader({
        exporter: new OTLPMetricExporter({ url: `${base}/v1/metrics`, headers }),
        exportIntervalMillis: 2000,
        exportTimeoutMillis: 2000,
      }),
    ],
  });
  const traces = new BasicTracerProvider({
    resource,
    spanProcessors: [
      new BatchSpanProcessor(new OTLPTraceExporter({ url: `${base}/v1/traces`, headers }), {
        scheduledDelayMillis: 1000,
      }),
    ],
  });
  const logs = new LoggerProvider({
    resource,
    processors: [
      new BatchLogRecordProcessor({
        exporter: new OTLPLogExporter({ url: `${base}/v1/logs`, headers }),
        scheduledDelayMillis: 500,
      }),
    ],
  });

  const duration = metrics.getMeter("shop").createHistogram("http.server.request.duration", {
    unit: "s",
    advice: { explicitBucketBoundaries: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] },
  });
  const tracer = traces.getTracer("shop");
  const logger = logs.getLogger("shop");

  const request = () => {
    const route = ROUTES[Math.floor(Math.random() * ROUTES.length)];
    const slow = Math.random() < 0.05;
    const failed = Math.random() < 0.03;
    const seconds = (slow ? 0.8 : 0.04) * (0.5 + Math.random());
    const code = failed ? 500 : 200;
    duration.record(seconds, {
      "http.route": route,
      "http.request.method": "GET",
      "http.response.status_code": code,
    });
    const end = Date.now();
    const span = tracer.startSpan(`GET ${route}`, {
      startTime: end - seconds * 1000,
      attributes: { "http.route": route, "http.response.status_code": code },
    });
    if (failed) span.setStatus({ code: SpanStatusCode.ERROR, message: "upstream timed out" });
    span.end(end);
    logger.emit({
      severityNumber: failed ? SeverityNumber.ERROR : SeverityNumber.INFO,
      severityText: failed ? "ERROR" : "INFO",
      body: failed
        ? `GET ${route} failed: upstream timed out`
        : `GET ${route} 200 in ${(seconds * 1000).toFixed(0)} ms`,
      attributes: { "http.route": route },
    });
  };
  const timer = setInterval(() => {
    for (let i = 0; i < 1 + Math.floor(Math.random() * 4); i++) request();
  }, 100);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.allSettled([metrics.shutdown(), traces.shutdown(), logs.shutdown()]);
    },
  };
}
