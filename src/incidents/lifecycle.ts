import { type Result, err, ok } from "../core/result";
import type { IncidentAlerts } from "../core/objects";
import { firstWithin, jsonBytes } from "../core/stored-size";
import {
  type Command,
  type EscalationState,
  type Incident,
  type IncidentAlert,
  type Severity,
  type TimelineEntry,
  type TimelineKind,
  MAX_ALERTS,
  MAX_ALERT_BYTES,
  MAX_TIMELINE,
  MAX_TIMELINE_BYTES,
  SEVERITIES,
  SYSTEM,
} from "./model";
import { type EscalationConfig, type EscalationPolicy } from "./policy";

/** Why a command was not done. */
export type CommandRefusal =
  | { readonly reason: "not_open_yet" }
  | { readonly reason: "already_resolved" }
  | { readonly reason: "already_acknowledged"; readonly by: string };

/** What an alert change did, for logs and tests. */
export type AlertsOutcome = "joined" | "resolved" | "updated" | "unchanged" | "already_resolved";

const NO_POLICY: EscalationPolicy = { name: "none", steps: [], rounds: 1 };

/** An incident for a group that has begun to fire. The first step is due at once where its `after` is 0. */
export function openIncident(
  change: IncidentAlerts,
  policies: EscalationConfig,
  nowMs: number,
): Incident {
  const severity = worstSeverity(change);
  const policy = policies[severity] ?? NO_POLICY;
  const title = titleOf(change);
  return {
    id: change.incidentId,
    projectId: change.projectId,
    title,
    severity,
    status: "open",
    groupKey: change.groupKey,
    receiver: change.receiver,
    groupLabels: change.groupLabels,
    commonLabels: change.commonLabels,
    commonAnnotations: change.commonAnnotations,
    alerts: mergeAlerts([], change.alerts, nowMs).alerts,
    openedAtMs: nowMs,
    escalation: escalationFrom(policy, nowMs),
    timeline: [
      {
        atMs: nowMs,
        author: SYSTEM,
        kind: "opened",
        text: `${title}: ${countOf(change.total ?? change.alerts.length, "alert")}`,
      },
    ],
  };
}

/**
 * Follows the policy that was configured all along but could not be read when the incident was
 * opened. A step that was taken meanwhile is not taken back: then the policy at hand stays.
 */
export function followPolicy(incident: Incident, policies: EscalationConfig): Incident {
  const { nextStep, round } = incident.escalation;
  if (incident.status !== "open" || nextStep > 0 || round > 1) return incident;
  const policy = policies[incident.severity] ?? NO_POLICY;
  const { held } = incident.escalation;
  const escalation = escalationFrom(policy, incident.openedAtMs);
  return {
    ...incident,
    escalation: held === undefined ? escalation : { ...escalation, held },
  };
}

function escalationFrom(policy: EscalationPolicy, openedAtMs: number): EscalationState {
  const first = policy.steps[0];
  return {
    policy,
    nextStep: 0,
    round: 1,
    ...(first === undefined ? {} : { dueAtMs: openedAtMs + first.afterMs }),
  };
}

/**
 * The group's alerts as they are now. Alerts that it did not have join; when none fires any
 * more the incident resolves and its escalation stops. A resolved incident stays so: the
 * group's next firing opens another one.
 */
export function applyAlerts(
  incident: Incident,
  change: IncidentAlerts,
  nowMs: number,
): { readonly incident: Incident; readonly outcome: AlertsOutcome } {
  if (incident.status === "resolved") return { incident, outcome: "already_resolved" };
  const merged = mergeAlerts(incident.alerts, change.alerts, nowMs);
  const severity = worse(incident.severity, worstSeverity(change));
  const entries = [...merged.entries];
  if (severity !== incident.severity)
    entries.push(entry(nowMs, SYSTEM, "severity_raised", `${incident.severity} → ${severity}`));
  let next: Incident = {
    ...incident,
    alerts: merged.alerts,
    severity,
    timeline: extend(incident.timeline, entries),
  };
  // The change tells all of the group that fires, also what the incident had no room for or has never heard the end of.
  if (change.alerts.every((a) => a.status === "resolved")) {
    next = resolved(next, SYSTEM, "every alert of the group resolved", nowMs);
    return { incident: next, outcome: "resolved" };
  }
  if (entries.length === 0) return { incident, outcome: "unchanged" };
  return {
    incident: next,
    outcome: entries.some((e) => e.kind === "alert_joined") ? "joined" : "updated",
  };
}

/**
 * Stops the escalation's clock while maintenance windows hold every alert that fires, and lets it go on
 * with the time that was left. Gives the incident itself where nothing changes.
 */
export function holdEscalation(
  incident: Incident,
  windows: readonly string[],
  nowMs: number,
): Incident {
  const { held, ...running } = incident.escalation;
  if (incident.status === "resolved") return incident;
  if (windows.length > 0) {
    // Somebody has it in hand: there is no clock to stop.
    if (incident.status === "acknowledged") return incident;
    if (held !== undefined && held.windows.join("\n") === windows.join("\n")) return incident;
    const entries =
      held === undefined
        ? [entry(nowMs, SYSTEM, "escalation_held", `maintenance: ${windows.join(", ")}`)]
        : [];
    return {
      ...incident,
      escalation: { ...running, held: { sinceMs: held?.sinceMs ?? nowMs, windows } },
      timeline: extend(incident.timeline, entries),
    };
  }
  if (held === undefined) return incident;
  const pausedMs = Math.max(0, nowMs - held.sinceMs);
  const dueAtMs =
    running.dueAtMs === undefined ? undefined : Math.max(nowMs, running.dueAtMs + pausedMs);
  return {
    ...incident,
    escalation: { ...running, ...(dueAtMs === undefined ? {} : { dueAtMs }) },
    timeline: extend(incident.timeline, [
      entry(nowMs, SYSTEM, "escalation_resumed", `maintenance is over: ${held.windows.join(", ")}`),
    ]),
  };
}

