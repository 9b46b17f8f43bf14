import type { RouterConfig } from "../alerting/config";
import { BatchBuilder } from "../core/batch";
import { labelsOf } from "../core/labels";
import { checkOutgoingUrl } from "../core/outgoing-url";
import type { Deps } from "../http/deps";
import { type ReceiverHealthView, judgeHealth } from "../notify/receiver-health";
import type { GroupState } from "../rules/model";
import { type ChainFindings, judgeChain } from "./chain-alive";
import { type Job, EVERY_MINUTE } from "./job";

const ANSWER_MS = 10_000;
const AT_ONCE = 6; // simultaneous connections of one invocation (D:workers/platform/limits)
/** Objects of a class that are asked; a deployment has 50 requests to spend on the free plan. */
const MOST = 30;

export const OUTBOUND_WATCHDOG = "outbound-watchdog";

/**
 * Calls an address outside while alerts would reach somebody, so that whoever waits for the call learns when
 * Vedette itself stops: nothing inside a deployment can tell of its own end.
 */
export const outboundWatchdog: Job = {
  name: OUTBOUND_WATCHDOG,
  pattern: EVERY_MINUTE,
  what: "calls WATCHDOG_URL as long as rules are evaluated and receivers deliver",
  async run(deps, nowMs) {
    const { watchdogUrl } = deps.config;
    if (watchdogUrl === undefined) return "WATCHDOG_URL is not set";
    const verdict = judgeChain(await look(deps, nowMs));
    if (!verdict.alive) throw new Error(`not called: ${verdict.reason}: ${verdict.detail}`);
    await call(deps, watchdogUrl);
    await publish(deps, nowMs);
    return `called; ${verdict.detail}`;
  },
};

interface Known {
  readonly project: string;
  readonly className: string;
  readonly rest: string;
}

/** The objects last listed, for when D1 does not answer: rules are evaluated all the same. */
let known: readonly Known[] | undefined;

async function objectsOf(deps: Deps): Promise<readonly Known[]> {
  try {
    known = (await within(deps.tickingObjects())).map((o) => {
      const at = o.objectName.indexOf("/");
      return {
        project: o.objectName.slice(0, at),
        className: o.className,
        rest: o.objectName.slice(at + 1),
      };
    });
  } catch (e) {
    if (known === undefined) throw e;
  }
  return known;
}

async function look(deps: Deps, nowMs: number): Promise<ChainFindings> {
  const objects = await objectsOf(deps);
  const of = (className: string): readonly Known[] =>
    objects.filter((o) => o.className === className).slice(0, MOST);
  const sending = new Map<string, ReadonlySet<string>>();
  const routers = await eachOf(of("AlertRouter"), async ({ project }) => {
    try {
      const config = await within(deps.objects(project).alertRouter().configuration());
      sending.set(project, sendersOf(JSON.parse(config) as RouterConfig)); // as the router keeps it
      return { project, error: undefined };
    } catch (e) {
      return { project, error: messageOf(e) };
    }
  });
  const groups = await eachOf(of("RuleGroup"), ({ project, rest }) =>
    lookAtGroup(deps, project, rest, nowMs),
  );
  const inForce = of("Receiver").filter((r) => sending.get(r.project)?.has(r.rest) === true);
  const receivers = await eachOf(inForce, async ({ project, rest }) => ({
    id: rest,
    project,
    state: await stateOf(deps, project, rest, nowMs),
  }));
  return { nowMs, routers, groups: groups.flatMap((g) => g ?? []), receivers };
}

/** Undefined for a group that was removed. */
async function lookAtGroup(
  deps: Deps,
  project: string,
  name: string,
  nowMs: number,
): Promise<ChainFindings["groups"][number] | undefined> {
  const group = deps.objects(project).ruleGroup(name);
  try {
    const { lastTickMs } = await within(group.ensureTicking());
    // The state is larger, and asked for where the tick alone does not tell: after a sleep, and of slow groups.
    if (nowMs - lastTickMs < 60_000)
      return { name, intervalMs: 0, lastEvaluationMs: lastTickMs, error: undefined };
    const state = JSON.parse(await within(group.state())) as GroupState | null; // as RuleGroupRpc.state says
    if (state === null) return undefined;
    const { intervalMs, lastEvaluationMs } = state;
    return { name, intervalMs, lastEvaluationMs, error: undefined };
  } catch (e) {
    return { name, intervalMs: 0, lastEvaluationMs: 0, error: messageOf(e) };
  }
}

async function stateOf(
  deps: Deps,
  project: string,
  id: string,
  nowMs: number,
): Promise<"delivers" | "down" | "silent"> {
  try {
    const json = await within(deps.objects(project).receiver(id).health());
    const { failing } = JSON.parse(json) as ReceiverHealthView; // as ReceiverRpc.health says
    return judgeHealth(failing ?? undefined, nowMs).down ? "down" : "delivers";
  } catch {
    return "silent";
  }
}

/** Ids of the integrations that reach the outside. */
function sendersOf(config: RouterConfig): ReadonlySet<string> {
  return new Set(
    config.receivers
      .flatMap((r) => r.integrations)
      .filter((i) => i.type !== "builtin" && i.type !== "incident")
      .map((i) => i.id),
  );
}

/** A bare GET: what matters is that it comes. Twice, as one lost packet is no news. */
async function call(deps: Deps, watchdogUrl: string): Promise<void> {
  const address = checkOutgoingUrl(watchdogUrl, deps.config.local);
  if (!address.ok) throw new Error(`WATCHDOG_URL may not be called: ${address.error.message}`);
  const { origin } = address.value;
  let failure = "";
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const r = await fetch(address.value, {
        headers: { "user-agent": "Vedette" },
        redirect: "manual",
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      await r.body?.cancel();
      if (r.ok) return;
      failure = `HTTP ${r.status}`;
    } catch (e) {
      failure = messageOf(e).replaceAll(watchdogUrl, origin);
    }
  }
  // The path of such an address is a secret.
  throw new Error(`${origin} was called and did not take it: ${failure}`);
}

async function publish(deps: Deps, nowMs: number): Promise<void> {
  const batch = new BatchBuilder(deps.newId());
  const name = "vedette_watchdog_last_call_timestamp_seconds";
  batch.sample(batch.series(labelsOf({ __name__: name })), nowMs, nowMs / 1_000);
  try {
    await within(deps.metrics("default").append(batch.finish()));
  } catch (e) {
    console.warn(`the watchdog's call was not noted: ${messageOf(e)}`);
  }
}

async function eachOf<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const out: R[] = [];
  for (let i = 0; i < items.length; i += AT_ONCE)
    out.push(...(await Promise.all(items.slice(i, i + AT_ONCE).map(work))));
  return out;
}

async function within<T>(work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no answer within ${ANSWER_MS / 1000} s`)),
      ANSWER_MS,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function messageOf(e: unknown): string {
  return e instanceof Error ? e.message : String(e);
}
