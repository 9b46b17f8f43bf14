import { type Result, err, ok } from "../../core/result";
import { parseExposition } from "./parse";
import { type ProtobufOptions, parseProtobufExposition } from "./protobuf";
import type { ExpositionSink } from "./sink";

/** A body in one of the exposition formats. */
export type ExpositionBody =
  | { readonly format: "text" | "openmetrics"; readonly text: string }
  | { readonly format: "protobuf"; readonly bytes: Uint8Array };

export interface ExpositionFault {
  /** `line:column`, or a byte offset. */
  readonly where: string;
  /** Says the place, too. */
  readonly message: string;
}

/** Feeds the sink, whatever the format; {@link ExpositionSink} tells the order. */
export function feedExposition(
  body: ExpositionBody,
  sink: ExpositionSink,
  options: ProtobufOptions = {},
): Result<{ readonly samples: number }, ExpositionFault> {
  if (body.format === "protobuf") {
    const done = parseProtobufExposition(body.bytes, sink, options);
    return done.ok
      ? ok(done.value)
      : err({
          where: String(done.error.at),
          message: `byte ${done.error.at}: ${done.error.message}`,
        });
  }
  const done = parseExposition(body.text, { openMetrics: body.format === "openmetrics" }, sink);
  if (done.ok) return ok(done.value);
  const { line, column, message } = done.error;
  return err({ where: `${line}:${column}`, message: `line ${line}, column ${column}: ${message}` });
}