/** A person's command. Acknowledging and resolving stop the escalation. */
export function applyCommand(
  incident: Incident,
  command: Command,
  actor: string,
  nowMs: number,
): Result<Incident, CommandRefusal> {
  const withEntry = (kind: TimelineKind, text: string): Incident => ({
    ...incident,
    timeline: extend(incident.timeline, [entry(nowMs, actor, kind, text)]),
  });
  if (command.do === "note") return ok(withEntry("note", command.text));
  if (incident.status === "resolved") return err({ reason: "already_resolved" });
  switch (command.do) {
    case "acknowledge":
      if (incident.status === "acknowledged")
        return err({ reason: "already_acknowledged", by: incident.acknowledgedBy ?? "" });
      return ok({
        ...stopped(withEntry("acknowledged", "escalation stopped")),
        status: "acknowledged",
        acknowledgedAtMs: nowMs,
        acknowledgedBy: actor,
      });
    case "assign":
      return ok({
        ...withEntry(
          "assigned",
          incident.assignee === undefined
            ? `to ${command.assignee}`
            : `to ${command.assignee}, before ${incident.assignee}`,
        ),
        assignee: command.assignee,
      });
    case "resolve":
      return ok(resolved(incident, actor, command.note ?? "", nowMs));
  }
}

/** Severity by the label `severity`; names that other tools use are understood. */
export function severityOf(label: string | undefined): Severity {
  switch ((label ?? "").toLowerCase()) {
    case "critical":
    case "page":
    case "emergency":
    case "fatal":
      return "critical";
    case "high":
    case "error":
    case "major":
      return "high";
    case "low":
    case "info":
    case "notice":
      return "low";
    default:
      return "medium";
  }
}

export function entry(
  atMs: number,
  author: string,
  kind: TimelineKind,
  text: string,
): TimelineEntry {
  return { atMs, author, kind, text };
}

/** Keeps the opening entry and the newest; a flapping group must not outgrow its row. */
export function extend(
  timeline: readonly TimelineEntry[],
  entries: readonly TimelineEntry[],
): readonly TimelineEntry[] {
  const [first, ...rest] = [...timeline, ...entries];
  if (first === undefined) return [];
  const newest = rest.slice(-(MAX_TIMELINE - 1)).toReversed();
  const kept = firstWithin(newest, MAX_TIMELINE_BYTES, jsonBytes);
  return [first, ...kept.toReversed()];
}

function mergeAlerts(
  before: readonly IncidentAlert[],
  now: readonly IncidentAlert[],
  nowMs: number,
): { readonly alerts: readonly IncidentAlert[]; readonly entries: readonly TimelineEntry[] } {
  const known = new Map(before.map((a) => [a.fingerprint, a]));
  const entries: TimelineEntry[] = [];
  let left = MAX_ALERT_BYTES - before.reduce((n, a) => n + jsonBytes(a), 0);
  for (const a of now) {
    const old = known.get(a.fingerprint);
    const size = jsonBytes(a) - (old === undefined ? 0 : jsonBytes(old));
    if (old === undefined && (known.size >= MAX_ALERTS || size > left)) continue;
    left -= size;
    known.set(a.fingerprint, a);
    if (old === undefined) entries.push(entry(nowMs, SYSTEM, "alert_joined", nameOf(a)));
    else if (old.status !== a.status)
      entries.push(
        entry(
          nowMs,
          SYSTEM,
          a.status === "resolved" ? "alert_resolved" : "alert_fired_again",
          nameOf(a),
        ),
      );
  }
  return { alerts: [...known.values()], entries };
}

function resolved(incident: Incident, by: string, text: string, nowMs: number): Incident {
  return {
    ...stopped({
      ...incident,
      timeline: extend(incident.timeline, [entry(nowMs, by, "resolved", text)]),
    }),
    status: "resolved",
    resolvedAtMs: nowMs,
    resolvedBy: by,
  };
}

function stopped(incident: Incident): Incident {
  const { dueAtMs: _, ...rest } = incident.escalation;
  return { ...incident, escalation: rest };
}

function worstSeverity(change: IncidentAlerts): Severity {
  return change.alerts
    .filter((a) => a.status === "firing")
    .reduce<Severity>(
      (worst, a) => worse(worst, severityOf(a.labels["severity"])),
      severityOf(change.commonLabels["severity"] ?? "low"),
    );
}

function worse(a: Severity, b: Severity): Severity {
  return SEVERITIES.indexOf(a) >= SEVERITIES.indexOf(b) ? a : b;
}

function titleOf(change: IncidentAlerts): string {
  const summary = change.commonAnnotations["summary"] ?? change.alerts[0]?.annotations["summary"];
  const name = change.commonLabels["alertname"] ?? change.alerts[0]?.labels["alertname"] ?? "alert";
  return summary === undefined || summary === "" ? name : `${name}: ${summary}`.slice(0, 300);
}

function nameOf(a: IncidentAlert): string {
  const { alertname = "alert", ...rest } = a.labels;
  return `${alertname} ${Object.entries(rest)
    .map(([k, v]) => `${k}=${v}`)
    .join(" ")}`
    .trim()
    .slice(0, 300);
}

function countOf(n: number, noun: string): string {
  return n === 1 ? `1 ${noun}` : `${n} ${noun}s`;
}
