import type { PostedAlert, StringMap } from "../core/alerts";
import { withoutEmpty } from "./alert-changes";
import { fingerprint } from "./fingerprint";
import type { RoutedAlert } from "./model";
import { isPosted } from "./sources";
import type { RouterState } from "./state";

/** Bounds of what clients of Alertmanager's API may post: all alerts are in their object's memory. */
export const POST_LIMITS = {
  /** Characters of one alert's labels, annotations and address. Its row, and each message of it, ends at 2 MB. */
  alertChars: 65_536,
  /** Posted alerts of a project that fire or are yet to be told as resolved. */
  alerts: 20_000,
  /** Their characters in all. */
  chars: 8 * 1024 * 1024,
} as const;

export function charsOf(a: Pick<PostedAlert, "labels" | "annotations" | "generatorUrl">): number {
  return mapChars(a.labels) + mapChars(a.annotations) + a.generatorUrl.length;
}

/** What of a post is taken, and how many alerts there is no room for. Alerts that are known and say no more than before, and ends of alerts, always have room. */
export function withinLimits(
  state: RouterState,
  alerts: readonly PostedAlert[],
  nowMs: number,
): { readonly taken: readonly PostedAlert[]; readonly refused: number } {
  const here = [...state.alerts.values()].filter((a) => isPosted(a.source));
  const room = { alerts: POST_LIMITS.alerts - here.length, chars: POST_LIMITS.chars as number };
  // The usual few are not measured.
  if ((here.length + alerts.length) * POST_LIMITS.alertChars <= POST_LIMITS.chars)
    return { taken: alerts, refused: 0 };
  for (const a of here) room.chars -= knownChars(a);
  // Nor is it asked which are known where all would fit if none were: most posts tell again what is there.
  if (alerts.length <= room.alerts && sum(alerts, charsOf) <= room.chars)
    return { taken: alerts, refused: 0 };
  const added = new Set<string>();
  const taken = alerts.filter((a) => {
    if (a.endsAtMs !== undefined && a.endsAtMs <= nowMs) return true;
    const id = fingerprint(withoutEmpty(a.labels));
    const known = state.alerts.get(id);
    const fresh = known === undefined && !added.has(id);
    const grows = charsOf(a) - (known === undefined ? 0 : knownChars(known));
    if (grows > Math.max(room.chars, 0) || (fresh && room.alerts < 1)) return false;
    room.chars -= grows;
    if (fresh) room.alerts--;
    added.add(id);
    return true;
  });
  return { taken, refused: alerts.length - taken.length };
}

/** An alert's maps are replaced and never changed, so that each is measured once. */
const measured = new WeakMap<StringMap, number>();

function knownChars({ labels, annotations, generatorUrl }: RoutedAlert): number {
  let chars = generatorUrl.length;
  for (const map of [labels, annotations]) {
    const known = measured.get(map) ?? mapChars(map);
    measured.set(map, known);
    chars += known;
  }
  return chars;
}

function sum<T>(list: readonly T[], of: (item: T) => number): number {
  let total = 0;
  for (const item of list) total += of(item);
  return total;
}

function mapChars(map: StringMap): number {
  let chars = 0;
  for (const name of Object.keys(map)) chars += name.length + (map[name]?.length ?? 0);
  return chars;
}
