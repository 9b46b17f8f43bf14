/** `api.response-time` → `api_response_time`: what is no letter, digit, `_` or `:` becomes `_`; a leading digit gets one before it. */
export function sanitizeMetricName(name: string): string {
  const out = name.replace(/[^a-zA-Z0-9_:]/g, "_");
  return /^\d/.test(out) ? `_${out}` : out;
}

/** As {@link sanitizeMetricName} for label names, which have no `:`. */
export function sanitizeLabelName(name: string): string {
  const out = name.replace(/[^a-zA-Z0-9_]/g, "_");
  return /^\d/.test(out) ? `_${out}` : out;
}

/** A number as a label value, never in exponent form, as Go's `FormatFloat(x, 'f', -1, 64)`: `0.0000001`, `+Inf`. */
export function renderBound(x: number): string {
  if (x === Infinity) return "+Inf";
  if (x === -Infinity) return "-Inf";
  const text = String(x);
  const m = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (m === null) return text;
  const [, sign = "", whole = "", fraction = "", exponent = ""] = m;
  const digits = whole + fraction;
  const point = 1 + Number(exponent);
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  return `${sign}${digits.padEnd(point, "0")}`;
}
