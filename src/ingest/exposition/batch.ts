import { BatchBuilder } from "../../core/batch";
import { type Result, ok } from "../../core/result";
import { type ExpositionBody, type ExpositionFault, feedExposition } from "./feed";

export interface DecodedExposition {
  readonly batch: Uint8Array;
  readonly samples: number;
}

/** Exposition → packed batch; samples without a timestamp get `nowMs`. */
export function decodeExposition(
  body: ExpositionBody,
  nowMs: number,
): Result<DecodedExposition, ExpositionFault> {
  const batch = new BatchBuilder();
  const done = feedExposition(body, {
    sample: (labels, value, timeMs) => batch.sample(batch.series(labels), timeMs ?? nowMs, value),
    metadata: (m) => batch.metadata(m),
  });
  return done.ok ? ok({ batch: batch.finish(), samples: done.value.samples }) : done;
}
