/** Public names of hybrid/: what joins the sequence model and the score. */
export {
  affinityRecommender,
  catalogRows,
  nameCodes,
  playlistFeatures,
  similarityRecommender,
  timeAwareRecommender,
} from "./content.ts";
export { hybridTerms } from "./evidence.ts";
export { fitHybrid, type HybridTerm, weightTable } from "./hybrid.ts";
export { weighSequenceTerm } from "./sequence_term.ts";
export type { SequenceEstimate, SequenceTerm, WeighedSequenceTerm } from "./sequence_term.ts";
