import {
  type Document,
  type Node,
  type YAMLMap,
  LineCounter,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
} from "yaml";
import { parseDuration, renderDuration } from "../core/duration";
import { type Result, err, ok } from "../core/result";
import { SEVERITIES, type Severity } from "./model";

/** Steps are taken in order until somebody acknowledges. */
export interface EscalationPolicy {
  readonly name: string;
  readonly steps: readonly EscalationStep[];
  /** How many times the whole list is taken; 1 unless set. */
  readonly rounds: number;
}

export interface EscalationStep {
  /** Milliseconds after the incident was opened, or after the round began. */
  readonly afterMs: number;
  /** Receivers of the Alertmanager configuration. */
  readonly receivers: readonly string[];
}

/** Which policy an incident of a severity follows; a severity without one notifies nobody further. */
export type EscalationConfig = Readonly<Partial<Record<Severity, EscalationPolicy>>>;

export interface PolicyError {
  readonly reason:
    | "yaml_malformed"
    | "field_unknown"
    | "field_missing"
    | "value_wrong"
    | "steps_out_of_order"
    | "receiver_unknown";
  readonly message: string;
  readonly line: number;
  readonly column: number;
}

/** Minutes until the first reminder, per severity; the second comes after as many again. */
const DEFAULT_MINUTES: readonly (readonly [Severity, number])[] = [
  ["critical", 15],
  ["high", 30],
  ["medium", 60],
];

/**
 * In force while none is configured. The router has told the group's receiver already, so
 * the first step reminds it after 15, 30 or 60 minutes, and the second tells the root receiver.
 */
export function defaultEscalation(receiver: string, root: string): EscalationConfig {
  return Object.fromEntries(
    DEFAULT_MINUTES.map(([severity, minutes]) => [
      severity,
      {
        name: `default-${severity}`,
        rounds: 1,
        steps: [
          { afterMs: minutes * 60_000, receivers: [receiver] },
          { afterMs: 2 * minutes * 60_000, receivers: [...new Set([receiver, root])] },
        ],
      },
    ]),
  );
}

/**
 * Reads the escalation file:
 * ```yaml
 * policies:
 *   critical:
 *     rounds: 2
 *     steps:
 *       - {after: 0s, receiver: pager}
 *       - {after: 15m, receivers: [lead, manager]}
 * ```
 * @param known receivers of the Alertmanager configuration
 */
export function parseEscalation(
  text: string,
  known: readonly string[],
): Result<EscalationConfig, PolicyError> {
  const lines = new LineCounter();
  const doc = parsed(text, lines);
  if (doc === undefined)
    return err({ reason: "yaml_malformed", message: "nested too deeply", line: 1, column: 1 });
  const reader = new Reader(lines, known);
  const broken = doc.errors[0];
  if (broken !== undefined) {
    const { line, col } = lines.linePos(broken.pos[0]);
    return err({
      reason: "yaml_malformed",
      message: broken.message.split("\n")[0] ?? "malformed YAML",
      line,
      column: col,
    });
  }
  try {
    return ok(reader.config(doc.contents as Node | null));
  } catch (e) {
    if (e instanceof Refusal) return err(e.error);
    throw e;
  }
}

/** Undefined where it nests so deeply that the parser, which descends once per level, gives up. */
function parsed(text: string, lineCounter: LineCounter): Document | undefined {
  try {
    return parseDocument(text, { lineCounter });
  } catch (e) {
    if (e instanceof RangeError) return undefined;
    throw e;
  }
}

/** The file's text for a configuration: what GET answers where none was put. */
export function renderEscalation(config: EscalationConfig): string {
  const lines = ["policies:"];
  for (const severity of SEVERITIES) {
    const policy = config[severity];
    if (policy === undefined) continue;
    lines.push(`  ${severity}:`, `    rounds: ${policy.rounds}`, "    steps:");
    for (const s of policy.steps)
      lines.push(
        `      - {after: ${renderDuration(s.afterMs)}, receivers: [${s.receivers.map((r) => JSON.stringify(r)).join(", ")}]}`,
      );
  }
  return `${lines.join("\n")}\n`;
}

