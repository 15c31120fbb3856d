/**
 * A thread that makes the features of a part of the rows.
 *
 * @module
 */
import { type CountTask, type EncodeTask, partRunner } from "./part.ts";

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<CountTask | EncodeTask>) => void;
  postMessage: (message: unknown) => void;
};

const run = partRunner();

scope.onmessage = ({ data }) => scope.postMessage(run(data));
