import { RE2JS } from "re2js";
import { type Labels, labelValue, labelsFromPairs } from "../core/labels";

export const RELABEL_ACTIONS = [
  "replace",
  "keep",
  "drop",
  "keepequal",
  "dropequal",
  "hashmod",
  "labelmap",
  "labeldrop",
  "labelkeep",
  "lowercase",
  "uppercase",
] as const;
export type RelabelAction = (typeof RELABEL_ACTIONS)[number];

/** One step of `relabel_configs`, defaults filled in (https://prometheus.io/docs/prometheus/latest/configuration/configuration/#relabel_config). */
export interface RelabelConfig {
  readonly sourceLabels: readonly string[];
  readonly separator: string;
  /** RE2, anchored at both ends. */
  readonly regex: string;
  readonly modulus: number;
  readonly targetLabel: string;
  readonly replacement: string;
  readonly action: RelabelAction;
}

/** A step that {@link applyRelabel} runs: the pattern compiled, md5 handed in. */
export interface RelabelStep extends RelabelConfig {
  readonly pattern: RE2JS;
}

/** @throws Error with RE2's words for a pattern that it refuses */
export function compileRelabel(configs: readonly RelabelConfig[]): RelabelStep[] {
  return configs.map((c) => ({ ...c, pattern: RE2JS.compile(`^(?s:${c.regex})$`) }));
}

/** The last eight bytes of a text's md5, big-endian, as `hashmod` counts with. */
export type HashTail = (text: string) => bigint;

/**
 * Runs the steps over a label set; undefined where it was dropped. A label set to "" is gone.
 * @param hash used by `hashmod` alone
 */
export function applyRelabel(
  labels: Labels,
  steps: readonly RelabelStep[],
  hash: HashTail,
): Labels | undefined {
  let now = labels;
  for (const step of steps) {
    const next = applyOne(now, step, hash);
    if (next === undefined) return undefined;
    now = next;
  }
  return now;
}

function applyOne(labels: Labels, c: RelabelStep, hash: HashTail): Labels | undefined {
  const value = c.sourceLabels.map((name) => labelValue(labels, name)).join(c.separator);
  switch (c.action) {
    case "keep":
      return c.pattern.matches(value) ? labels : undefined;
    case "drop":
      return c.pattern.matches(value) ? undefined : labels;
    case "keepequal":
      return labelValue(labels, c.targetLabel) === value ? labels : undefined;
    case "dropequal":
      return labelValue(labels, c.targetLabel) === value ? undefined : labels;
    case "replace":
      return replaced(labels, c, value);
    case "lowercase":
      return setLabel(labels, c.targetLabel, value.toLowerCase());
    case "uppercase":
      return setLabel(labels, c.targetLabel, value.toUpperCase());
    case "hashmod":
      return setLabel(labels, c.targetLabel, String(hash(value) % BigInt(c.modulus)));
    case "labelmap":
      return mapped(labels, c);
    case "labeldrop":
      return filtered(labels, (name) => !c.pattern.matches(name));
    case "labelkeep":
      return filtered(labels, (name) => c.pattern.matches(name));
  }
}

function replaced(labels: Labels, c: RelabelStep, value: string): Labels {
  const m = c.pattern.matcher(value);
  if (!m.matches()) return labels;
  const group = groupsOf(m, c.pattern);
  const target = expandTemplate(c.targetLabel, group);
  // As Prometheus: a target that came out as no label name changes nothing.
  if (target === "") return labels;
  return setLabel(labels, target, expandTemplate(c.replacement, group));
}

function mapped(labels: Labels, c: RelabelStep): Labels {
  let out = labels;
  for (let i = 0; i < labels.length; i += 2) {
    const m = c.pattern.matcher(labels[i] as string);
    if (m.matches())
      out = setLabel(
        out,
        expandTemplate(c.replacement, groupsOf(m, c.pattern)),
        labels[i + 1] as string,
      );
  }
  return out;
}

function filtered(labels: Labels, keep: (name: string) => boolean): Labels {
  const pairs: [string, string][] = [];
  for (let i = 0; i < labels.length; i += 2)
    if (keep(labels[i] as string)) pairs.push([labels[i] as string, labels[i + 1] as string]);
  return labelsFromPairs(pairs);
}

/** The labels with `name` set, or without it where the value is empty. */
export function setLabel(labels: Labels, name: string, value: string): Labels {
  const pairs: [string, string][] = [];
  for (let i = 0; i < labels.length; i += 2)
    if (labels[i] !== name) pairs.push([labels[i] as string, labels[i + 1] as string]);
  if (value !== "" && name !== "") pairs.push([name, value]);
  return labelsFromPairs(pairs);
}

type GroupOf = (name: string) => string;

function groupsOf(m: ReturnType<RE2JS["matcher"]>, pattern: RE2JS): GroupOf {
  const named = pattern.namedGroups();
  return (name) => {
    const number = /^\d+$/.test(name) ? Number(name) : named[name];
    if (number === undefined || number > m.groupCount()) return "";
    return m.group(number) ?? "";
  };
}

/** Fills `$1`, `$name` and `${name}` as Go's regexp.Expand: the longest name counts, `$$` is a dollar, unknown groups are empty. */
export function expandTemplate(template: string, group: GroupOf): string {
  return template.replaceAll(
    /\$(?:\$|\{([\p{L}\p{N}_]+)\}|([\p{L}\p{N}_]+))/gu,
    (all, braced?: string, bare?: string) => {
      if (all === "$$") return "$";
      return group((braced ?? bare) as string);
    },
  );
}
