import { RE2JS } from "re2js";
import { Fields, type YamlFile } from "../alerting/yaml-fields";
import { RELABEL_ACTIONS, type RelabelConfig } from "./relabel";

/** A list of relabelling steps, with Prometheus' own checks and words. */
export function parseRelabelConfigs(file: YamlFile, from: Fields, name: string): RelabelConfig[] {
  return from.list(name).map(({ node, path }) => readStep(file, new Fields(file, node, path)));
}

function readStep(file: YamlFile, f: Fields): RelabelConfig {
  const refuse = (message: string): never =>
    file.refuse(f.node, "value_wrong", `${f.path}: ${message}`);
  const asked = (f.text("action") ?? "replace").toLowerCase();
  const action = RELABEL_ACTIONS.find((a) => a === asked);
  if (action === undefined) return refuse(`unknown relabel action ${JSON.stringify(asked)}`);
  const sourceLabels = f.texts("source_labels").map((t) => t.text);
  const separator = f.text("separator") ?? ";";
  const regex = f.text("regex") ?? "(.*)";
  const modulus = f.wholeNumber("modulus", 0);
  const targetLabel = f.text("target_label") ?? "";
  const replacement = f.text("replacement") ?? "$1";
  f.end();
  try {
    RE2JS.compile(`^(?s:${regex})$`);
  } catch (e) {
    return refuse(e instanceof Error ? e.message : String(e));
  }
  if (action === "hashmod" && modulus === 0)
    refuse("relabel configuration for hashmod requires non-zero modulus");
  const needsTarget =
    action === "replace" ||
    action === "hashmod" ||
    action === "lowercase" ||
    action === "uppercase" ||
    action === "keepequal" ||
    action === "dropequal";
  if (needsTarget && targetLabel === "")
    refuse(`relabel configuration for ${action} action requires 'target_label' value`);
  if ((action === "labeldrop" || action === "labelkeep") && sourceLabels.length > 0)
    refuse(`${action} action requires only 'regex', and no other fields`);
  return { sourceLabels, separator, regex, modulus, targetLabel, replacement, action };
}
