import { accessFamily } from "./families/access";
import { alertFamily } from "./families/alerts";
import { alertmanagerFamily } from "./families/alertmanager";
import { eventFamily } from "./families/events";
import { heartbeatFamily } from "./families/heartbeats";
import { incidentFamily } from "./families/incidents";
import { metricFamily } from "./families/ingest-metrics";
import { linkFamily } from "./families/links";
import { liveFamily } from "./families/live";
import { logFamily } from "./families/logs";
import { metricsAdminFamily } from "./families/metrics-admin";
import { notificationFamily } from "./families/notifications";
import { operationFamily } from "./families/operations";
import { otlpFamily } from "./families/otlp";
import { pushgatewayFamily, remoteWriteFamily } from "./families/prometheus-ingest";
import { prometheusFamily } from "./families/prometheus";
import { remoteReadFamily } from "./families/prometheus-read";
import { reportFamily, settingFamily } from "./families/reports";
import { ruleFamily } from "./families/rules";
import { scrapeFamily } from "./families/scrape";
import { silenceFamily } from "./families/silences";
import { testAlertFamily } from "./families/test-alerts";
import { traceFamily } from "./families/traces";
import type { Family } from "./model";

/** Every route of src/app.ts that is no page of the web app, in the document's order. */
export const FAMILIES: readonly Family[] = [
  metricFamily,
  otlpFamily,
  remoteWriteFamily,
  pushgatewayFamily,
  logFamily,
  traceFamily,
  eventFamily,
  prometheusFamily,
  metricsAdminFamily,
  remoteReadFamily,
  scrapeFamily,
  ruleFamily,
  alertFamily,
  silenceFamily,
  alertmanagerFamily,
  notificationFamily,
  testAlertFamily,
  linkFamily,
  heartbeatFamily,
  incidentFamily,
  liveFamily,
  reportFamily,
  settingFamily,
  accessFamily,
  operationFamily,
];
