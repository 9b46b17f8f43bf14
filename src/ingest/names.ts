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

/**
 * A float as OpenMetrics writes it, which Prometheus 3 makes of every `le` and `quantile` that it scrapes
 * (https://prometheus.io/docs/specs/om/open_metrics_spec/#considerations-canonical-numbers): `1.0`, `0.005`, `1e-05`, `1e+06`, `+Inf`.
 */
export function canonicalFloat(x: number): string {
  if (Number.isNaN(x)) return "NaN";
  if (x === Infinity) return "+Inf";
  if (x === -Infinity) return "-Inf";
  if (x === 0) return Object.is(x, -0) ? "-0.0" : "0.0";
  const [digits = "", exponent = "0"] = x.toExponential().split("e");
  const e = Number(exponent);
  if (e < -4 || e >= 6) {
    const padded = String(Math.abs(e)).padStart(2, "0");
    return `${digits}e${e < 0 ? "-" : "+"}${padded}`;
  }
  const plain = String(x);
  return plain.includes(".") ? plain : `${plain}.0`;
}
