/** A thread of the neighbour self-join: gets the kernel and the shared memory once, then tasks. */
import { type Task, taskRunner } from "./kernel.ts";

/** What a thread gets first. */
export interface ThreadStart {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  next: Int32Array;
  scratch: number;
}

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<ThreadStart | Task>) => void;
  postMessage: (message: string) => void;
};

let run: (task: Task) => void;

scope.onmessage = ({ data }) => {
  if ("module" in data) run = taskRunner(data.module, data.memory, data.next, data.scratch);
  else run(data);
  scope.postMessage("done");
};
