/** A sample's value as Prometheus prints it: shortest decimal form that reads back the same, never an exponent. */
export function formatFloat(v: number): string {
  if (v !== v) return "NaN";
  if (v === Infinity) return "+Inf";
  if (v === -Infinity) return "-Inf";
  const s = String(v);
  if (s === "0") return Object.is(v, -0) ? "-0" : "0";
  const e = s.indexOf("e");
  return e < 0 ? s : withoutExponent(s, e);
}

/** JavaScript writes an exponent below 1e-6 and from 1e21; this spells the digits out. */
function withoutExponent(s: string, e: number): string {
  const exponent = Number(s.slice(e + 1));
  const negative = s[0] === "-";
  const mantissa = s.slice(negative ? 1 : 0, e);
  const dot = mantissa.indexOf(".");
  const digits = dot < 0 ? mantissa : mantissa.slice(0, dot) + mantissa.slice(dot + 1);
  const point = (dot < 0 ? mantissa.length : dot) + exponent;
  let out: string;
  if (point <= 0) out = `0.${"0".repeat(-point)}${digits}`;
  else if (point >= digits.length) out = digits + "0".repeat(point - digits.length);
  else out = `${digits.slice(0, point)}.${digits.slice(point)}`;
  return negative ? `-${out}` : out;
}

/** Go's `%g`: the shortest digits, with an exponent below 1e-4 and from 1e6 on. */
export function formatShortest(v: number): string {
  const plain = formatFloat(v);
  if (!Number.isFinite(v) || v === 0) return plain;
  const [digits = "", exponent = "0"] = Math.abs(v).toExponential().split("e");
  const exp = Number(exponent);
  if (exp >= -4 && exp < 6) return plain;
  const size = String(Math.abs(exp)).padStart(2, "0");
  return `${v < 0 ? "-" : ""}${digits}e${exp < 0 ? "-" : "+"}${size}`;
}
