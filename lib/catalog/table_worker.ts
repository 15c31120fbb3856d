/**
 * A thread that reads and writes tables: gets the kernel and the shared memory once, then tasks.
 *
 * @module
 */
import { tableRunner, type TableTask, type TableThread } from "./table_tasks.ts";

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<TableThread | TableTask>) => void;
  postMessage: (message: unknown) => void;
};

let run: ReturnType<typeof tableRunner>;

scope.onmessage = ({ data }) => {
  if ("module" in data) {
    run = tableRunner(data);
    scope.postMessage({ count: 0 });
    return;
  }
  scope.postMessage(run(data));
};
