import type { NotificationAlert, NotificationData } from "../alerting/notification-data";
import type { StringMap } from "../core/alerts";
import { compareStrings } from "../core/labels";
import { type TemplateFunction, expandTemplate } from "../core/template/index";
import type { TemplateSet } from "../core/template/set";
import { HTML_FUNCTIONS, writeHtml } from "./html-template";
import type { MessageContext } from "./message";

/** Expands a receiver's fields with Alertmanager's data; a template that fails shows its own error, so that the message still leaves. */
export function expander(
  data: NotificationData,
  templates: TemplateSet | undefined,
): Pick<MessageContext, "expand" | "expandHtml"> {
  const dot = templateData(data);
  const done = (text: string, html: boolean): string => {
    const r = expandTemplate(text, "alertmanager", {
      dot,
      ...templates,
      ...(html ? { write: writeHtml, functions: HTML_FUNCTIONS } : {}),
    });
    return r.ok ? r.value : `${text} (template: ${r.error.message})`;
  };
  return { expand: (text) => done(text, false), expandHtml: (text) => done(text, true) };
}

/** The data under Alertmanager's names, methods included (prometheus.io/docs/alerting/latest/notifications/). */
function templateData(data: NotificationData): Readonly<Record<string, unknown>> {
  const alerts = data.alerts.map(alertData);
  const byStatus = (status: string): unknown[] => alerts.filter((a) => a["Status"] === status);
  return {
    Receiver: data.receiver,
    Status: data.status,
    Alerts: withMethods(alerts, {
      Firing: () => byStatus("firing"),
      Resolved: () => byStatus("resolved"),
    }),
    GroupLabels: pairs(data.groupLabels),
    CommonLabels: pairs(data.commonLabels),
    CommonAnnotations: pairs(data.commonAnnotations),
    ExternalURL: data.externalURL,
    NotificationReason: data.notification_reason,
  };
}

function alertData(a: NotificationAlert): Readonly<Record<string, unknown>> {
  return {
    Status: a.status,
    Labels: pairs(a.labels),
    Annotations: pairs(a.annotations),
    StartsAt: new Date(a.startsAt),
    EndsAt: new Date(a.endsAt),
    GeneratorURL: a.generatorURL,
    Fingerprint: a.fingerprint,
  };
}

/** Alertmanager's KV: a map with SortedPairs (alertname first), Names, Values and Remove. */
function pairs(map: StringMap): StringMap {
  const names = Object.keys(map).sort(
    (a, b) => Number(b === "alertname") - Number(a === "alertname") || compareStrings(a, b),
  );
  return withMethods(
    { ...map },
    {
      SortedPairs: () => names.map((n) => ({ Name: n, Value: map[n] ?? "" })),
      Names: () => names,
      Values: () => names.map((n) => map[n] ?? ""),
      Remove: (without) => {
        const gone = new Set(Array.isArray(without) ? without : []);
        return pairs(Object.fromEntries(Object.entries(map).filter(([k]) => !gone.has(k))));
      },
    },
  );
}

/** Methods are not counted among a map's entries. */
function withMethods<T extends object>(
  value: T,
  methods: Readonly<Record<string, TemplateFunction>>,
): T {
  for (const [name, method] of Object.entries(methods))
    Object.defineProperty(value, name, { value: method, enumerable: false });
  return value;
}
