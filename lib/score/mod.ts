/**
 * Public names of score/: the core: terms, utility, rules, a listener's state, sessions, explanations.
 *
 * @module
 */
export { type CandidateOptions, type CandidateSet, findCandidates } from "./candidates.ts";
export { distributionAfter, effectiveCandidates, walkProbabilities } from "./chain.ts";
export {
  type Collection,
  type CollectionParts,
  loadCollection,
  restrictCollection,
  type TrackIndex,
} from "./collection.ts";
export { type Contribution, Distribution, type Explanation, type Pick } from "./distribution.ts";
export { type Outcome, outcomeOf } from "./outcome.ts";
export { type PlaylistRow, playlistRows } from "./playlist.ts";
export { POLICIES, type Policy, POLICY_NAMES, type PolicyName } from "./policies.ts";
export { recommendNext, type RecommendOptions } from "./recommend.ts";
export { type Cap, DEFAULT_RULES, type Relaxation, type RuleName, type Rules } from "./rules.ts";
export { type ArcPoint, energyAt, Session, type SessionOptions, type SessionPick } from "./session.ts";
export {
  type EventType,
  type SavedEvent,
  type SavedUserState,
  type TrackHistory,
  type UserEvent,
  UserState,
} from "./state.ts";
export { DEFAULT_HALF_LIFE_HOURS } from "./terms/recency.ts";
export {
  BASE_TERM_NAMES,
  BASE_TERMS,
  type BaseTermName,
  type OptionalTermName,
  type TermName,
  TERMS,
} from "./terms/registry.ts";
export {
  type DefaultWeight,
  type Explained,
  type Moment,
  type Phrase,
  type SequenceScorer,
  type Term,
  type TermOptions,
} from "./terms/term.ts";
export { playSessions } from "./walks.ts";
export { DEFAULT_WEIGHTS, SESSION_WEIGHTS, type Weights } from "./weights.ts";
