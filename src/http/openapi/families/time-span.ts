import { string, query } from "../json-schema";
import type { Parameter } from "../model";

const FORMS = "ISO 8601, seconds or milliseconds since the epoch, `now`, or `-1h`";

/** Where a span of time begins (http/time-param.ts). */
export function fromParameter(otherwise: string): Parameter {
  return query("from", string, `Inclusive: ${FORMS}; ${otherwise} unless given.`);
}

export const toParameter: Parameter = query("to", string, `The end: ${FORMS}; now unless given.`);
