/**
 * Public names of service/: the HTTP service and its search.
 *
 * @module
 */
export { SearchIndex, type SearchResult, searchStage } from "./search.ts";
export { type RunningService, serve, type ServeOptions } from "./server.ts";
