import type { NotificationAlert, NotificationData } from "../alerting/notification-data";
import type { StringMap } from "../core/alerts";
import { compareStrings } from "../core/labels";
import { GoTime, expandTemplate } from "../core/template/index";
import type { TemplateSet } from "../core/template/set";
import { list, stringMap, struct } from "../core/template/values";
import { VEDETTE_TEMPLATES } from "./default-templates";
import type { MessageContext } from "./message";

/**
 * Expands a receiver's fields with Alertmanager's data, on the clock of `nowMs`; a template that
 * fails shows its own error, so that the message still leaves.
 */
export function expander(
  data: NotificationData,
  templates: TemplateSet | undefined,
  nowMs?: number,
): Pick<MessageContext, "expand" | "expandHtml"> {
  const dot = templateData(data);
  const { defines } = templates ?? VEDETTE_TEMPLATES;
  const done = (text: string, html: boolean): string => {
    const r = expandTemplate(text, "alertmanager", {
      dot,
      defines,
      html,
      ...(nowMs === undefined ? {} : { nowMs }),
    });
    return r.ok ? r.value : `${text} (template: ${r.error.message})`;
  };
  return { expand: (text) => done(text, false), expandHtml: (text) => done(text, true) };
}

/** The data under Alertmanager's names, methods included (prometheus.io/docs/alerting/latest/notifications/). */
export function templateData(data: NotificationData): Readonly<Record<string, unknown>> {
  const alerts = data.alerts.map(alertData);
  const byStatus = (status: string): unknown[] => alerts.filter((a) => a["Status"] === status);
  return struct(
    "*template.Data",
    {
      Receiver: data.receiver,
      Status: data.status,
      Alerts: list(alerts, {
        Firing: () => byStatus("firing"),
        Resolved: () => byStatus("resolved"),
      }),
      GroupLabels: pairs(data.groupLabels),
      CommonLabels: pairs(data.commonLabels),
      CommonAnnotations: pairs(data.commonAnnotations),
      ExternalURL: data.externalURL,
      NotificationReason: data.notification_reason,
    },
    {
      Receiver: "receiver",
      Status: "status",
      Alerts: "alerts",
      GroupLabels: "groupLabels",
      CommonLabels: "commonLabels",
      CommonAnnotations: "commonAnnotations",
      ExternalURL: "externalURL",
      NotificationReason: "notification_reason",
    },
  );
}

function alertData(a: NotificationAlert): Readonly<Record<string, unknown>> {
  return struct(
    "template.Alert",
    {
      Status: a.status,
      Labels: pairs(a.labels),
      Annotations: pairs(a.annotations),
      StartsAt: new GoTime(Date.parse(a.startsAt)),
      EndsAt: new GoTime(Date.parse(a.endsAt)),
      GeneratorURL: a.generatorURL,
      Fingerprint: a.fingerprint,
    },
    {
      Status: "status",
      Labels: "labels",
      Annotations: "annotations",
      StartsAt: "startsAt",
      EndsAt: "endsAt",
      GeneratorURL: "generatorURL",
      Fingerprint: "fingerprint",
    },
  );
}

/** Alertmanager's KV: a map with SortedPairs (alertname first), Names, Values and Remove. */
function pairs(map: StringMap): StringMap {
  const names = Object.keys(map).sort(
    (a, b) => Number(b === "alertname") - Number(a === "alertname") || compareStrings(a, b),
  );
  const values = (): string[] => names.map((n) => map[n] ?? "");
  const shown = (): string => names.map((n) => `${n}=${map[n] ?? ""}`).join(", ");
  return stringMap(
    map,
    {
      SortedPairs: () =>
        list(
          names.map((n) => struct("template.Pair", { Name: n, Value: map[n] ?? "" })),
          { Names: () => names, Values: values },
          shown,
        ),
      Names: () => names,
      Values: values,
      Remove: (without) => {
        const gone = new Set(Array.isArray(without) ? without : []);
        return pairs(Object.fromEntries(Object.entries(map).filter(([k]) => !gone.has(k))));
      },
    },
    shown,
  );
}
