import { described, oneOf, query, string } from "../json-schema";
import type { Answer, Family, Operation } from "../model";
import { SILENCE_HOURS } from "../../alerting/links";

const page = (description: string): Answer => ({
  description,
  content: { "text/html": described(string, "A page.") },
});

/** Browsers, which say that they take text/html, get each refusal as a page. */
const problems = {
  400: ["link_malformed"],
  403: ["link_forged"],
  404: ["link_project_unknown"],
  410: ["link_expired"],
} as const satisfies Operation["problems"];

export const linkFamily: Family = {
  tag: "Links",
  description:
    "Links in messages, by which whoever has a message acts on its alerts. The address is the permission; it is good for three days. A browser gets every refusal as a page.",
  dialect: "vedette",
  operations: [
    {
      method: "get",
      path: "/a/{token}",
      id: "showLink",
      summary: "What a link would do, with the button that does it",
      scope: "none",
      answers: { 200: page("The alerts that it is about.") },
      problems,
    },
    {
      method: "post",
      path: "/a/{token}",
      id: "followLink",
      summary: "Acknowledge, silence or resolve, as the link says",
      scope: "none",
      parameters: [
        query("hours", oneOf(SILENCE_HOURS.map(String)), "How long to silence; only for that."),
      ],
      answers: { 200: page("It is done.") },
      problems: {
        ...problems,
        400: ["link_malformed", "parameter_malformed"],
        409: ["link_nothing_fires", "link_nothing_to_match"],
        429: ["silences_too_many"],
      },
    },
  ],
};