class Refusal extends Error {
  constructor(readonly error: PolicyError) {
    super(error.message);
  }
}

const MAX_ROUNDS = 10;
const MAX_STEPS = 20;

class Reader {
  constructor(
    private readonly lines: LineCounter,
    private readonly known: readonly string[],
  ) {}

  config(root: Node | null): EscalationConfig {
    const map = this.map(root, root, "the file");
    this.onlyFields(map, ["policies"]);
    const policies = this.map(map.get("policies", true) as Node | null, map, "policies");
    const out: Partial<Record<Severity, EscalationPolicy>> = {};
    for (const item of policies.items) {
      const key = isScalar(item.key) ? String(item.key.value) : "";
      const severity = SEVERITIES.find((s) => s === key);
      if (severity === undefined)
        this.refuse(
          "field_unknown",
          `policies are per severity (${SEVERITIES.join(", ")}), not ${JSON.stringify(key)}`,
          item.key as Node,
        );
      out[severity] = this.policy(severity, item.value as Node | null, policies);
    }
    return out;
  }

  private policy(severity: Severity, node: Node | null, parent: Node): EscalationPolicy {
    const map = this.map(node, parent, `the policy of ${severity}`);
    this.onlyFields(map, ["name", "rounds", "steps"]);
    const rounds = map.get("rounds") ?? 1;
    if (
      typeof rounds !== "number" ||
      !Number.isInteger(rounds) ||
      rounds < 1 ||
      rounds > MAX_ROUNDS
    ) {
      this.refuse("value_wrong", `rounds is a whole number from 1 to ${MAX_ROUNDS}`, map);
    }
    const steps = map.get("steps", true);
    if (!isSeq(steps) || steps.items.length === 0)
      this.refuse("field_missing", `the policy of ${severity} needs steps`, map);
    if (steps.items.length > MAX_STEPS)
      this.refuse("value_wrong", `at most ${MAX_STEPS} steps`, steps);
    const read = steps.items.map((s) => this.step(s as Node, steps));
    read.forEach((s, i) => {
      const before = read[i - 1];
      if (before !== undefined && s.afterMs <= before.afterMs)
        this.refuse(
          "steps_out_of_order",
          "each step comes after the one before it",
          steps.items[i] as Node,
        );
    });
    const name = map.get("name");
    return { name: typeof name === "string" ? name : severity, rounds, steps: read };
  }

  private step(node: Node, parent: Node): EscalationStep {
    const map = this.map(node, parent, "a step");
    this.onlyFields(map, ["after", "receiver", "receivers"]);
    const after = parseDuration(String(map.get("after") ?? "0"));
    if (!after.ok) this.refuse("value_wrong", `after: ${after.error}`, map);
    const one = map.get("receiver");
    const many = map.get("receivers", true);
    const receivers = isSeq(many)
      ? many.items.map((n) => (isScalar(n) ? String(n.value) : ""))
      : one === undefined
        ? []
        : [String(one)];
    if (receivers.length === 0) this.refuse("field_missing", "a step needs a receiver", map);
    for (const r of receivers)
      if (!this.known.includes(r))
        this.refuse(
          "receiver_unknown",
          `there is no receiver ${JSON.stringify(r)} in the Alertmanager configuration`,
          map,
        );
    return { afterMs: after.value, receivers };
  }

  private map(node: Node | null | undefined, parent: Node | null, what: string): YAMLMap {
    if (isMap(node)) return node;
    return this.refuse("value_wrong", `${what} must be a map`, node ?? parent);
  }

  private onlyFields(map: YAMLMap, known: readonly string[]): void {
    for (const item of map.items) {
      const key = isScalar(item.key) ? String(item.key.value) : "";
      if (!known.includes(key))
        this.refuse(
          "field_unknown",
          `field ${JSON.stringify(key)} is not known here; known are ${known.join(", ")}`,
          item.key as Node,
        );
    }
  }

  private refuse(reason: PolicyError["reason"], message: string, at: Node | null): never {
    const { line, col } = this.lines.linePos(at?.range?.[0] ?? 0);
    throw new Refusal({ reason, message, line, column: col });
  }
}
