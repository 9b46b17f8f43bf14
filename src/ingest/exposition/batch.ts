import { BatchBuilder } from "../../core/batch";
import { type Labels, withLabel } from "../../core/labels";
import { type Result, ok } from "../../core/result";
import { exemplarFits } from "../exemplars";
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
  const ref = (own: Labels): number =>
    batch.series(extra.reduce((l, [name, text]) => withLabel(l, name, text), own));
  const done = feedExposition(body, {
    sample: (own, value, ownTimeMs) => batch.sample(ref(own), ownTimeMs ?? timeMs, value),
    histogram: (own, h, ownTimeMs) => batch.histogram(ref(own), ownTimeMs ?? timeMs, h),
    exemplar(own, e) {
      if (exemplarFits(e.labels)) batch.exemplar(ref(own), e.timeMs ?? timeMs, e.value, e.labels);
    },
    created: (own, createdMs, histogram) => batch.created(ref(own), createdMs, histogram),
    metadata: (m) => batch.metadata(m),
  });
  return done.ok ? ok({ batch: batch.finish(), samples: done.value.samples }) : done;
}
