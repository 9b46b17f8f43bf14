import { Document, Scalar, type YAMLMap, isMap } from "yaml";
import type { ConfigRefusal } from "../../alerting/config-error";
import { Refused } from "../../alerting/config-error";
import { YamlFile } from "../../alerting/yaml-fields";
import { renderDuration } from "../../core/duration";
import { type Result, err, ok } from "../../core/result";
import type { ShorthandFile, ShorthandRule } from "./model";
import { printed } from "./print";
import { OWN_FIELDS, readShorthand } from "./read";

export interface CompiledFile {
  /** A Prometheus rule file that promtool takes as well. */
  readonly yaml: string;
  readonly file: ShorthandFile;
}

/**
 * Whether a rule file is in the shorthand: `alerts:`, `thresholds:`, or `rules:` that are not Prometheus' own. A text that is no YAML is not.
 */
export function isShorthand(text: string): boolean {
  // Spares the usual file, which may be large, a second reading.
  if (/^groups\s*:/m.test(text)) return false;
  try {
    const { contents } = new YamlFile(text).document;
    if (!isMap(contents) || contents.has("groups")) return false;
    if (OWN_FIELDS.some((name) => contents.has(name))) return true;
    const rules: unknown = contents.toJSON()?.rules;
    if (!Array.isArray(rules)) return typeof rules === "object" && rules !== null;
    return rules.some((r: unknown) => isRecord(r) && !("expr" in r));
  } catch (e) {
    if (e instanceof Refused) return false;
    throw e;
  }
}

/** Compiles a shorthand file to Prometheus rules; what cannot be is refused with line and column. */
export function compileShorthand(text: string): Result<CompiledFile, ConfigRefusal> {
  try {
    const file = readShorthand(new YamlFile(text).root(), text);
    return ok({ yaml: yamlOf(file), file });
  } catch (e) {
    if (e instanceof Refused) return err(e.refusal);
    throw e;
  }
}

function yamlOf(file: ShorthandFile): string {
  const doc = new Document({
    groups: [
      {
        name: file.group,
        ...(file.interval === undefined ? {} : { interval: renderDuration(file.interval) }),
        ...(Object.keys(file.labels).length === 0 ? {} : { labels: file.labels }),
        rules: file.rules.map(ruleOf),
      },
    ],
  });
  file.rules.forEach((rule, i) => {
    const node = doc.getIn(["groups", 0, "rules", i]) as YAMLMap; // made above
    node.commentBefore = ` line ${rule.line}: ${rule.condition.replaceAll(/\s+/g, " ")}`;
  });
  return doc.toString({ lineWidth: 0 });
}

function ruleOf(rule: ShorthandRule): Record<string, unknown> {
  const expr = new Scalar(printed(rule.expr));
  if (expr.value.includes("\n")) expr.type = Scalar.BLOCK_LITERAL;
  const cooldown =
    rule.cooldownMs === 0 ? {} : { vedette_cooldown: renderDuration(rule.cooldownMs) };
  return {
    alert: rule.name,
    expr,
    ...(rule.forMs === 0 ? {} : { for: renderDuration(rule.forMs) }),
    ...(rule.keepFiringForMs === 0
      ? {}
      : { keep_firing_for: renderDuration(rule.keepFiringForMs) }),
    ...(Object.keys(rule.labels).length === 0 ? {} : { labels: rule.labels }),
    annotations: { ...rule.annotations, ...cooldown },
  };
}

function isRecord(v: unknown): v is Record<string, unknown> {
  return typeof v === "object" && v !== null;
}
