import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** The two encodings of OTLP/HTTP; a response uses the request's. */
export type OtlpFormat = "protobuf" | "json";
export type OtlpSignal = "metrics" | "logs" | "traces";

export const OTLP_CONTENT_TYPE: Readonly<Record<OtlpFormat, string>> = {
  protobuf: "application/x-protobuf",
  json: "application/json",
};

const REJECTED_FIELD: Readonly<Record<OtlpSignal, string>> = {
  metrics: "rejectedDataPoints",
  logs: "rejectedLogRecords",
  traces: "rejectedSpans",
};

/** What was not taken: none of it is to be sent again (opentelemetry-proto docs/specification.md, "Partial Success"). */
export interface PartialSuccess {
  /** 0 with a message is a warning. */
  readonly rejected: number;
  readonly message: string;
}

/** An `Export<Signal>ServiceResponse`; the three differ only in the JSON name of the count. */
export function renderExportResponse(
  signal: OtlpSignal,
  format: OtlpFormat,
  partial: PartialSuccess | undefined,
): Uint8Array {
  if (format === "json") {
    const body =
      partial === undefined
        ? {}
        : {
            partialSuccess: {
              [REJECTED_FIELD[signal]]: String(partial.rejected),
              errorMessage: partial.message,
            },
          };
    return new TextEncoder().encode(JSON.stringify(body));
  }
  const w = new BinaryWriter();
  if (partial !== undefined) {
    w.tag(1, WireType.LengthDelimited).fork();
    if (partial.rejected !== 0) w.tag(1, WireType.Varint).int64(partial.rejected);
    if (partial.message !== "") w.tag(2, WireType.LengthDelimited).string(partial.message);
    w.join();
  }
  return w.finish();
}

/** The gRPC code that stands for an HTTP status in a `google.rpc.Status` (google/rpc/code.proto). */
export function grpcCode(httpStatus: number): number {
  switch (httpStatus) {
    case 400:
      return 3; // INVALID_ARGUMENT
    case 401:
      return 16; // UNAUTHENTICATED
    case 403:
      return 7; // PERMISSION_DENIED
    case 413:
    case 429:
      return 8; // RESOURCE_EXHAUSTED
    case 415:
      return 12; // UNIMPLEMENTED
    case 502:
    case 503:
    case 504:
      return 14; // UNAVAILABLE
    default:
      return 13; // INTERNAL
  }
}

/** The body of every failure: `google.rpc.Status` with a code and a message. */
export function renderStatus(format: OtlpFormat, httpStatus: number, message: string): Uint8Array {
  const code = grpcCode(httpStatus);
  if (format === "json") return new TextEncoder().encode(JSON.stringify({ code, message }));
  return new BinaryWriter()
    .tag(1, WireType.Varint)
    .int32(code)
    .tag(2, WireType.LengthDelimited)
    .string(message)
    .finish();
}
