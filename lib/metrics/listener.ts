/**
 * What the listener thinks of the picks, in units of utility, and what the hard rules cost.
 *
 * @module
 */
import { eachSession, meanOfKnown, type Metric, type Run, shareOfPlays } from "./metric.ts";

const rule = { range: [0, 1], unit: "share", better: "lower", shown: "tables" } as const;

/** The metrics of a listener's own utility and of the rules. */
export const LISTENER: readonly Metric<"utility" | "regret" | "attained" | "relaxed" | "dropped">[] = [
  {
    ...{ name: "utility", label: "Own utility", range: [-Infinity, Infinity], unit: "", better: "higher" },
    meaning: "Mean utility of the picks to the listener",
    shown: "tables",
    ofSessions: (run) => eachSession(run, (_, from, to) => meanOfKnown(run.utilities.subarray(from, to))),
    ofRun: ({ utilities }) => meanOfKnown(utilities),
  },
  {
    ...{ name: "regret", label: "Regret", range: [0, Infinity], unit: "", better: "lower", shown: "overview" },
    meaning: "Mean utility lost against the best track of the library",
    ofSessions: (run) => eachSession(run, (_, from, to) => regret(run, from, to)),
    ofRun: (run) => regret(run),
  },
  {
    ...{ name: "attained", label: "Attained", range: [-Infinity, 1], unit: "", better: "higher", shown: "tables" },
    meaning: "Utility gained over a blind draw, as a share of what could be",
    ofRun(run) {
      const [utility, best, blind] = [run.utilities, run.best, run.blind].map(meanOfKnown);
      return (utility - blind) / (best - blind);
    },
  },
  {
    ...{ ...rule, name: "relaxed", label: "Rules relaxed" },
    meaning: "Share of picks for which a hard rule had to be relaxed",
    ofSessions: (run) => shareOfPlays(run, run.relaxed, (relaxed) => relaxed > 0),
  },
  {
    ...{ ...rule, name: "dropped", label: "Rules dropped" },
    meaning: "Share of picks for which a hard rule had to be dropped",
    ofSessions: (run) => shareOfPlays(run, run.relaxed, (relaxed) => relaxed === 2),
  },
];

function regret({ best, utilities }: Run, from: number = 0, to: number = best.length): number {
  return meanOfKnown(best.subarray(from, to)) - meanOfKnown(utilities.subarray(from, to));
}
