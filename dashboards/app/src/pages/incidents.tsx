import { Badge, SegmentedControl, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useState } from "react";
import { listIncidents, type ListedIncident } from "../api/incidents";
import { Ago } from "../components/ago";
import { AppLink } from "../components/app-link";
import { Empty } from "../components/empty";
import { IncidentStatusBadge } from "../components/incident-status";
import { PageHeader } from "../components/page-header";
import { Panel } from "../components/panel";
import { QueryState } from "../components/query-state";
import { counted, formatSpan } from "../format";
import { useLive } from "../live/store";
import { severityColor } from "../theme";

/** Incidents, those that need somebody first. */
export function IncidentsPage(): ReactNode {
  const [shown, setShown] = useState("active");
  const live = useLive((v) => v.incidents);
  const list = useQuery({
    queryKey: ["incidents"],
    queryFn: ({ signal }) => listIncidents(signal),
    refetchInterval: 15_000,
  });
  const { refetch } = list;
  useEffect(() => void refetch(), [live, refetch]);
  return (
    <>
      <PageHeader title="Incidents">
        <SegmentedControl
          size="xs"
          data={[
            { value: "active", label: "Active" },
            { value: "all", label: "All" },
          ]}
          value={shown}
          onChange={setShown}
          aria-label="Which incidents"
        />
      </PageHeader>
      <QueryState query={list}>
        {(incidents) => {
          const rows = incidents.filter((i) => shown === "all" || i.status !== "resolved");
          return (
            <Panel title={counted(rows.length, "incident")}>
              {rows.length === 0 ? (
                <Empty title={shown === "all" ? "No incident yet" : "Nothing needs you"}>
                  An alert of severity high or critical opens one by the default route.
                </Empty>
              ) : (
                <IncidentTable incidents={rows} />
              )}
            </Panel>
          );
        }}
      </QueryState>
    </>
  );
}

function IncidentTable({
  incidents,
}: {
  readonly incidents: readonly ListedIncident[];
}): ReactNode {
  return (
    <Table.ScrollContainer minWidth={720} type="native">
      <Table highlightOnHover aria-label="Incidents">
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={136}>Status</Table.Th>
            <Table.Th w={112}>Severity</Table.Th>
            <Table.Th>Incident</Table.Th>
            <Table.Th w={140}>Assignee</Table.Th>
            <Table.Th w={120}>Opened</Table.Th>
            <Table.Th w={110}>Lasted</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {incidents.map((i) => (
            <Table.Tr key={i.id} data-testid="incident-row">
              <Table.Td>
                <IncidentStatusBadge status={i.status} />
              </Table.Td>
              <Table.Td>
                <Badge size="sm" color={severityColor(i.severity)}>
                  {i.severity}
                </Badge>
              </Table.Td>
              <Table.Td>
                <AppLink
                  to="/incidents/$id"
                  params={{ id: i.id }}
                  fz="sm"
                  fw={600}
                  className="vd-wrap"
                >
                  {i.title}
                </AppLink>
                <Text fz="xs" c="dimmed">
                  {i.alerts_firing} of {counted(i.alerts, "alert")} firing
                </Text>
              </Table.Td>
              <Table.Td>{i.assignee ?? i.acknowledged_by ?? "–"}</Table.Td>
              <Table.Td>
                <Ago ms={Date.parse(i.opened_at)} />
              </Table.Td>
              <Table.Td className="vd-num">
                {i.resolved_at === null ? (
                  <Ago ms={Date.parse(i.opened_at)} suffix="" />
                ) : (
                  formatSpan(Date.parse(i.resolved_at) - Date.parse(i.opened_at))
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
