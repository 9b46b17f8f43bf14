import type { Context } from "hono";
import { labelsOf } from "../../core/labels";
import { compileMatchers } from "../../core/matchers";
import { type GroupState, type RuleState, groupKey } from "../../rules/model";
import type { AppEnv, Deps } from "../deps";
import { invalid, matchParams } from "../prometheus/params";
import { failure, success } from "../prometheus/respond";
import { renderAlert, renderGroup } from "./render";
import { type StoredGroup, listGroups } from "./store";

/** Groups asked for their state at once. */
const AT_ONCE = 20;

/** A store or a group that does not answer, in this API's own shape. */
export function answered(ask: (c: Context<AppEnv>) => Promise<Response>) {
  return async (c: Context<AppEnv>): Promise<Response> => {
    try {
      return await ask(c);
    } catch (e) {
      console.error("rules: not answered", e);
      return failure({
        status: 503,
        errorType: "unavailable",
        error: `the rules cannot be read: ${e instanceof Error ? e.message : String(e)}`,
      });
    }
  };
}

/** `GET /api/v1/rules` */
export async function getRules(c: Context<AppEnv>): Promise<Response> {
  const p = new URL(c.req.url).searchParams;
  const type = (p.get("type") ?? "").toLowerCase();
  if (type !== "" && type !== "alert" && type !== "record")
    return failure(invalid("type", `not supported value ${JSON.stringify(p.get("type"))}`));
  const exclude = p.get("exclude_alerts") ?? "";
  if (!/^(|1|t|true|0|f|false)$/i.test(exclude))
    return failure(invalid("exclude_alerts", `not a truth value: ${JSON.stringify(exclude)}`));
  const matchers = matchParams(p);
  if (!matchers.ok) return failure(matchers.error);
  const tests = matchers.value.map((m) => compileMatchers(m));
  const [names, groups, files] = ["rule_name[]", "rule_group[]", "file[]"].map(
    (n) => new Set(p.getAll(n)),
  ) as [Set<string>, Set<string>, Set<string>];
  const wanted = (r: RuleState): boolean => {
    const kindFits = type === "" || (type === "alert") === (r.rule.kind === "alerting");
    const labels = labelsOf(r.rule.labels);
    return (
      kindFits &&
      (names.size === 0 || names.has(r.rule.name)) &&
      (tests.length === 0 || tests.some((t) => t(labels)))
    );
  };
  const narrowed = names.size + tests.length > 0 || type !== "";
  const states = await groupStates(
    c.get("deps"),
    c.get("actor").projectId,
    (g) =>
      (groups.size === 0 || groups.has(g.name)) && (files.size === 0 || files.has(g.namespace)),
  );
  const shown = states.flatMap((g) => {
    const rules = g.rules.filter(wanted);
    // A group of which nothing was asked for is left out, as in Prometheus.
    return narrowed && rules.length === 0
      ? []
      : [renderGroup(g, rules, !/^(1|t|true)$/i.test(exclude))];
  });
  return success({ groups: shown });
}

/** `GET /api/v1/alerts` */
export async function getAlerts(c: Context<AppEnv>): Promise<Response> {
  const states = await groupStates(c.get("deps"), c.get("actor").projectId, () => true);
  const alerts = states.flatMap((g) => g.rules.flatMap((r) => r.alerts.map(renderAlert)));
  return success({ alerts });
}

/** The state of every chosen group, by namespace and name. One that runs no more is left out. */
async function groupStates(
  deps: Deps,
  projectId: string,
  chosen: (g: StoredGroup) => boolean,
): Promise<GroupState[]> {
  const groups = (await listGroups(deps, projectId)).filter(chosen);
  const objects = deps.objects(projectId);
  const out: GroupState[] = [];
  for (let i = 0; i < groups.length; i += AT_ONCE) {
    const texts = await Promise.all(
      groups
        .slice(i, i + AT_ONCE)
        .map((g) => objects.ruleGroup(groupKey(g.namespace, g.name)).state()),
    );
    for (const text of texts) {
      const state = JSON.parse(text) as GroupState | null; // made by RuleGroup.state()
      if (state !== null) out.push(state);
    }
  }
  return out;
}
