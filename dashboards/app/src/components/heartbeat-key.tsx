import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { replaceKey } from "../api/heartbeats";
import { Command } from "./empty";
import { ErrorNote } from "./query-state";

/** Another address for a heartbeat, should the one that it has be known to others. */
export function HeartbeatKeyDialog({
  name,
  onClose,
}: {
  readonly name: string;
  readonly onClose: () => void;
}): ReactNode {
  const queries = useQueryClient();
  const replace = useMutation({
    mutationFn: () => replaceKey(name),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["heartbeats"] }),
  });
  return (
    <Modal opened onClose={onClose} title={`New key for ${name}`} size="lg">
      <Stack gap="sm">
        {replace.data === undefined ? (
          <Text fz="sm">
            The address that it has stops working at once. Until the job calls the new one, its
            pings are refused, and the alert fires when one is overdue.
          </Text>
        ) : (
          <>
            <Text fz="sm">The former address works no more. The job is to call this one:</Text>
            <Command text={`curl -fsS ${replace.data}`} />
          </>
        )}
        {replace.isError && <ErrorNote error={replace.error} />}
        <Group justify="flex-end">
          {replace.data === undefined ? (
            <Button
              size="xs"
              color="red"
              loading={replace.isPending}
              onClick={() => replace.mutate()}
            >
              Replace the key
            </Button>
          ) : (
            <Button size="xs" variant="default" onClick={onClose}>
              Done
            </Button>
          )}
        </Group>
      </Stack>
    </Modal>
  );
}
