/**
 * The tournament of shuffles on an engine: a partition is a batch of listeners.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { deserialize, serialize } from "node:v8";
import type { RunMeasures } from "../evaluation/metrics.ts";
import { type SequenceTerm, serveSequenceTerm } from "../evaluation/sequence_term.ts";
import type { TournamentCrew, TournamentJob } from "../evaluation/tournament.ts";
import { measurePolicies } from "../evaluation/tournament_worker.ts";
import type { Engine, Step } from "./engine.ts";

const LISTENERS_A_TASK = 4;

/** Step `tournament.play`: what was measured of the listeners of a batch. */
export const PLAY_STEP: Step = {
  output: { listener: "int32", measures: "binary" },
  async *run(tables, { data }) {
    const { sequence } = data as { sequence: string | null };
    const serve = sequence === null ? undefined : serveSequenceTerm(unpack<SequenceTerm>(sequence));
    for await (const table of tables) {
      for (const value of table.texts("value")) {
        for (const { listener, job } of unpack<{ listener: number; job: TournamentJob }[]>(value!)) {
          const measures = await measurePolicies(job.scenario, job.policies, serve);
          yield { listener: [listener], measures: [new Uint8Array(serialize(measures))] };
        }
      }
    }
  },
};

/**
 * A crew that plays on an engine. Listeners are drawn here, so the tournament is the same as on threads.
 *
 * @param engine The engine; it is not closed.
 * @param sequence The sequence model, when a policy has the sequence term.
 * @returns The crew, for the options of `runTournament`.
 */
export function engineCrew(engine: Engine, sequence?: SequenceTerm): TournamentCrew {
  return {
    async play(label, count, draw, keep) {
      const items = Array.from({ length: Math.ceil(count / LISTENERS_A_TASK) }, (_, batch) => {
        const first = batch * LISTENERS_A_TASK;
        const size = Math.min(LISTENERS_A_TASK, count - first);
        return pack(Array.from({ length: size }, (_, i) => ({ listener: first + i, job: draw(first + i) })));
      });
      const { tables } = await engine.run({
        name: label,
        source: { kind: "items", items },
        steps: [{ step: "tournament.play", broadcast: { data: { sequence: sequence ? pack(sequence) : null } } }],
      });
      for await (const table of tables()) {
        const listeners = table.numbers("listener")!;
        table.bytes("measures").forEach((bytes, i) => {
          keep(listeners[i], deserialize(Buffer.from(bytes)) as RunMeasures[]);
        });
      }
    },
    dismiss() {},
  };
}

/** Typed arrays among plain data, as text. */
function pack(value: unknown): string {
  return serialize(value).toString("base64");
}

function unpack<T>(text: string): T {
  return deserialize(Buffer.from(text, "base64")) as T;
}
