import { Button, Group, Modal, Select, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { listReceivers } from "../api/receivers";
import { type MaintenanceWindow, changeWindow, makeWindow } from "../api/windows";
import { matcherLines, readMatchers } from "../matcher-lines";
import { newWhen, timesOf, whenAsItIs } from "../when-form";
import { MatchersField } from "./matchers-field";
import { ErrorNote } from "./query-state";
import { WhenFields, useWhen } from "./when-fields";

/** A window, once or each week, for the alerts that its matchers name. */
export function WindowDialog({
  former,
  onClose,
}: {
  /** The window to change; undefined for a new one. */
  readonly former: MaintenanceWindow | undefined;
  readonly onClose: () => void;
}): ReactNode {
  const [name, setName] = useState(former?.name ?? "");
  const [lines, setLines] = useState(matcherLines(former?.matchers ?? []));
  const [comment, setComment] = useState(former?.comment ?? "");
  const [notify, setNotify] = useState<string | null>(former?.notify ?? null);
  const [when, setWhen] = useWhen(() =>
    former === undefined ? newWhen(Date.now()) : whenAsItIs(former, Date.now()),
  );
  const queries = useQueryClient();
  const receivers = useQuery({
    queryKey: ["receivers"],
    queryFn: ({ signal }) => listReceivers(signal),
  });
  const read = readMatchers(lines);
  const matchers = read.ok ? read.matchers : [];
  const times = timesOf(when);
  const named = (receivers.data ?? []).map((r) => r.name);
  // One that is gone since is shown too, so that it can be taken away.
  const choices = notify === null || named.includes(notify) ? named : [notify, ...named];
  const put = useMutation({
    mutationFn: () => {
      const notified = notify === null ? {} : { notify };
      const window = { name, matchers, comment, ...times, ...notified };
      return former === undefined ? makeWindow(window) : changeWindow(former.id, window);
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["windows"] });
      onClose();
    },
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={former === undefined ? "New maintenance window" : "Edit maintenance window"}
      size="lg"
    >
      <Stack gap="sm">
        <TextInput
          size="xs"
          label="Name"
          value={name}
          maxLength={200}
          onChange={(e) => setName(e.currentTarget.value)}
          data-autofocus
        />
        <MatchersField lines={lines} onChange={setLines} />
        <WhenFields when={when} onChange={setWhen} />
        <Select
          size="xs"
          label="Told of its start and end"
          placeholder="nobody"
          clearable
          data={choices}
          value={notify}
          onChange={setNotify}
        />
        <TextInput
          size="xs"
          label="Why"
          value={comment}
          maxLength={5_000}
          onChange={(e) => setComment(e.currentTarget.value)}
        />
        {former?.state === "active" && (
          <Text fz="xs" c="dimmed">
            It holds now. Alerts that it lets go of are told at once.
          </Text>
        )}
        {put.isError && <ErrorNote error={put.error} />}
        <Group justify="flex-end">
          <Button
            size="xs"
            disabled={name === "" || matchers.length === 0 || times === undefined}
            loading={put.isPending}
            onClick={() => put.mutate()}
          >
            {former === undefined ? "Plan it" : "Save"}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
