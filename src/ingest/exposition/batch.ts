import { BatchBuilder } from "../../core/batch";
import { withLabel } from "../../core/labels";
import { type Result, ok } from "../../core/result";
import { type ExpositionBody, type ExpositionFault, feedExposition } from "./feed";

export interface DecodedExposition {
  readonly batch: Uint8Array;
  readonly samples: number;
}

/** Exposition → packed batch; samples without a timestamp are of `timeMs`, `extra` labels go over their own. */
export function decodeExposition(
  body: ExpositionBody,
  timeMs: number,
  extra: readonly (readonly [name: string, value: string])[] = [],
): Result<DecodedExposition, ExpositionFault> {
  const batch = new BatchBuilder();
  const done = feedExposition(body, {
    sample(own, value, ownTimeMs) {
      const labels = extra.reduce((l, [name, text]) => withLabel(l, name, text), own);
      batch.sample(batch.series(labels), ownTimeMs ?? timeMs, value);
    },
    metadata: (m) => batch.metadata(m),
  });
  return done.ok ? ok({ batch: batch.finish(), samples: done.value.samples }) : done;
}
