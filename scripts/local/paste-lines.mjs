// What `npm start` prints. The README shows the same three lines; test/e2e/readme.browser.test.ts pastes them from there.

export const sampleLine = (url) =>
  `curl -sS ${url}/api/v1/import/prometheus -H 'Authorization: Bearer vdt_ingest_local' --data-binary 'demo_queue_depth 42'`;

export const ruleLine = (url) =>
  `curl -sS ${url}/config/v1/rules/demo -H 'Authorization: Bearer vdt_admin_local' -H 'Content-Type: application/yaml' --data-binary ` +
  `'{name: queue, interval: 5s, rules: [{alert: QueueDeep, expr: demo_queue_depth > 10, labels: {severity: warning}, annotations: {summary: "Queue depth is {{ $value }}"}}]}'`;

export const dashboardLink = (url) => `${url}/monitoring#token=vdt_admin_local`;

export function pasteLines(url, seconds, stateDir) {
  return `
Vedette is up at ${url} after ${seconds.toFixed(1)} s (state in ${stateDir}).

  tokens      admin vdt_admin_local · ingest vdt_ingest_local · beacon vdt_beacon_local · read vdt_read_local

Send a sample:
  ${sampleLine(url)}

Add a rule that it breaks:
  ${ruleLine(url)}

Watch it live, and see the alert arrive at ${url}/receiver:
  ${dashboardLink(url)}
`;
}
