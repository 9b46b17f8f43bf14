import type { Node } from "yaml";
import { isMap, isScalar, isSeq } from "yaml";
import { Refused } from "../../alerting/config-error";
import type { Fields, YamlFile } from "../../alerting/yaml-fields";
import { parseDuration } from "../../core/duration";
import { innerPosition } from "../yaml-position";
import type { CountCheck } from "./counts";

/** A text of the file with its node, so that what is wrong inside it can be pointed at. */
export interface Text {
  readonly text: string;
  readonly node: Node;
}

export function textOf(f: Fields, name: string): Text | undefined {
  const node = f.take(name);
  return node === undefined ? undefined : { text: f.scalarText(node, f.at(name)), node };
}

/** Refuses at a column inside a scalar of the file. */
export function refuseInside(source: string, node: Node, column: number, message: string): never {
  const at = innerPosition(source, node, { line: 1, column });
  throw new Refused({ reason: "value_wrong", message, ...at });
}

/** A mapping of entries by name, or a list of them; with each one's name in the mapping. */
export function entries(
  f: Fields,
  name: string,
): { readonly key: string | undefined; readonly node: Node; readonly path: string }[] {
  const node = f.take(name);
  if (node === undefined) return [];
  const { file } = f;
  const of = (value: unknown, path: string): Node =>
    file.resolve(value) ?? file.refuse(node, "value_wrong", `${path} is empty`);
  if (isSeq(node))
    return node.items.map((item, i) => {
      const path = `${f.at(name)}[${i}]`;
      return { key: undefined, node: of(item, path), path };
    });
  if (!isMap(node))
    return file.refuse(node, "value_wrong", `${f.at(name)} must be a list or a mapping of rules`);
  return node.items.map((pair) => {
    const key = isScalar(pair.key) ? String(pair.key.value) : "";
    const path = `${f.at(name)}.${key}`;
    return { key, node: of(pair.value, path), path };
  });
}

/** One text or a list of them. */
export function textList(f: Fields, name: string): Text[] {
  const node = f.take(name);
  if (node === undefined) return [];
  if (!isSeq(node)) return [{ text: f.scalarText(node, f.at(name)), node }];
  return node.items.map((item, i) => {
    const inner =
      f.file.resolve(item) ?? f.file.refuse(node, "value_wrong", `${f.at(name)}[${i}] is empty`);
    return { text: f.scalarText(inner, `${f.at(name)}[${i}]`), node: inner };
  });
}

/** `actions:` — `[slack, email]`, or `- notify: slack` entries as monitoring code writes them. */
export function actionsOf(f: Fields): string[] {
  const node = f.take("actions");
  if (node === undefined) return [];
  const items = isSeq(node) ? node.items : [node];
  const out = items.map((item, i) => {
    const path = `${f.at("actions")}[${i}]`;
    const of = f.file.resolve(item) ?? f.file.refuse(node, "value_wrong", `${path} is empty`);
    if (isScalar(of)) return action(f.file, of, f.scalarText(of, path));
    if (!isMap(of) || of.items.length !== 1)
      return f.file.refuse(of, "value_wrong", `${path} must be a name or "notify: NAME"`);
    const pair = of.items[0];
    const key = isScalar(pair?.key) ? String(pair.key.value) : "";
    const value = f.file.resolve(pair?.value);
    if (key !== "notify" || value === undefined)
      return f.file.refuse(
        of,
        "value_wrong",
        `${path}: unknown action ${JSON.stringify(key)}; write "notify: NAME"`,
      );
    return action(f.file, value, f.scalarText(value, path));
  });
  return [...new Set(out)];
}

function action(file: YamlFile, node: Node, name: string): string {
  if (!/^[A-Za-z0-9_.-]+$/.test(name))
    file.refuse(
      node,
      "value_wrong",
      `an action's name has letters, digits, _, - and . alone: ${JSON.stringify(name)}`,
    );
  return name;
}

/**
 * A cooldown in ms: a duration, or a bare number as code writes it. Below 1,000 that is minutes, from there on
 * milliseconds: nobody means a cooldown of less than a second, nor one of more than 16 hours, without a unit.
 */
export function cooldownOf(
  f: Fields,
): { readonly ms: number; readonly note?: string | undefined } | undefined {
  const found = textOf(f, "cooldown");
  if (found === undefined) return undefined;
  const bare = /^\d+(?:\.\d+)?$/.test(found.text) ? Number(found.text) : undefined;
  if (bare !== undefined) {
    const ms = Math.round(bare < 1_000 ? bare * 60_000 : bare);
    const note =
      bare < 1_000 ? "below 1,000 is in minutes" : "of 1,000 and more is in milliseconds";
    return { ms, note: `a cooldown without a unit ${note}` };
  }
  const parsed = parseDuration(found.text);
  if (!parsed.ok)
    return f.file.refuse(found.node, "value_wrong", `${f.at("cooldown")}: ${parsed.error}`);
  return { ms: parsed.value };
}

/** A duration field that has to have a unit. */
export function durationOf(
  f: Fields,
  ...names: readonly string[]
): { readonly ms: number; readonly node: Node } | undefined {
  const given = names.flatMap((name) => {
    const d = f.duration(name);
    return d === undefined ? [] : [{ ...d, name }];
  });
  const [first, second] = given;
  if (second !== undefined)
    f.file.refuse(
      second.node,
      "value_wrong",
      `${first?.name} and ${second.name} say the same; write one`,
    );
  if (first !== undefined && first.ms === 0 && !MAY_BE_0.has(first.name))
    f.file.refuse(first.node, "value_wrong", `${f.at(first.name)} must be longer than 0`);
  return first;
}

const MAY_BE_0: ReadonlySet<string> = new Set(["duration", "for", "keep_firing_for"]);

const CHECKS = [
  ["fewer_than", "<"],
  ["at_most", "<="],
  ["more_than", ">"],
  ["at_least", ">="],
] as const;
const WORDS =
  /^\s*(fewer than|less than|at most|more than|at least|<=|>=|<|>)\s*(\d+)\s+in\s+(?:the last\s+)?(\S+)\s*$/i;
const WORD_OPS: Readonly<Record<string, CountCheck["op"]>> = {
  "fewer than": "<",
  "less than": "<",
  "at most": "<=",
  "more than": ">",
  "at least": ">=",
};

/** `fewer_than: 5` with `in: 1h`, or `condition: fewer than 5 in 1h`. */
export function countCheckOf(f: Fields, condition: Text | undefined): CountCheck {
  if (condition !== undefined) {
    const m = WORDS.exec(condition.text);
    const inMs = parseDuration(m?.[3] ?? "");
    if (m === null || !inMs.ok)
      return f.file.refuse(
        condition.node,
        "value_wrong",
        `a condition on events or log lines reads "fewer than 5 in 1h" or "more than 10 in 5m", not ${JSON.stringify(condition.text)}`,
      );
    const word = (m[1] as string).toLowerCase();
    const op = WORD_OPS[word] ?? (word as CountCheck["op"]);
    return { op, count: Number(m[2]), inMs: inMs.value };
  }
  const given = CHECKS.flatMap(([name, op]) =>
    f.names().includes(name) ? [{ op, count: f.wholeNumber(name, 0) }] : [],
  );
  const within = f.duration("in");
  const [check, second] = given;
  if (check === undefined || second !== undefined || within === undefined)
    return f.file.refuse(
      f.node,
      "field_missing",
      `${f.path}: a rule on events or log lines needs one of fewer_than, at_most, more_than, at_least, and in: 1h`,
    );
  return { ...check, inMs: within.ms };
}
