/** What was found of the objects that lead from a sample to a message. */
export interface ChainFindings {
  readonly nowMs: number;
  readonly routers: readonly { readonly project: string; readonly error: string | undefined }[];
  readonly groups: readonly {
    readonly name: string;
    readonly intervalMs: number;
    /** 0: never. */
    readonly lastEvaluationMs: number;
    /** It did not answer. */
    readonly error: string | undefined;
  }[];
  /** Integrations that send to the outside, of the configuration in force. */
  readonly receivers: readonly {
    readonly id: string;
    readonly project: string;
    readonly state: "delivers" | "down" | "silent";
  }[];
}

type ChainVerdict =
  | { readonly alive: true; readonly detail: string }
  | {
      readonly alive: false;
      readonly reason: "router_silent" | "rules_stale" | "no_receiver_left";
      readonly detail: string;
    };

/** A group is late after this many of its intervals, and a minute. */
const INTERVALS = 3;
const GRACE_MS = 60_000;

/**
 * Whether an alert would reach somebody: every router answers, every rule group was evaluated lately, and of each
 * project that has receivers at least one delivers.
 */
export function judgeChain(f: ChainFindings): ChainVerdict {
  const router = f.routers.find((r) => r.error !== undefined);
  if (router !== undefined)
    return {
      alive: false,
      reason: "router_silent",
      detail: `the router of ${router.project} does not answer: ${router.error}`,
    };
  const late = f.groups.filter(
    (g) =>
      g.error !== undefined || f.nowMs - g.lastEvaluationMs > INTERVALS * g.intervalMs + GRACE_MS,
  );
  if (late.length > 0)
    return {
      alive: false,
      reason: "rules_stale",
      detail: `${late.length} of ${f.groups.length} rule groups are not evaluated: ${late
        .slice(0, 5)
        .map((g) => g.name)
        .join(", ")}`,
    };
  for (const project of new Set(f.receivers.map((r) => r.project))) {
    const own = f.receivers.filter((r) => r.project === project);
    if (own.some((r) => r.state === "delivers")) continue;
    return {
      alive: false,
      reason: "no_receiver_left",
      detail: `no receiver of ${project} delivers: ${own.map((r) => `${r.id} is ${r.state}`).join(", ")}`,
    };
  }
  return {
    alive: true,
    detail: `${f.routers.length} routers, ${f.groups.length} rule groups, ${f.receivers.length} receivers`,
  };
}
