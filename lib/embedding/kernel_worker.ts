/**
 * The second thread of the kernels: waits for a call in shared memory, runs it, says so.
 *
 * @module
 */
import { workerData } from "node:worker_threads";
import { CALL, DONE, type HelperData, KERNEL, type KernelExports, READY } from "./kernel_helper.ts";

const { module, memory, control } = workerData as HelperData;
const exports = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as KernelExports;
const state = new Int32Array(control);
Atomics.store(state, READY, 1);
for (let call = 0;;) {
  Atomics.wait(state, CALL, call);
  call = Atomics.load(state, CALL);
  const [x, count, d, a, b, c, e, f] = state.subarray(KERNEL + 1);
  if (state[KERNEL] === 0) exports.moments(x, count, d, a, b, c, e, f);
  else exports.scores(x, count, d, a, b, c, e);
  Atomics.store(state, DONE, call);
  Atomics.notify(state, DONE);
}
