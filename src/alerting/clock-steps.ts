import { routeOf } from "./grouping";
import type { RouterSettings, RouterState } from "./state";

/**
 * Sees that no wait is longer than it was meant after the clock was set back: what was noted in a time that
 * is now to come counts as noted now. A step forward needs nothing: what is due is done.
 */
export function settleClock(state: RouterState, settings: RouterSettings, nowMs: number): void {
  const back = nowMs < state.clockMs;
  state.clockMs = nowMs;
  if (!back) return;
  for (const group of state.groups.values()) {
    const { groupWaitMs, groupIntervalMs } = routeOf(settings.config, group);
    if (group.nextFlushMs <= nowMs + Math.max(groupWaitMs, groupIntervalMs)) continue;
    group.nextFlushMs = nowMs + (group.flushed ? groupIntervalMs : groupWaitMs);
    group.anchorMs = group.nextFlushMs;
    state.dirty.groups.add(group.id);
  }
  for (const told of state.told.values()) {
    if (told.atMs <= nowMs) continue;
    const lifetimeMs = told.expiresAtMs - told.atMs;
    state.told.set(told.key, { ...told, atMs: nowMs, expiresAtMs: nowMs + lifetimeMs });
    state.dirty.told.add(told.key);
  }
  for (const c of state.cooldowns.values()) {
    if (c.atMs <= nowMs) continue;
    state.cooldowns.set(c.key, { ...c, atMs: nowMs, untilMs: nowMs + (c.untilMs - c.atMs) });
    state.dirty.cooldowns.add(c.key);
  }
  for (const f of state.flaps.values()) {
    if ((f.changesMs.at(-1) ?? 0) <= nowMs) continue;
    const changesMs = f.changesMs.map((ms) => Math.min(ms, nowMs));
    state.flaps.set(f.fingerprint, { ...f, changesMs });
    state.dirty.flaps.add(f.fingerprint);
  }
  for (const w of state.windows.values()) {
    // What comes next was reckoned from a time that is now to come.
    if (w.cancelledAtMs !== undefined || w.running !== undefined) continue;
    state.windows.set(w.id, { ...w, turnMs: nowMs });
    state.dirty.windows.add(w.id);
  }
  for (const source of state.sources.values()) {
    // A source that counts its generations anew is known by its time of evaluation.
    source.evaluatedAtMs = Math.min(source.evaluatedAtMs, nowMs);
    if (source.expiresAtMs <= nowMs + source.lifetimeMs) continue;
    source.expiresAtMs = nowMs + source.lifetimeMs;
    state.dirty.sources.add(source.source);
  }
}
