import { readFileSync } from "node:fs";
import { join } from "node:path";

export function packText(name: string): string {
  return readFileSync(
    join(import.meta.dirname, `../../../packs/${name}/rules/${name}.yml`),
    "utf8",
  );
}

/** A histogram's buckets: 40 minutes of slow observations between `slow` and the next bound, then many fast ones. */
function histogram(
  name: string,
  labels: string,
  [fast, slow, bound]: readonly [string, string, string],
): Record<string, string> {
  const l = labels === "" ? "" : `${labels},`;
  return {
    [`${name}_bucket{${l}le="${fast}"}`]: "0+0x40 400+400x80",
    [`${name}_bucket{${l}le="${slow}"}`]: "0+0x40 400+400x80",
    [`${name}_bucket{${l}le="${bound}"}`]: "0+10x40 800+400x80",
    [`${name}_bucket{${l}le="+Inf"}`]: "0+10x40 800+400x80",
  };
}

/**
 * What services send, a sample a minute: wrong for 40 minutes, then well. And when each alert of the pack fires on
 * it, with the durations and windows that the pack has.
 */
export const PACKS: Readonly<
  Record<
    string,
    {
      readonly series: Readonly<Record<string, string>>;
      readonly firings: Readonly<Record<string, string>>;
    }
  >
