/** Go's zero time, which stands for "not given". */
const ZERO_MS = Date.parse("0001-01-01T00:00:00Z");

const FULL =
  /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|z|[+-]\d{2}:?\d{2})?$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/**
 * A time as go-openapi's strfmt reads it: RFC 3339 with or without a fraction, without a zone UTC, or a day.
 * What is finer than a millisecond is cut off; the empty text is the epoch there. Undefined where it is none of these.
 */
export function parseDateTime(text: string): number | undefined {
  if (text === "") return 0;
  if (DAY.test(text)) return finite(Date.parse(`${text}T00:00:00Z`));
  const m = FULL.exec(text);
  if (m === null) return undefined;
  const [, day = "", time = "", zone = "Z"] = m;
  const seconds = /^\d{2}:\d{2}$/.test(time) ? `${time}:00` : time.replace(/(\.\d{3})\d+$/, "$1");
  const offset = zone === "z" ? "Z" : zone.replace(/^([+-]\d{2})(\d{2})$/, "$1:$2");
  return finite(Date.parse(`${day}T${seconds}${offset}`));
}

export const isZeroTime = (ms: number): boolean => ms === ZERO_MS;

function finite(ms: number): number | undefined {
  return Number.isNaN(ms) ? undefined : ms;
}
