/**
 * How large a request body may be, per dialect. Every figure is the size after
 * decompression; the compressed body is held to the same figure. The isolate
 * has 128 MB for everything, so the defaults lie under what the specifications allow.
 */
const MIB = 1024 * 1024;

/** OTLP recommends to accept up to 64 MiB after decompression (opentelemetry-proto docs/specification.md). */
export const OTLP_BODY_LIMIT = 16 * MIB;
/** Prometheus decodes remote-write bodies of up to 32 MiB; its own sender stays under 1 MiB. */
export const REMOTE_WRITE_BODY_LIMIT = 16 * MIB;
/** Text is parsed as one string, two bytes a character at worst. */
export const EXPOSITION_BODY_LIMIT = 8 * MIB;
/** The JSON of `/api/v1/ingest/*`. */
export const NATIVE_BODY_LIMIT = 4 * MIB;
/** A piece of a dump of metrics; a longer file is sent in pieces. */
export const BACK_FILL_BODY_LIMIT = 16 * MIB;
