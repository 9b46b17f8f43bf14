import { type AlertInstance, type FlapSettings, type StringMap, labelOf } from "../core/alerts";
import { parseDuration, renderDuration } from "../core/duration";
import { type Result, err, ok } from "../core/result";
import type { RoutedAlert } from "./model";

/** Annotations by which a rule asks for damping where its file's reader, or who posts the alert, knows no fields for it. */
export const COOLDOWN_ANNOTATION = "vedette_cooldown";
export const FLAP_ANNOTATION = "vedette_flap";

/** Fewer changes than these are an alert that fires and resolves, which is what alerts do. */
const MIN_FLAP_CHANGES = 3;
const MAX_FLAP_CHANGES = 100;
const MAX_FLAP_MS = 7 * 86_400_000;

/** Reads `4 in 10m` or `4 in 10m, calm 15m`; without `calm` it is as long as the time of the changes. */
export function parseFlap(text: string): Result<FlapSettings, string> {
  const m = /^\s*(\d{1,6})\s+in\s+(\w+?)(?:\s*,?\s+calm\s+(\w+))?\s*$/.exec(text);
  if (m === null)
    return err(`not "<changes> in <duration>, calm <duration>": ${JSON.stringify(text)}`);
  const within = parseDuration(m[2] as string);
  if (!within.ok) return within;
  const calm = m[3] === undefined ? within : parseDuration(m[3]);
  if (!calm.ok) return calm;
  return checkFlap({ changes: Number(m[1]), withinMs: within.value, calmMs: calm.value });
}

export function checkFlap(f: FlapSettings): Result<FlapSettings, string> {
  if (!Number.isInteger(f.changes) || f.changes < MIN_FLAP_CHANGES || f.changes > MAX_FLAP_CHANGES)
    return err(`changes must be a whole number from ${MIN_FLAP_CHANGES} to ${MAX_FLAP_CHANGES}`);
  for (const [name, ms] of [
    ["within", f.withinMs],
    ["calm", f.calmMs],
  ] as const)
    if (ms <= 0 || ms > MAX_FLAP_MS)
      return err(`${name} must be longer than nothing and at most ${renderDuration(MAX_FLAP_MS)}`);
  return ok(f);
}

/** Takes over how an alert is to be damped: by its rule, or by its annotations. */
export function takeDamping(alert: RoutedAlert, instance: AlertInstance): void {
  const cooldownMs = instance.cooldownMs ?? annotatedCooldown(instance.annotations);
  if (cooldownMs === undefined) delete alert.cooldownMs;
  else alert.cooldownMs = cooldownMs;
  const flap = instance.flap ?? annotatedFlap(instance.annotations);
  if (flap === undefined) delete alert.flap;
  else alert.flap = flap;
}

/** What cannot be read asks for nothing: an alert must not be lost over its annotation. */
function annotatedCooldown(annotations: StringMap): number | undefined {
  const text = labelOf(annotations, COOLDOWN_ANNOTATION);
  if (text === "") return undefined;
  const parsed = parseDuration(text);
  return parsed.ok ? parsed.value : undefined;
}

function annotatedFlap(annotations: StringMap): FlapSettings | undefined {
  const text = labelOf(annotations, FLAP_ANNOTATION);
  if (text === "") return undefined;
  const parsed = parseFlap(text);
  return parsed.ok ? parsed.value : undefined;
}
