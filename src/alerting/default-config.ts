/**
 * In force until a project puts its own: locally every alert appears on the page /receiver at
 * once, and grave ones open an incident; a deployment, which has no address to write to yet,
 * opens incidents alone.
 */
export function defaultConfigYaml(local: boolean): string {
  return local ? LOCAL : DEPLOYED;
}

const LOCAL = `route:
  receiver: inbox
  group_by: ['...']
  group_wait: 0s
  group_interval: 10s
  repeat_interval: 4h
  routes:
    - matchers: ['severity=~"critical|high"']
      receiver: incidents
      group_by: [alertname]
      group_wait: 0s
      group_interval: 10s
      continue: true
    - receiver: inbox
receivers:
  - name: inbox
    builtin_configs:
      - send_resolved: true
  - name: incidents
    incident_configs:
      - send_resolved: true
`;

const DEPLOYED = `route:
  receiver: nobody
  group_by: [alertname]
  routes:
    - matchers: ['severity=~"critical|high"']
      receiver: incidents
      group_wait: 10s
      group_interval: 1m
receivers:
  - name: nobody
  - name: incidents
    incident_configs:
      - send_resolved: true
`;
