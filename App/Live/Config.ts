/** What a room bears; an edit counts from the next reload on. */
export const live = {
  /** Messages of phones that await review. */
  pending: {
    ttl: 600, // s, then a message is gone as if it had been rejected
    perRoom: 500,
    perUser: 5,
  },
  /** How much a phone may say. */
  say: {
    length: 500, // characters
    messages: 5, // at most so many ...
    seconds: 10, // ... in so much time
  },
  /** What a wall may say at once. */
  broadcast: { length: 5000 /* characters */ },
  /** The walls hear how many there are in the room at most once in this time. */
  count: { interval: 1000 /* ms */ },
}
