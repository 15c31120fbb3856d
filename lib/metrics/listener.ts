/** What the listener thinks of the picks, in units of utility, and what the hard rules cost. */
import { eachSession, meanOfKnown, type Metric, type Run, shareOfPlays } from "./metric.ts";

const rule = { range: [0, 1], unit: "share", better: "lower", shown: "tables" } as const;

export const utility: Metric<"utility"> = {
  ...{ name: "utility", label: "Own utility", range: [-Infinity, Infinity], better: "higher" },
  definition: "Mean utility of the picks to the listener",
  shown: "tables",
  ofSessions: (run) => eachSession(run, (_, from, to) => meanOfKnown(run.utilities.subarray(from, to))),
  ofRun: ({ utilities }) => meanOfKnown(utilities),
};

export const regret: Metric<"regret"> = {
  ...{ name: "regret", label: "Regret", range: [0, Infinity], better: "lower", shown: "overview" },
  definition: "Mean utility lost against the best track of the library",
  ofSessions: (run) => eachSession(run, (_, from, to) => regretOf(run, from, to)),
  ofRun: (run) => regretOf(run),
};

export const attained: Metric<"attained"> = {
  ...{ name: "attained", label: "Attained", range: [-Infinity, 1], better: "higher", shown: "tables" },
  definition: "Utility gained over a blind draw, as a share of what could be",
  ofRun(run) {
    const [utility, best, blind] = [run.utilities, run.best, run.blind].map(meanOfKnown);
    return (utility - blind) / (best - blind);
  },
};

export const relaxed: Metric<"relaxed"> = {
  ...{ ...rule, name: "relaxed", label: "Rules relaxed" },
  definition: "Share of picks for which a hard rule had to be relaxed",
  ofSessions: (run) => shareOfPlays(run, run.relaxed, (relaxed) => relaxed > 0),
};

export const dropped: Metric<"dropped"> = {
  ...{ ...rule, name: "dropped", label: "Rules dropped" },
  definition: "Share of picks for which a hard rule had to be dropped",
  ofSessions: (run) => shareOfPlays(run, run.relaxed, (relaxed) => relaxed === 2),
};

function regretOf({ best, utilities }: Run, from: number = 0, to: number = best.length): number {
  return meanOfKnown(best.subarray(from, to)) - meanOfKnown(utilities.subarray(from, to));
}
