/**
 * Public names of hybrid/: what joins the sequence model and the score.
 *
 * @module
 */
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
export {
  type SequenceEstimate,
  type SequenceTerm,
  type WeighedSequenceTerm,
  weighSequenceTerm,
} from "./sequence_term.ts";
