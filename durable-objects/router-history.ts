import type { Intent, Outcome } from "../src/alerting/state";
import type { Deps } from "../src/http/deps";
import { withTimeout } from "../src/storage/write-or-spill";

/** D1 gives up on a statement after 30 s; a lane that waits for longer would learn nothing more. */
const WRITE_TIMEOUT_MS = 20_000;

/** What one step changed and decided travels to the history as one effect, stored with the others. */
export function withHistory(outcome: Outcome, nowMs: number): readonly Intent[] {
  if (outcome.changes.length + outcome.log.length === 0) return outcome.intents;
  const history: Intent = {
    kind: "history",
    id: `history-${nowMs}`,
    changes: outcome.changes,
    decisions: outcome.log,
  };
  return [...outcome.intents, history];
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
