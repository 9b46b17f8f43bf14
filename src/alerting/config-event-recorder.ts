import { type Decoder, list, struct } from "./config-decode";
import { httpConfig, tlsConfig } from "./config-http";
import { flag, int, promDuration, secretUrl, text } from "./config-scalars";
import { REDACTED } from "./config-secrets";
import { quoted } from "./matcher-text";

/** Alertmanager's `event_recorder`, judged as it does: nothing here records events into files, Kafka or the like. */
const fileOutput = struct("eventrecorder.plain", { path: text }, (o, d) => {
  if (!o.path) d.fail(d.at(o), "event_recorder file output requires a path", "field_missing");
});

const webhookOutput = struct(
  "eventrecorder.plain",
  {
    url: secretUrl,
    http_config: httpConfig,
    timeout: promDuration,
    workers: int,
    max_retries: int,
    retry_backoff: promDuration,
    batch: flag,
    batch_max_events: int,
    batch_max_bytes: int,
    batch_flush_interval: promDuration,
  },
  (o, d) => {
    const fail = (message: string): never => d.fail(d.at(o), `event_recorder webhook ${message}`);
    if (o.url === undefined) fail("output requires a url");
    if (o.url === REDACTED) fail("output requires an absolute http(s) url");
    const limits = [o.batch_max_events ?? 0, o.batch_max_bytes ?? 0, o.batch_flush_interval ?? 0];
    if (limits.some((n) => n < 0)) fail("batch settings cannot be negative");
    if (o.batch !== true && limits.some((n) => n !== 0)) fail("batch settings require batch: true");
  },
);

const kafkaOutput = struct(
  "eventrecorder.plain",
  {
    brokers: list(text),
    topic: text,
    client_id: text,
    format: text,
    acks: text,
    compression: text,
    buffer_size: int,
    tls_config: tlsConfig,
  },
  (o, d) => {
    const fail = (message: string): never => d.fail(d.at(o), `event_recorder kafka ${message}`);
    const brokers = o.brokers ?? [];
    if (brokers.length === 0) fail("output requires at least one broker");
    if (brokers.some((broker) => !broker)) fail("output broker entries must be non-empty");
    oneOfWords(d, o, "acks", o.acks, ["", "none", "leader", "all"]);
    oneOfWords(d, o, "compression", o.compression, ["", "none", "gzip", "snappy", "lz4", "zstd"]);
    if (!o.topic) fail("output requires a topic");
    oneOfWords(d, o, "format", o.format, ["", "json", "protobuf"]);
  },
);

export const eventRecorder = struct("eventrecorder.plain", {
  file_outputs: list(fileOutput, "[]eventrecorder.FileOutputConfig"),
  webhook_outputs: list(webhookOutput, "[]eventrecorder.WebhookOutputConfig"),
  kafka_outputs: list(kafkaOutput, "[]eventrecorder.KafkaOutputConfig"),
  stdout_outputs: list(
    struct("eventrecorder.StdoutOutputConfig", {}),
    "[]eventrecorder.StdoutOutputConfig",
  ),
});

function oneOfWords(
  d: Decoder,
  at: object,
  field: string,
  value: string | undefined,
  words: readonly string[],
): void {
  if (!words.includes(value ?? ""))
    d.fail(d.at(at, field), `event_recorder kafka: unknown ${field} ${quoted(value ?? "")}`);
}
