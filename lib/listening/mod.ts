/** Public names of listening/: what people heard: histories, libraries, simulated listeners and their choices. */
export { type ListeningExport, writeListeningExport } from "./account_export.ts";
export { type ChoiceLog, type ChoiceSets, listenerRanges, takeSets } from "./choice_sets.ts";
export { type Doubles, type FiledListening, withoutDoubles } from "./doubles.ts";
export { type HistoryEntries, type HistoryFile, type HistoryForm, type Json, type Listening } from "./forms/form.ts";
export { applyHistory, HISTORY_FORMS, readHistory } from "./history.ts";
export type { History, HistoryOptions, HistoryReport } from "./history.ts";
export { type Reading } from "./forms/names.ts";
export { type LibraryEntry, type LibraryForm, type LibraryList } from "./forms/entry.ts";
export { type Library, readLibrary } from "./library.ts";
export { type FileLocation } from "./locations.ts";
export { type ListenerOptions, type SimulatedChoices, simulateListeners } from "./simulated_listeners.ts";
export { drawChoices, drawContexts, drawTastes, withContexts } from "./tastes.ts";
export type { ChoiceContext, TasteOptions, Tastes } from "./tastes.ts";
