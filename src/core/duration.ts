import { type Result, err, ok } from "./result";

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
};
const WHOLE = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;
const ORDER = ["y", "w", "d", "h", "m", "s", "ms"];

/** A Prometheus duration (`1h30m`, `500ms`, `0`) in milliseconds; units in falling order, each once. */
export function parseDuration(text: string): Result<number, string> {
  if (text === "0") return ok(0);
  const m = WHOLE.exec(text);
  if (text === "" || m === null) return err(`not a valid duration string: ${JSON.stringify(text)}`);
  let ms = 0;
  ORDER.forEach((unit, i) => {
    const n = m[i + 1];
    if (n !== undefined) ms += Number(n) * (UNIT_MS[unit] as number);
  });
  if (!Number.isSafeInteger(ms)) return err("duration out of range");
  return ok(ms);
}

/** The shortest Prometheus form of a duration: 90,000 → `1m30s`. */
export function renderDuration(ms: number): string {
  if (ms === 0) return "0s";
  let rest = ms;
  let out = "";
  for (const unit of ORDER) {
    const size = UNIT_MS[unit] as number;
    // Prometheus prints years, weeks and days only where they divide exactly.
    if ((unit === "y" || unit === "w" || unit === "d") && rest % size !== 0) continue;
    const n = Math.floor(rest / size);
    if (n > 0) out += `${n}${unit}`;
    rest -= n * size;
  }
  return out;
}
