import { Anchor, type AnchorProps } from "@mantine/core";
import { createLink } from "@tanstack/react-router";
import type { AnchorHTMLAttributes, ReactNode, Ref } from "react";

type Props = AnchorProps &
  Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof AnchorProps> & {
    readonly ref?: Ref<HTMLAnchorElement>;
  };

function StyledAnchor(props: Props): ReactNode {
  return <Anchor {...props} />;
}

/** A link to a page of the app, its address and search checked by the router's types. */
export const AppLink = createLink(StyledAnchor);
