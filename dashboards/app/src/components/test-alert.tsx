import { Badge, Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { type Explained, getTestAlert, sendTestAlert } from "../api/test-alert";
import { readLabels } from "../matcher-lines";
import { LabelsField } from "./labels-field";
import { NotificationLog } from "./notification-log";
import { ErrorNote } from "./query-state";

/** A real alert through the whole chain, with what each stage made of it and what was delivered. */
export function TestAlertDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const [lines, setLines] = useState('severity="critical"');
  const labels = readLabels(lines);
  const test = useMutation({ mutationFn: () => sendTestAlert(labels ?? {}) });
  const id = test.data?.id ?? "";
  const followed = useQuery({
    queryKey: ["test-alert", id],
    queryFn: ({ signal }) => getTestAlert(id, signal),
    enabled: id !== "",
    refetchInterval: 1_000,
    // It is on its way for a moment.
    retry: 5,
  });
  return (
    <Modal opened onClose={onClose} title="Send a test alert" size="70rem">
      <Stack gap="sm">
        <LabelsField
          label="Labels"
          description='one a line, such as service="checkout"; it fires for a minute, marked as a test'
          lines={lines}
          onChange={setLines}
        />
        <Group justify="flex-end">
          <Button
            size="xs"
            disabled={labels === undefined}
            loading={test.isPending}
            onClick={() => test.mutate()}
          >
            Send
          </Button>
        </Group>
        {test.isError && <ErrorNote error={test.error} />}
        {test.data !== undefined && <Stages explained={test.data} />}
        {followed.data !== undefined && followed.data.notifications.length > 0 && (
          <NotificationLog entries={followed.data.notifications} />
        )}
      </Stack>
    </Modal>
  );
}

function Stages({ explained }: { readonly explained: Explained }): ReactNode {
  return (
    <Stack gap={6} data-testid="test-alert-stages">
      {explained.routes.map((r) => (
        <div key={r.route}>
          <Text fz="xs" ff="monospace" className="vd-wrap">
            {r.path} → {r.receiver}
          </Text>
          <Group gap={4}>
            {r.stages.map((s) => (
              <Badge key={s.stage} size="sm" color={s.pass ? "teal" : "red"} tt="none">
                {s.stage}
                {s.reason === null ? " ✓" : `: ${s.reason}`}
              </Badge>
            ))}
            {r.integrations.map((i) => (
              <Badge key={i.integration} size="sm" color="gray" tt="none">
                {i.integration}
              </Badge>
            ))}
          </Group>
        </div>
      ))}
    </Stack>
  );
}
