/** Public names of data/: files that other tools open, errors a user can mend, and what is up to date. */
export { type NpyMatrix, readNpyMatrix } from "./npy.ts";
export { hashFile, type ManifestEntry, type StageReport } from "./stages.ts";
export type { DateOrder } from "./times.ts";
export type { SourceFile } from "./sources.ts";
export type { Encoding } from "./text.ts";
