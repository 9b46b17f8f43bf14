import { Badge, ScrollArea, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { getJson } from "../api/client";
import type { NotificationEntry, Notifications } from "../api/notifications";
import { Ago } from "../components/ago";
import { AlertsTable } from "../components/alerts-table";
import { Empty } from "../components/empty";
import { PageHeader } from "../components/page-header";
import { Panel } from "../components/panel";
import { QueryState } from "../components/query-state";
import { useLive } from "../live/store";

/** What is active now, and what was sent about it and why. */
export function AlertsPage(): ReactNode {
  const alerts = useLive((v) => v.alerts);
  const log = useQuery({
    queryKey: ["notifications"],
    queryFn: ({ signal }) => getJson<Notifications>("/api/v1/notifications", signal),
    refetchInterval: 3_000,
  });
  return (
    <>
      <PageHeader title="Alerts" />
      <Panel title="Active" note={`${alerts.length}`} mb="sm">
        {alerts.length === 0 ? (
          <Empty title="Nothing is firing" />
        ) : (
          <AlertsTable alerts={alerts} />
        )}
      </Panel>
      <Panel title="Notification log" note="newest first; what was sent, what was not, and why">
        <QueryState query={log}>
          {({ notifications }) =>
            notifications.length === 0 ? (
              <Empty title="No notification yet" />
            ) : (
              <NotificationLog entries={notifications} />
            )
          }
        </QueryState>
      </Panel>
    </>
  );
}

function NotificationLog({
  entries,
}: {
  readonly entries: readonly NotificationEntry[];
}): ReactNode {
  return (
    <ScrollArea type="auto">
      <Table highlightOnHover miw={720} aria-label="Notification log">
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={110}>When</Table.Th>
            <Table.Th w={80}>Decision</Table.Th>
            <Table.Th w={160}>Reason</Table.Th>
            <Table.Th w={170}>Integration</Table.Th>
            <Table.Th w={120}>Alerts</Table.Th>
            <Table.Th>Group</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {entries.map((e) => (
            <Table.Tr key={e.id}>
              <Table.Td>
                <Ago ms={e.atMs} />
              </Table.Td>
              <Table.Td>
                <Badge size="sm" color={e.decision === "sent" ? "teal" : "gray"}>
                  {e.decision}
                </Badge>
              </Table.Td>
              <Table.Td>
                <Text fz="sm" ff="monospace">
                  {e.reason}
                </Text>
              </Table.Td>
              <Table.Td>{e.integration}</Table.Td>
              <Table.Td className="vd-num">
                {e.firing.length} firing, {e.resolved.length} resolved
              </Table.Td>
              <Table.Td>
                <Text fz="xs" ff="monospace" c="dimmed" className="vd-wrap">
                  {e.groupKey}
                </Text>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollArea>
  );
}
