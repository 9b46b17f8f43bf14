import type { Context } from "hono";
import { compareStrings, labelsOf } from "../../core/labels";
import { compileMatchers } from "../../core/matchers";
import { type Result, err, ok } from "../../core/result";
import { quote } from "../../promql/quoting";
import { toHex } from "../../ingest/body/hex";
import { type GroupState, type RuleState, groupKey } from "../../rules/model";
import type { AppEnv, Deps } from "../deps";
import { atoi, invalid, matchParams } from "../prometheus/params";
import { type ApiError, badData, failure, success } from "../prometheus/respond";
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
  const asked = rulesQuestion(new URL(c.req.url).searchParams);
  if (!asked.ok) return failure(asked.error);
  const q = asked.value;
  const deps = c.get("deps");
  const { projectId } = c.get("actor");
  let groups = (await listGroups(deps, projectId))
    .filter(
      (g) =>
        (q.groups.size === 0 || q.groups.has(g.name)) &&
        (q.files.size === 0 || q.files.has(g.namespace)),
    )
    .toSorted((a, b) => compareStrings(a.namespace, b.namespace) || compareStrings(a.name, b.name));
  if (q.nextToken !== "") {
    const tokens = await Promise.all(groups.map((g) => tokenOf(g.namespace, g.name)));
    const from = tokens.indexOf(q.nextToken);
    if (from < 0)
      return failure(
        invalid(
          "group_next_token",
          `invalid group_next_token '${q.nextToken}'. were rule groups changed?`,
        ),
      );
    groups = groups.slice(from);
  }
  const shown: Record<string, unknown>[] = [];
  for (let i = 0; i < groups.length; i += AT_ONCE) {
    for (const g of await groupStates(deps, projectId, groups.slice(i, i + AT_ONCE))) {
      const rules = g.rules.filter(q.wanted);
      // A group of which nothing was asked for is left out, as in Prometheus.
      if (q.narrowed && rules.length === 0) continue;
      if (q.groupLimit > 0 && shown.length === q.groupLimit)
        return success({ groups: shown, groupNextToken: await tokenOf(g.namespace, g.name) });
      shown.push(renderGroup(g, rules, !q.excludeAlerts));
    }
  }
  return success({ groups: shown });
}

interface RulesQuestion {
  readonly wanted: (r: RuleState) => boolean;
  /** Whether {@link wanted} leaves anything out. */
  readonly narrowed: boolean;
  readonly groups: ReadonlySet<string>;
  readonly files: ReadonlySet<string>;
  readonly excludeAlerts: boolean;
  /** 0: all. */
  readonly groupLimit: number;
  /** "": from the first. */
  readonly nextToken: string;
}

function rulesQuestion(p: URLSearchParams): Result<RulesQuestion, ApiError> {
  const [names, groups, files] = ["rule_name[]", "rule_group[]", "file[]"].map(
    (n) => new Set(p.getAll(n)),
  ) as [Set<string>, Set<string>, Set<string>];
  const matchers = matchParams(p);
  if (!matchers.ok) return err(badData(matchers.error));
  const tests = matchers.value.map((m) => compileMatchers(m));
  const type = (p.get("type") ?? "").toLowerCase();
  if (type !== "" && type !== "alert" && type !== "record")
    return err(invalid("type", `not supported value ${quote(type)}`));
  const exclude = (p.get("exclude_alerts") ?? "").toLowerCase();
  if (!/^(|1|t|true|0|f|false)$/.test(exclude))
    return err(
      invalid(
        "exclude_alerts",
        `error converting exclude_alerts: strconv.ParseBool: parsing ${quote(exclude)}: invalid syntax`,
      ),
    );
  const limitText = p.get("group_limit") ?? "";
  const nextToken = p.get("group_next_token") ?? "";
  if (nextToken !== "" && limitText === "")
    return err(
      invalid(
        "group_next_token",
        "group_limit needs to be present in order to paginate over the groups",
      ),
    );
  const limit = limitText === "" ? ok(0) : groupLimit(limitText);
  if (!limit.ok) return limit;
  return ok({
    wanted: (r) => {
      const labels = labelsOf(r.rule.labels);
      return (
        (type === "" || (type === "alert") === (r.rule.kind === "alerting")) &&
        (names.size === 0 || names.has(r.rule.name)) &&
        (tests.length === 0 || tests.some((t) => t(labels)))
      );
    },
    narrowed: names.size + tests.length > 0 || type !== "",
    groups,
    files,
    excludeAlerts: /^(1|t|true)$/.test(exclude),
    groupLimit: limit.value,
    nextToken,
  });
}

const MAX_INT32 = 2 ** 31 - 1;

function groupLimit(text: string): Result<number, ApiError> {
  const n = atoi(text);
  const why = !n.ok ? n.error : Math.abs(n.value) > MAX_INT32 ? "value out of range" : undefined;
  if (why !== undefined || !n.ok)
    return err(
      invalid(
        "group_limit",
        `group_limit needs to be a valid number: strconv.ParseInt: parsing ${quote(text)}: ${why}`,
      ),
    );
  return n.value > 0 ? n : err(invalid("group_limit", "group_limit needs to be greater than 0"));
}

/** Names a group in the address of the next page. */
async function tokenOf(namespace: string, name: string): Promise<string> {
  const digest = await crypto.subtle.digest(
    "SHA-1",
    new TextEncoder().encode(`${namespace};${name}`),
  );
  return toHex(new Uint8Array(digest));
}

/** `GET /api/v1/alerts` */
export async function getAlerts(c: Context<AppEnv>): Promise<Response> {
  const deps = c.get("deps");
  const { projectId } = c.get("actor");
  const states = await groupStates(deps, projectId, await listGroups(deps, projectId));
  const alerts = states.flatMap((g) => g.rules.flatMap((r) => r.alerts.map(renderAlert)));
  return success({ alerts });
}

/** The state of each group, by namespace and name. One that runs no more is left out. */
async function groupStates(
  deps: Deps,
  projectId: string,
  groups: readonly StoredGroup[],
): Promise<GroupState[]> {
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
