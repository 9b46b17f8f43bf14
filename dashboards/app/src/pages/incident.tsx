import {
  Badge,
  Button,
  Grid,
  Group,
  Stack,
  Text,
  Textarea,
  TextInput,
  Timeline,
} from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useParams, useRouteContext } from "@tanstack/react-router";
import { type ReactNode, useEffect, useState } from "react";
import { type Command, commandIncident, getIncident, type Incident } from "../api/incidents";
import { Ago } from "../components/ago";
import { AppLink } from "../components/app-link";
import { IncidentStatusBadge } from "../components/incident-status";
import { Labels } from "../components/labels";
import { PageHeader } from "../components/page-header";
import { Panel } from "../components/panel";
import { QueryState } from "../components/query-state";
import { counted, formatTime } from "../format";
import { useLive } from "../live/store";
import { severityColor } from "../theme";

/** One incident: what fires, what was done, and what to do next. */
export function IncidentPage(): ReactNode {
  const { id } = useParams({ from: "/inside/incidents/$id" });
  const incident = useQuery({
    queryKey: ["incident", id],
    queryFn: ({ signal }) => getIncident(id, signal),
    refetchInterval: 10_000,
  });
  const live = useLive((v) => v.incidents);
  const { refetch } = incident;
  useEffect(() => void refetch(), [live, refetch]);
  return (
    <>
      <PageHeader title="Incident">
        <AppLink to="/incidents" fz="sm">
          All incidents
        </AppLink>
      </PageHeader>
      <QueryState query={incident}>{(i) => <Details incident={i} />}</QueryState>
    </>
  );
}

function Details({ incident: i }: { readonly incident: Incident }): ReactNode {
  return (
    <Grid gap="sm">
      <Grid.Col span={{ base: 12, lg: 7 }}>
        <Panel
          title={i.title}
          mb="sm"
          actions={
            <>
              <Badge color={severityColor(i.severity)}>{i.severity}</Badge>
              <IncidentStatusBadge status={i.status} />
            </>
          }
        >
          <Stack gap={6} p="sm">
            <Text fz="sm">
              Opened <Ago ms={Date.parse(i.opened_at)} />
              {i.acknowledged_by !== null && `, acknowledged by ${i.acknowledged_by}`}
              {i.assignee !== null && `, assigned to ${i.assignee}`}
              {i.resolved_by !== null && `, resolved by ${i.resolved_by}`}
            </Text>
            <Text fz="sm" c="dimmed">
              {escalationText(i)}
            </Text>
            <Labels labels={i.common_labels} />
          </Stack>
        </Panel>
        <Panel title={counted(i.alerts.length, "alert")}>
          {i.alerts.map((a) => (
            <Group key={a.fingerprint} px={12} py={8} gap="sm" align="flex-start" wrap="nowrap">
              <Badge
                size="sm"
                color={a.status === "firing" ? "red" : "teal"}
                style={{ flex: "none" }}
              >
                {a.status}
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
        </Panel>
      </Grid.Col>
      <Grid.Col span={{ base: 12, lg: 5 }}>
        {i.status !== "resolved" && <Actions incident={i} />}
        <Panel title="Timeline">
          <Timeline p="md" bulletSize={12} lineWidth={2} active={i.timeline.length}>
            {i.timeline.toReversed().map((e, n) => (
              <Timeline.Item
                key={`${e.at}/${n}`}
                title={<Text fz="sm">{e.kind.replaceAll("_", " ")}</Text>}
              >
                {e.text !== "" && (
                  <Text fz="sm" className="vd-wrap" style={{ whiteSpace: "pre-wrap" }}>
                    {e.text}
                  </Text>
                )}
                <Text fz="xs" c="dimmed" title={formatTime(Date.parse(e.at))}>
                  {e.author}, <Ago ms={Date.parse(e.at)} />
                </Text>
              </Timeline.Item>
            ))}
          </Timeline>
        </Panel>
      </Grid.Col>
    </Grid>
  );
}

function Actions({ incident }: { readonly incident: Incident }): ReactNode {
  const { session } = useRouteContext({ from: "/inside" });
  const queries = useQueryClient();
  const [note, setNote] = useState("");
  const [assignee, setAssignee] = useState("");
  const act = useMutation({
    mutationFn: (command: Command) => commandIncident(incident.id, command),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["incident", incident.id] }),
    onError: (e) => notifications.show({ color: "red", title: "Not done", message: e.message }),
  });
  const busy = (verb: Command["do"]): boolean => act.isPending && act.variables.do === verb;
  if (!session.admin) return null;
  return (
    <Panel title="Act" mb="sm">
      <Stack gap="xs" p="sm">
        <Group gap="xs">
          <Button
            size="xs"
            disabled={incident.status !== "open"}
            loading={busy("acknowledge")}
            onClick={() => act.mutate({ do: "acknowledge" })}
          >
            Acknowledge
          </Button>
          <Button
            size="xs"
            color="red"
            variant="light"
            loading={busy("resolve")}
            onClick={() =>
              act.mutate(
                note.trim() === "" ? { do: "resolve" } : { do: "resolve", note: note.trim() },
                { onSuccess: () => setNote("") },
              )
            }
          >
            Resolve
          </Button>
        </Group>
        <Group gap="xs" align="flex-end">
          <TextInput
            size="xs"
            flex={1}
            label="Assign to"
            value={assignee}
            onChange={(e) => setAssignee(e.currentTarget.value)}
          />
          <Button
            size="xs"
            variant="default"
            disabled={assignee.trim() === ""}
            loading={busy("assign")}
            onClick={() =>
              act.mutate(
                { do: "assign", assignee: assignee.trim() },
                { onSuccess: () => setAssignee("") },
              )
            }
          >
            Assign
          </Button>
        </Group>
        <Textarea
          size="xs"
          label="Note"
          autosize
          minRows={2}
          value={note}
          onChange={(e) => setNote(e.currentTarget.value)}
        />
        <Group justify="flex-end">
          <Button
            size="xs"
            variant="default"
            disabled={note.trim() === ""}
            loading={busy("note")}
            onClick={() =>
              act.mutate({ do: "note", text: note.trim() }, { onSuccess: () => setNote("") })
            }
          >
            Add note
          </Button>
        </Group>
      </Stack>
    </Panel>
  );
}

function escalationText({ escalation, status }: Incident): string {
  if (status !== "open") return "Escalation has stopped.";
  if (escalation.held_by.length > 0)
    return `Escalation waits for the end of maintenance: ${escalation.held_by.join(", ")}.`;
  if (escalation.due_at === null) return "Nothing more to escalate to.";
  const step = escalation.steps[escalation.next_step - 1];
  const whom = step === undefined ? "" : ` (${step.receivers.join(", ")})`;
  return `Escalates to step ${escalation.next_step} of ${escalation.steps.length}${whom} at ${formatTime(Date.parse(escalation.due_at))} unless acknowledged.`;
}
