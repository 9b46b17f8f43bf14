import { BatchBuilder } from "../../core/batch";
import { type Result, ok } from "../../core/result";
import { type ExpositionError, type ExpositionOptions, parseExposition } from "./parse";

export interface DecodedExposition {
  readonly batch: Uint8Array;
  readonly samples: number;
}

/** Exposition text → packed batch; samples without a timestamp get `nowMs`. */
export function decodeExposition(
  text: string,
  options: ExpositionOptions,
  nowMs: number,
): Result<DecodedExposition, ExpositionError> {
  const batch = new BatchBuilder();
  const done = parseExposition(text, options, {
    sample: (labels, value, timeMs) => batch.sample(batch.series(labels), timeMs ?? nowMs, value),
    metadata: (m) => batch.metadata(m),
  });
  return done.ok ? ok({ batch: batch.finish(), samples: done.value.samples }) : done;
}
