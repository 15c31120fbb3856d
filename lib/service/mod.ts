/** Public names of service/: the HTTP service and its search. */
export { SearchIndex, searchStage } from "./search.ts";
export { serve, type ServeOptions } from "./server.ts";
