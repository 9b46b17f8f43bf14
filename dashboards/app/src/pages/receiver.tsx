import { Badge, Group, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { getJson } from "../api/client";
import type { Inbox, InboxMessage } from "../api/inbox";
import { Ago } from "../components/ago";
import { Empty } from "../components/empty";
import { Labels } from "../components/labels";
import { PageHeader } from "../components/page-header";
import { Panel } from "../components/panel";
import { QueryState } from "../components/query-state";
import { severityColor } from "../theme";

const REFRESH_MS = 1_000;

/** What the built-in receiver got: alerts can be seen arriving before any account is connected. */
export function ReceiverPage(): ReactNode {
  const inbox = useQuery({
    queryKey: ["inbox"],
    queryFn: ({ signal }) => getJson<Inbox>("/api/v1/receiver/inbox", signal),
    refetchInterval: REFRESH_MS,
  });
  return (
    <>
      <PageHeader
        title="Receiver inbox"
        note="notifications of the built-in receiver, newest first"
      />
      <QueryState query={inbox}>
        {({ messages }) =>
          messages.length === 0 ? (
            <Panel title="Nothing has arrived">
              <Empty
                title="Send a sample, then add a rule that it breaks"
                command={`curl -sS ${location.origin}/api/v1/import/prometheus -H 'Authorization: Bearer vdt_ingest_local' --data-binary 'demo_queue_depth 42'\n\ncurl -sS ${location.origin}/config/v1/rules/demo -H 'Authorization: Bearer vdt_admin_local' -H 'Content-Type: application/yaml' \\\n  --data-binary '{name: queue, interval: 5s, rules: [{alert: QueueDeep, expr: demo_queue_depth > 10, labels: {severity: warning}}]}'`}
              />
            </Panel>
          ) : (
            <Stack gap="sm">
              {messages.map((m) => (
                <Message key={m.id} message={m} />
              ))}
            </Stack>
          )
        }
      </QueryState>
    </>
  );
}

function Message({ message }: { readonly message: InboxMessage }): ReactNode {
  const { data } = message;
  const firing = data.alerts.filter((a) => a.status === "firing").length;
  // A report travels as an alert does, but nothing is wrong.
  const report = message.reason === "report";
  return (
    <Panel
      title={data.commonLabels["alertname"] ?? data.groupLabels["alertname"] ?? message.groupKey}
      note={`${message.receiver} · ${message.reason}`}
      data-testid="inbox-message"
      actions={
        <>
          <Badge
            color={report ? "blue" : message.status === "firing" ? "red" : "teal"}
            variant="filled"
          >
            {report ? "report" : message.status === "firing" ? `${firing} firing` : "resolved"}
          </Badge>
          <Text fz="xs" c="dimmed">
            <Ago ms={message.receivedAtMs} />
          </Text>
        </>
      }
    >
      <Stack gap={0}>
        {data.alerts.map((a) => (
          <Group key={a.fingerprint} px={12} py={8} gap="sm" align="flex-start" wrap="nowrap">
            <Badge
              size="sm"
              color={a.status === "firing" ? severityColor(a.labels["severity"]) : "teal"}
              style={{ flex: "none" }}
            >
              {report ? "info" : a.status}
            </Badge>
            <Stack gap={4} miw={0}>
              <Text fz="sm" className="vd-wrap">
                {a.annotations["summary"] ??
                  a.annotations["description"] ??
                  a.labels["alertname"] ??
                  a.fingerprint}
              </Text>
              <Labels labels={a.labels} />
            </Stack>
          </Group>
        ))}
      </Stack>
    </Panel>
  );
}
