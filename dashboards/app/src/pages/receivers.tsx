import { Badge, Button, Stack, Table, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useRouteContext } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { type Integration, type Receiver, listReceivers, testReceiver } from "../api/receivers";
import { Ago } from "../components/ago";
import { Empty } from "../components/empty";
import { PageHeader } from "../components/page-header";
import { Panel } from "../components/panel";
import { QueryState } from "../components/query-state";
import { counted } from "../format";

/** Who is told of alerts, and whether messages get through. */
export function ReceiversPage(): ReactNode {
  const receivers = useQuery({
    queryKey: ["receivers"],
    queryFn: ({ signal }) => listReceivers(signal),
    refetchInterval: 5_000,
  });
  return (
    <>
      <PageHeader title="Receivers" note="of the Alertmanager configuration in force" />
      <QueryState query={receivers}>
        {(list) => (
          <Stack gap="sm">
            {list.map((r) => (
              <ReceiverPanel key={r.name} receiver={r} />
            ))}
          </Stack>
        )}
      </QueryState>
    </>
  );
}

function ReceiverPanel({ receiver }: { readonly receiver: Receiver }): ReactNode {
  const { session } = useRouteContext({ from: "/inside" });
  const test = useMutation({
    mutationFn: () => testReceiver(receiver.name),
    onSuccess: () =>
      notifications.show({
        color: "teal",
        title: "On its way",
        message: "what becomes of it is in the alerts' history",
      }),
    onError: (e) => notifications.show({ color: "red", title: "Not sent", message: e.message }),
  });
  return (
    <Panel
      title={receiver.name}
      data-testid="receiver"
      actions={
        session.admin &&
        receiver.integrations.some((i) => i.type !== "incident") && (
          <Button
            size="compact-xs"
            variant="default"
            loading={test.isPending}
            onClick={() => test.mutate()}
          >
            Send a test message
          </Button>
        )
      }
    >
      {receiver.integrations.length === 0 ? (
        <Empty title="It tells nobody" />
      ) : (
        <Table aria-label={`Integrations of ${receiver.name}`}>
          <Table.Tbody>
            {receiver.integrations.map((i) => (
              <IntegrationRow key={i.id} integration={i} />
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Panel>
  );
}

function IntegrationRow({ integration: i }: { readonly integration: Integration }): ReactNode {
  const d = i.delivery;
  const failing = d?.failing_since ?? null;
  const own = i.type === "builtin" || i.type === "incident";
  return (
    <Table.Tr>
      <Table.Td w={90}>
        <Badge size="sm" color={failing !== null ? "red" : d === null ? "gray" : "teal"}>
          {failing !== null ? "failing" : d !== null ? "ok" : own ? "built in" : "unknown"}
        </Badge>
      </Table.Td>
      <Table.Td>
        <Text fz="sm" ff="monospace" className="vd-wrap">
          {i.id}
        </Text>
        <Text fz="xs" c="dimmed">
          {i.send_resolved ? "firing and resolved" : "firing alone"}
        </Text>
        {failing !== null && d !== null && (
          <Text fz="xs" c="red" className="vd-wrap" role="alert">
            since <Ago ms={Date.parse(failing)} suffix="" />, {counted(d.failures, "failure")}
            {d.lost > 0 && `, ${counted(d.lost, "message")} lost`}: {d.last_error}
          </Text>
        )}
      </Table.Td>
      <Table.Td w={150} ta="right" fz="xs" c="dimmed">
        {d !== null && d.waiting > 0 && `${counted(d.waiting, "message")} waiting`}
        {d?.oldest_waiting_at != null && (
          <div>
            oldest <Ago ms={Date.parse(d.oldest_waiting_at)} />
          </div>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