> = {
  "json-metrics": {
    series: {
      ...histogram("api_response_time", 'endpoint="/api/dashboard"', ["50.0", "500.0", "1000.0"]),
      'api_requests_total{endpoint="/a",method="GET",status="200"}': "0+90x40 4600+1000x80",
      'api_requests_total{endpoint="/a",method="GET",status="500"}': "0+10x40 400+0x80",
      database_connections_active: "18x40 5x80",
      database_connections_max: "20x120",
      ...histogram("database_query_duration", 'table="users"', ["10.0", "100.0", "250.0"]),
      'agents_executions_total{agent_type="a",status="success"}': "0+5x40 1200+1000x80",
      'agents_executions_total{agent_type="a",status="failure"}': "0+5x40 200+0x80",
      agents_queue_size: "250x40 3x80",
      'ml_prediction_confidence_sum{model="m"}': "0+3x40 210+90x80",
      'ml_prediction_confidence_count{model="m"}': "0+10x40 500+100x80",
      system_memory_usage_mb: "1900x40 900x80",
      system_memory_limit_mb: "2000x120",
      system_cpu_usage_percent: "97x40 20x80",
    },
    firings: {
      high_api_latency: "6m-45m",
      high_error_rate: "3m-41m",
      database_connection_pool_exhausted: "3m-41m",
      slow_queries: "6m-45m",
      agent_execution_failure_rate: "6m-41m",
      agent_queue_backlog: "10m-41m",
      low_ml_confidence: "16m-41m",
      high_memory_usage: "3m-41m",
      high_cpu_usage: "5m-41m",
    },
  },
  "node-service": {
    series: {
      process_cpu_seconds_total: "0+57x40 2286+6x80",
      nodejs_heap_size_used_bytes: "95e6x40 40e6x80",
      nodejs_heap_size_total_bytes: "100e6x120",
      'http_requests_total{method="POST",route="/tasks",status_code="200"}': "0+90x40 4600+1000x80",
      'http_requests_total{method="POST",route="/tasks",status_code="500"}': "0+10x40 400+0x80",
      ...histogram("http_request_duration_seconds", 'method="POST",route="/tasks"', [
        "0.5",
        "5.0",
        "10.0",
      ]),
      'http_request_duration_seconds_count{method="POST",route="/tasks"}': "0+10x40 800+400x80",
      active_users_total: "4x40 50x80",
      'events_total{event="payment_failed"}': "0+1x40 40x60",
      'log_lines_total{level="error",service="api"}': "0+12x40 480x60",
    },
    firings: {
      "High CPU Usage": "5m-41m",
      "High Memory Usage": "0m-41m",
      "High Error Rate": "1m-41m",
      "Slow Response Time": "1m-45m",
      "Low User Activity": "0m-41m",
      "Payment Failures": "4m-42m",
      log_error_rate: "1m-41m",
      slow_response: "1m-45m",
      high_failure_rate: "1m-41m",
    },
  },
  "opentelemetry-service": {
    series: {
      'requests_total{endpoint="/a",method="GET",status="200"}': "0+90x40 4600+1000x80",
      'requests_total{endpoint="/a",method="GET",status="500"}': "0+10x40 400+0x80",
      'response_time_sum{endpoint="/a"}': "0+15000x40 600100+10000x80",
      'response_time_count{endpoint="/a"}': "0+10x40 500+100x80",
      'memory_usage{type="heap"}': "70+0.5x40 60x80",
      db_connections: "18x40 5x80",
      max_db_connections: "20x120",
      api_usage: "85x40 10x80",
      api_limit: "100x120",
      'log_lines_total{level="error",service="content"}': "0+4x40 160x60",
    },
    firings: {
      "High Error Rate": "1m-41m",
      "Slow Response Time": "1m-41m",
      "Potential Memory Leak": "21m-41m",
      "Database Connection Pool Exhausted": "0m-41m",
      "API Rate Limit Approaching": "0m-41m",
      "Error Spike": "3m-43m",
    },
  },
  "messaging-service": {
    series: {
      error_rate_percent: "6.5x40 0.5x80",
      average_response_time_ms: "1500x40 150x80",
      delivery_rate_percent: "88.5x40 95.96x80",
      disk_usage_percent: "91x40 40x80",
      cpu_usage_percent: "90x40 15.2x80",
      memory_usage_percent: "92x40 40x80",
      total_messages_sent: "50000x40 50001x80",
      consent_verified_count: "49999x40 50001x80",
      messages_during_quiet_hours: "3x40 0x80",
      rate_limit_violations: "0x20 4x100",
      webhook_processing_time_ms: "45000x40 85x80",
      active_connections: "19x40 8x80",
      max_connections: "20x120",
    },
    firings: {
      high_error_rate: "0m-41m",
      slow_responses: "0m-41m",
      low_delivery_rate: "0m-41m",
      disk_full: "0m-41m",
      high_cpu_usage: "0m-41m",
      high_memory_usage: "0m-41m",
      consent_bypassed: "0m-41m",
      quiet_hours_violated: "0m-41m",
      rate_limit_exceeded: "21m-25m",
      webhooks_delayed: "0m-41m",
      connection_pool_exhausted: "0m-41m",
    },
  },
  "prometheus-service": {
    series: {
      cpu_usage_percent: "90x40 20x80",
      memory_usage_percent: "90x40 20x80",
      disk_free_percent: "5x40 60x80",
      'http_errors_total{method="GET",route="/api/messages",error_type="server_error"}':
        "0+12x40 480x80",
      ...histogram("http_request_duration_seconds", 'method="GET",route="/api/messages"', [
        "0.5",
        "1.0",
        "5.0",
      ]),
      database_connections: "95x40 10x80",
      'messages_generated_total{campaign_id="c",message_type="email",model="m"}':
        "0+60x40 2400+6000x80",
      'ai_request_failures_total{provider="p"}': "0+6x40 240x80",
      security_failed_logins_total: "0+900x40 36000x80",
      'security_events_total{severity="critical"}': "0+0x20 1x100",
    },
    firings: {
      HighCPUUsage: "5m-41m",
      HighMemoryUsage: "5m-41m",
      DiskSpaceLow: "2m-41m",
      HighErrorRate: "5m-42m",
      SlowResponseTime: "6m-45m",
      DatabaseConnectionsHigh: "3m-41m",
      LowMessageGenerationRate: "31m-47m",
      HighAIRequestFailures: "6m-42m",
      MultipleFailedLogins: "5m-42m",
      SecurityIncident: "21m-25m",
    },
  },
};
