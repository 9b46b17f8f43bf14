import { Button, Group, Modal, Select, Stack, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { listReceivers } from "../api/receivers";
import { makeWindow } from "../api/windows";
import { readMatchers } from "../matcher-lines";
import { MatchersField } from "./matchers-field";
import { ErrorNote } from "./query-state";
import { WhenFields, timesOf, useWhen } from "./when-fields";

/** A window, once or each week, for the alerts that its matchers name. */
export function WindowDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const [name, setName] = useState("");
  const [lines, setLines] = useState("");
  const [notify, setNotify] = useState<string | null>(null);
  const [when, setWhen] = useWhen();
  const queries = useQueryClient();
  const receivers = useQuery({
    queryKey: ["receivers"],
    queryFn: ({ signal }) => listReceivers(signal),
  });
  const read = readMatchers(lines);
  const matchers = read.ok ? read.matchers : [];
  const times = timesOf(when);
  const make = useMutation({
    mutationFn: () =>
      makeWindow({ name, matchers, comment: "", ...times, ...(notify === null ? {} : { notify }) }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["windows"] });
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title="New maintenance window" size="lg">
      <Stack gap="sm">
        <TextInput
          size="xs"
          label="Name"
          value={name}
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
          data={(receivers.data ?? []).map((r) => r.name)}
          value={notify}
          onChange={setNotify}
        />
        {make.isError && <ErrorNote error={make.error} />}
        <Group justify="flex-end">
          <Button
            size="xs"
            disabled={name === "" || matchers.length === 0 || times === undefined}
            loading={make.isPending}
            onClick={() => make.mutate()}
          >
            Plan it
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
