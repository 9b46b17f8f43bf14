import type { Context } from "hono";
import { compileShorthand, isShorthand } from "../../rules/shorthand/compile";
import type { AppEnv } from "../deps";
import { problem } from "../problem";
import { readText } from "../text-body";
import { rulesProblem } from "./problems";
import { unseenWarnings } from "./unseen";

const MAX_BODY = 256 * 1024;

/**
 * `POST /api/v1/rules/compile`: what rules in the shorthand become, as a Prometheus rule file. What is to be known of
 * it stands in comments at its head. Nothing is stored.
 */
export async function postCompile(c: Context<AppEnv>): Promise<Response> {
  const text = await readText(c, "yaml", MAX_BODY);
  if (!text.ok) return problem(c, text.error);
  if (!isShorthand(text.value))
    return problem(c, {
      status: 400,
      code: "rules_field_missing",
      detail: "not in the shorthand: it has neither alerts: nor rules: of its own",
      where: "1:1",
    });
  const compiled = compileShorthand(text.value);
  if (!compiled.ok) return rulesProblem(c, { reason: "refused", refusal: compiled.error });
  const { yaml, file } = compiled.value;
  const deps = c.get("deps");
  const reads = file.rules.map((r) => ({ ...r, rule: r.name }));
  const unseen = await unseenWarnings(deps.metrics(c.get("actor").projectId), deps.clock(), reads);
  const head = [...file.notes, ...unseen].map((n) => `# ${n}\n`).join("");
  return c.body(head + yaml, 200, { "content-type": "application/yaml" });
}
