/** Features of the score in words a listener reads. */
export const FEATURE_NAMES: Record<string, string> = {
  similarity: "Similar sound",
  recency: "Not played lately",
  sameArtist: "Same artist",
  keyMatch: "Compatible key",
  clusterDiversity: "Change of style",
  sequence: "Often follows",
  familiarity: "Familiar",
  feedback: "Likes and skips",
  energyArc: "Energy arc",
};
