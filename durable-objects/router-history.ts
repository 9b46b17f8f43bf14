import type { Intent, Outcome } from "../src/alerting/state";
import type { Deps } from "../src/http/deps";
import { withTimeout } from "../src/storage/write-or-spill";

/** D1 gives up on a statement after 30 s; a lane that waits for longer would learn nothing more. */
const WRITE_TIMEOUT_MS = 20_000;

/** Of changes and of decisions each: a row of an object holds 2 MB, and characters may have several bytes. */
const PART_CHARS = 250_000;

/** What one step changed and decided travels to the history as one effect, or as few as fit into a row each, stored with the others. */
export function withHistory(outcome: Outcome, nowMs: number): readonly Intent[] {
  const changes = inParts(outcome.changes);
  const decisions = inParts(outcome.log);
  const parts = Math.max(changes.length, decisions.length);
  if (parts === 0) return outcome.intents;
  const history = Array.from({ length: parts }, (_, i): Intent => ({
    kind: "history",
    id: `history-${nowMs}-${i}`,
    changes: changes[i] ?? [],
    decisions: decisions[i] ?? [],
  }));
  return [...outcome.intents, ...history];
}

function inParts<T extends object>(records: readonly T[]): T[][] {
  const out: T[][] = [];
  let part: T[] = [];
  let chars = 0;
  for (const record of records) {
    const own = JSON.stringify(record).length;
    if (part.length > 0 && chars + own > PART_CHARS) {
      out.push(part);
      part = [];
      chars = 0;
    }
    part.push(record);
    chars += own;
  }
  if (part.length > 0) out.push(part);
  return out;
}

/** Writes one step into the history. It may be repeated; throws where D1 does not take it now. */
export async function tellHistory(
  deps: Deps,
  projectId: string,
  intent: Extract<Intent, { kind: "history" }>,
): Promise<void> {
  const written = Promise.all([
    deps.alertHistory(projectId).record(intent.changes),
    deps.notificationHistory(projectId).recordDecisions(intent.decisions ?? []),
  ]);
  await withTimeout(
    written.then(() => undefined),
    WRITE_TIMEOUT_MS,
  );
}
